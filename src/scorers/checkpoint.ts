import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import type { HostTensor } from '../engine/index.js';
import { storageError } from '../sources/storage-error.js';
import type { WatchedPhases } from './watch.js';

/** Where a training stands between two native calls. */
export interface Checkpoint {
  readonly phase: string;
  /** Steps of the phase that are done. */
  readonly step: number;
  readonly loss: number;
  /** Steps skipped in earlier phases. */
  readonly skippedBefore: number;
  readonly state: HostTensor[];
  /** Of this phase and those before it, where they are watched. */
  readonly watched?: WatchedPhases;
}

export interface CheckpointStore {
  /** The saved state, or null when there is none that belongs to this training. */
  read(): Promise<Checkpoint | null>;
  /** @throws {StorageError} when the disk refuses */
  save(checkpoint: () => Checkpoint): Promise<void>;
  /** Saves when the last save is long enough ago. */
  offer(checkpoint: () => Checkpoint): Promise<void>;
  /** Removes it: the training is done. */
  clear(): Promise<void>;
}

export interface CheckpointOptions {
  /** `<out>.partial`, made when first written. */
  readonly folder: string;
  /** Everything that the training is a function of: settings, seed, digest of the rows. */
  readonly key: string;
  readonly everyMs?: number;
  /** A folder that cannot be written is none: the training goes on and keeps nothing. Default: it fails. */
  readonly optional?: boolean;
  /** Told in one line why a saved state is not used. */
  readonly onRefused?: (why: string) => void;
}

/** What a thread is told of it. */
export type CheckpointPlace = Pick<CheckpointOptions, 'folder' | 'key' | 'optional'>;

const FILE = 'checkpoint.bin';
const DIGEST_BYTES = 32;

/** A checkpoint in one file: SHA-256 of the rest, then key and state; written beside it, synced and renamed. */
export function openCheckpoints(options: CheckpointOptions): CheckpointStore {
  const { folder, key, everyMs = 3_000, optional = false, onRefused } = options;
  const path = join(folder, FILE);
  let savedAt = Date.now();
  const unlessOptional = (error: unknown): void => {
    if (!optional) throw storageError(`checkpoint ${path}`, error);
  };
  const write = async (checkpoint: Checkpoint): Promise<void> => {
    await mkdir(folder, { recursive: true });
    await writeWhole(path, encode(key, checkpoint));
  };
  const save = async (checkpoint: () => Checkpoint): Promise<void> => {
    await write(checkpoint()).catch(unlessOptional);
    savedAt = Date.now();
  };
  return {
    async read() {
      const bytes = await readFile(path).catch(() => null);
      if (!bytes) return null;
      const saved = decode(bytes);
      if (saved?.key === key) return saved.checkpoint;
      onRefused?.(`${path}: expected ${saved ? 'the same data and settings' : 'a whole checkpoint'}; starting anew`);
      return null;
    },
    save,
    async offer(checkpoint) {
      if (Date.now() - savedAt >= everyMs) await save(checkpoint);
    },
    clear: () => rm(folder, { recursive: true, force: true }).catch(unlessOptional),
  };
}

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

function encode(key: string, checkpoint: Checkpoint): Buffer {
  const body = serialize({ key, checkpoint });
  return Buffer.concat([sha256(body), body]);
}

function decode(bytes: Buffer): { key: string; checkpoint: Checkpoint } | null {
  const body = bytes.subarray(DIGEST_BYTES);
  if (!sha256(body).equals(bytes.subarray(0, DIGEST_BYTES))) return null;
  return deserialize(body) as { key: string; checkpoint: Checkpoint };
}

/** Replaces a file so that after a power cut either the old or the new one is whole. */
export async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const beside = `${path}.new`;
  const file = await open(beside, 'w');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(beside, path);
}
