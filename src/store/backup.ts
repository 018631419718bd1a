import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Database } from 'better-sqlite3';
import { ConfigError } from '../contracts.js';
import { guarded, storageError } from '../sources/storage-error.js';

/**
 * Copies a database that may be written to meanwhile. The copy appears under its name only once it is whole and on disk.
 * @throws {ConfigError} when `path` is the database itself  @throws {StorageError} when it cannot be written
 */
export async function backupDatabase(db: Database, path: string): Promise<void> {
  if (resolve(path) === resolve(db.name)) {
    throw new ConfigError(`backup ${path}: expected a file other than the database itself`);
  }
  guarded(`backup ${path}`, () => mkdirSync(dirname(path), { recursive: true }));
  const temporary = `${path}.partial`;
  try {
    await db.backup(temporary);
    syncFile(temporary);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw storageError(`backup ${path}`, error);
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
