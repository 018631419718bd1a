export { StorageError, type StorageFailure } from '../sources/storage-error.js';
export { openStore } from './open-store.js';
export type * from './types.js';
