import { SourceError } from '../contracts.js';

export type StorageFailure = 'full' | 'read-only' | 'busy' | 'io' | 'damaged';

/** The disk or the database file failed us; `failure` says how. */
export class StorageError extends SourceError {
  override name = 'StorageError';
  constructor(
    message: string,
    readonly failure: StorageFailure,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
  /** True when the same write may succeed later, once a person or time has mended the disk. */
  get passing(): boolean {
    return this.failure !== 'damaged';
  }
}

const FAILURES: readonly (readonly [RegExp, StorageFailure, string])[] = [
  [
    /^(SQLITE_FULL|SQLITE_IOERR_SHM\w*|ENOSPC|EDQUOT|EFBIG)/,
    'full',
    'expected room to write, the disk (or the quota) is full',
  ],
  [/^(SQLITE_READONLY|EROFS)/, 'read-only', 'expected to be able to write, it is read-only'],
  [
    /^(SQLITE_CANTOPEN|SQLITE_PERM|SQLITE_AUTH|EACCES|EPERM)/,
    'read-only',
    'expected to be able to open it for writing, permission or folder is missing',
  ],
  [/^(ENOTDIR|EISDIR|ENOENT|EEXIST)/, 'io', 'expected a file in a folder, the path leads elsewhere'],
  [/^(SQLITE_BUSY|SQLITE_LOCKED)/, 'busy', 'expected to be its only writer, another process holds its lock'],
  [
    /^(SQLITE_CORRUPT|SQLITE_NOTADB)/,
    'damaged',
    'expected a sound SQLite file, it is damaged or of another kind: move it away or restore a backup',
  ],
  [/^(SQLITE_IOERR|EIO|E[A-Z]+$)/, 'io', 'expected the disk to answer, it failed'],
];

/**
 * Turns an error of SQLite or of the file system into one line about `thing`; anything else comes back as it is.
 * @param thing what was read or written, as a person would name it: "database data/auscult.db"
 */
export function storageError(thing: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof StorageError) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const known = FAILURES.find(([pattern]) => pattern.test(code));
  return known ? new StorageError(`${thing}: ${known[2]} (${code})`, known[1], { cause: error }) : error;
}

/** Runs `work`; its disk errors become StorageErrors about `thing`. */
export function guarded<T>(thing: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw storageError(thing, error);
  }
}

/** Runs `work`; gives back a failure that may pass, and throws everything else. */
export function attempt(thing: string, work: () => void): StorageError | null {
  try {
    guarded(thing, work);
    return null;
  } catch (error) {
    if (error instanceof StorageError && error.passing) return error;
    throw error;
  }
}
