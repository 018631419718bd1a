export { StorageError, type StorageFailure } from '../sources/storage-error.js';
export { backupDatabase } from './backup.js';
export { databaseIn, openStore } from './open-store.js';
export type * from './types.js';
