import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from 'better-sqlite3';
import { attempt, StorageError } from '../sources/storage-error.js';
import { openDatabase } from './connection.js';
import { Reserve } from './disk-space.js';
import { lockInstance } from './instance-lock.js';
import { SqliteStore, type StoreSettings } from './sqlite-store.js';
import type { Store, StoreOptions } from './types.js';

const MIB = 1024 * 1024;
const DAY_MS = 86_400_000;

/** Where a service keeps its database. */
export function databaseIn(dataDir: string): string {
  return join(dataDir, 'auscult.sqlite');
}

/**
 * Opens the store: makes, checks and migrates the database, and makes it agree with the clip folder. The caller closes it.
 * @throws {StorageError} when the disk refuses, the file is damaged, or another process has it open
 * @throws {ConfigError} when the file is another program's or a newer Auscult's
 */
export function openStore(options: StoreOptions): Store {
  const settings = withDefaults(options);
  const unlock = lockInstance(options.path);
  try {
    return openLocked(options, settings, unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

function openLocked(options: StoreOptions, settings: StoreSettings, unlock: () => void): Store {
  const fresh = !existsSync(options.path);
  const reserve = new Reserve(`${options.path}.reserve`, settings.reserveBytes);
  const db = openOnFullDisk(() => openDatabase(options), reserve);
  try {
    const store = new SqliteStore({ db, unlock, reserve, settings, fresh });
    if (attempt(`file ${options.path}.reserve`, () => reserve.fill())) reserve.release();
    return store;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** SQLite needs a little room even to open: on a full disk that is what the reserve is for. */
function openOnFullDisk(open: () => Database, reserve: Reserve): Database {
  try {
    return open();
  } catch (error) {
    if (error instanceof StorageError && error.failure === 'full' && reserve.release()) return open();
    throw error;
  }
}

function withDefaults(options: StoreOptions): StoreSettings {
  const { retention = {} } = options;
  return {
    path: options.path,
    clipDir: options.clipDir,
    outboxLimit: options.outboxLimit ?? 10_000,
    clipFloorBytes: options.clipFloorBytes ?? 64 * MIB,
    scoreFloorBytes: options.scoreFloorBytes ?? 16 * MIB,
    reserveBytes: options.reserveBytes ?? 2 * MIB,
    flushMs: options.flushMs ?? 1_000,
    nowMs: options.nowMs ?? Date.now,
    onNotice: options.onNotice ?? (() => undefined),
    retention: {
      windowScoresMs: retention.windowScoresMs ?? DAY_MS,
      minuteScoresMs: retention.minuteScoresMs ?? 400 * DAY_MS,
      clipsMs: retention.clipsMs ?? 90 * DAY_MS,
      clipsBytes: retention.clipsBytes ?? 2048 * MIB,
    },
  };
}
