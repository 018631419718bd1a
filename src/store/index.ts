export { openStore } from './open-store.js';
export { StorageError, type StorageFailure } from './storage-error.js';
export type * from './types.js';
