import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { ConfigError } from '../contracts.js';
import { guarded } from '../sources/storage-error.js';
import { BUSY_TIMEOUT_MS, isOurs } from './connection.js';

/**
 * Copies a database as it is now, also one that a service writes to meanwhile. The copy appears under its name only once it is whole
 * and on disk, and takes the place of an older one.
 * @returns the events in the copy
 * @throws {ConfigError} when `from` is no database of Auscult, or `to` is the same file
 * @throws {StorageError} when one cannot be read or the other not be written
 */
export function backupDatabase(from: string, to: string): number {
  if (resolve(to) === resolve(from))
    throw new ConfigError(`backup ${to}: expected a file other than the database itself`);
  if (!existsSync(from)) throw new ConfigError(`backup of ${from}: expected the database of a service, found no file`);
  guarded(`backup ${to}`, () => mkdirSync(dirname(to), { recursive: true }));
  const temporary = `${to}.partial`;
  try {
    const events = guarded(`backup of ${from} to ${to}`, () => copyWhole(from, temporary));
    guarded(`backup ${to}`, () => {
      syncFile(temporary);
      renameSync(temporary, to);
    });
    return events;
  } finally {
    rmSync(temporary, { force: true });
  }
}

function copyWhole(from: string, to: string): number {
  const db = new SqliteDatabase(from, { readonly: true, timeout: BUSY_TIMEOUT_MS });
  try {
    if (!isOurs(db))
      throw new ConfigError(`backup of ${from}: expected a database of Auscult, it belongs to another program`);
    rmSync(to, { force: true }); // of a backup that was killed
    db.prepare('VACUUM INTO ?').run(to);
  } finally {
    db.close();
  }
  const copy = new SqliteDatabase(to, { readonly: true });
  try {
    return Number(copy.prepare('SELECT count(*) FROM events').pluck().get());
  } finally {
    copy.close();
  }
}

function syncFile(path: string): void {
  const file = openSync(path, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
