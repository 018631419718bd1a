import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import SqliteDatabase, { type Database } from 'better-sqlite3';
import { ConfigError } from '../contracts.js';
import { guarded, StorageError } from '../sources/storage-error.js';
import { migrate } from './migrations.js';

/** "Ausc", SQLite's mark of whose file it is. */
const APPLICATION_ID = 0x41757363;
export const BUSY_TIMEOUT_MS = 2_000;
/** The WAL is cut back to this after a checkpoint. */
const WAL_LIMIT_BYTES = 4 * 1024 * 1024;

export interface ConnectionOptions {
  readonly path: string;
  readonly maxDatabaseBytes?: number;
}

/**
 * Opens (or makes) the database, checks that it is sound and ours, and brings it forward.
 * @throws {StorageError} when the disk refuses or the file is damaged  @throws {ConfigError} when it is another program's file
 */
export function openDatabase({ path, maxDatabaseBytes }: ConnectionOptions): Database {
  return guarded(`database ${path}`, () => {
    mkdirSync(dirname(path), { recursive: true });
    const db = new SqliteDatabase(path, { timeout: BUSY_TIMEOUT_MS });
    try {
      claim(db, path);
      configure(db, maxDatabaseBytes);
      checkSound(db, path);
      migrate(db, path);
      checkWritable(db);
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  });
}

function claim(db: Database, path: string): void {
  if (isOurs(db)) return;
  const tables = Number(db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get());
  if (db.pragma('application_id', { simple: true }) !== 0 || tables > 0) {
    throw new ConfigError(
      `database ${path}: expected a new file or one of Auscult's, this SQLite file belongs to another program`,
    );
  }
  db.pragma(`application_id = ${APPLICATION_ID}`);
}

export const isOurs = (db: Database): boolean => db.pragma('application_id', { simple: true }) === APPLICATION_ID;

function configure(db: Database, maxDatabaseBytes: number | undefined): void {
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.pragma('foreign_keys = ON');
  db.pragma('trusted_schema = OFF');
  setTight(db, false);
  db.pragma(`journal_size_limit = ${WAL_LIMIT_BYTES}`);
  if (maxDatabaseBytes === undefined) return;
  const pageBytes = Number(db.pragma('page_size', { simple: true }));
  db.pragma(`max_page_count = ${Math.max(1, Math.floor(maxDatabaseBytes / pageBytes))}`);
}

function checkSound(db: Database, path: string): void {
  const found = String(db.pragma('quick_check(1)', { simple: true }));
  if (found === 'ok') return;
  const line = found.replaceAll(/\s+/g, ' ').trim();
  throw new StorageError(
    `database ${path}: expected a sound SQLite file, the check found "${line}": move it away or restore a backup`,
    'damaged',
  );
}

/** A file that can be read but not written is found out at the start, not at the first alert. */
function checkWritable(db: Database): void {
  db.exec('BEGIN IMMEDIATE; ROLLBACK');
}

/** Moves the WAL into the database and cuts it when it has grown; does nothing while it is small. */
export function checkpoint(db: Database, limitBytes = WAL_LIMIT_BYTES): void {
  if (walBytes(db.name) > limitBytes) db.pragma('wal_checkpoint(TRUNCATE)');
}

/** On a full disk the WAL is emptied after few pages, so that what room is left goes to the database and not to the WAL. */
export function setTight(db: Database, tight: boolean): void {
  db.pragma(`wal_autocheckpoint = ${tight ? 8 : 500}`);
}

/** Size of the write-ahead log beside a database; 0 where there is none. */
export function walBytes(path: string): number {
  return fileBytes(`${path}-wal`);
}

/** 0 for a file that is not there. */
export function fileBytes(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
