import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { attempt, guarded, StorageError } from '../sources/storage-error.js';

/**
 * Keeps a second Auscult away from the same database: two would send every alert twice and tidy away each other's clips.
 * Node has no file locks but SQLite has: an exclusive transaction on an empty file beside the database, which the system ends when
 * the process does, however it ends. It writes nothing, so it works on a full disk too.
 * @returns releases the lock  @throws {StorageError} when another process has it
 */
export function lockInstance(path: string): () => void {
  guarded(`database ${path}`, () => mkdirSync(dirname(path), { recursive: true }));
  const lock = guarded(`database ${path}`, () => new SqliteDatabase(`${path}.lock`, { timeout: 0 }));
  const failure = attempt(`database ${path}`, () => lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE'));
  if (!failure) return () => lock.close();
  lock.close();
  if (failure.failure !== 'busy') throw failure;
  throw new StorageError(`database ${path}: expected to be its only user, another Auscult has it open`, 'busy');
}
