/** Finished trials on disk, so that an interrupted evaluation goes on where it was. */
import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CheckpointPlace, writeWhole } from '../scorers/checkpoint.js';
import type { TrialResult } from './trial-job.js';

export interface ResultCache<Result = TrialResult> {
  readonly folder: string;
  read(key: string): Promise<Result | null>;
  /** A cache that cannot be written is none: `trouble` tells. */
  write(key: string, result: Result): Promise<void>;
  /** Where a fit that is interrupted keeps its own state. */
  checkpoint(key: string): CheckpointPlace;
  /** Why not everything could be kept, in one line; null: it could. */
  readonly trouble: string | null;
}

/** @param fresh finished trials are not looked at, only written */
export function openResultCache<Result = TrialResult>(folder: string, { fresh = false } = {}): ResultCache<Result> {
  const fileOf = (key: string) => join(folder, `${nameOf(key)}.json`);
  let trouble: string | null = null;
  return {
    folder,
    get trouble() {
      return trouble;
    },
    async read(key) {
      if (fresh) return null;
      const text = await readFile(fileOf(key), 'utf8').catch(() => null);
      return text === null ? null : (parsed(text, key) as Result | null);
    },
    async write(key, result) {
      try {
        await mkdir(folder, { recursive: true });
        await writeWhole(fileOf(key), Buffer.from(JSON.stringify({ key, result })));
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        trouble ??= `${folder}: cannot be written (${code ?? message}): not every result could be kept`;
      }
    },
    checkpoint: (key) => ({ folder: join(folder, `${nameOf(key)}.partial`), key, optional: true }),
  };
}

const nameOf = (key: string): string => createHash('sha256').update(key).digest('hex').slice(0, 32);

/** null for a file that is torn or belongs to something else: the trial is run again. */
function parsed(text: string, key: string): unknown {
  try {
    const saved = JSON.parse(text) as { key?: string; result?: unknown };
    return saved.key === key ? (saved.result ?? null) : null;
  } catch {
    return null;
  }
}
