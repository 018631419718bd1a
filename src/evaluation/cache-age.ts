import type { Dirent } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** How long after it was written something in the cache of evaluations is kept. */
const KEPT_MS = 90 * 86_400_000;

/** Results, interrupted fits and pictures by the names that we give them: a folder that somebody chose may hold other files. */
const OURS = /^[0-9a-f]{32}\.(json|partial|mel)$/;
const SHELF = /^[0-9a-f]$/;

/** Removes what is older than 90 days; what cannot be looked at or removed stays. @returns how many files that were */
export async function forgetOld(folder: string, nowMs: number): Promise<number> {
  const clips = join(folder, 'clips');
  const shelves = (await entriesOf(clips)).filter(({ name }) => SHELF.test(name));
  let gone = await forgetWithin(folder, nowMs);
  for (const { name } of shelves) gone += await forgetWithin(join(clips, name), nowMs);
  return gone;
}

async function forgetWithin(folder: string, nowMs: number): Promise<number> {
  let gone = 0;
  for (const { name } of (await entriesOf(folder)).filter((entry) => OURS.test(entry.name))) {
    const path = join(folder, name);
    const facts = await stat(path).catch(() => null);
    if (!facts || nowMs - facts.mtimeMs <= KEPT_MS) continue;
    const removed = rm(path, { recursive: true }).then(
      () => 1,
      () => 0,
    );
    gone += await removed;
  }
  return gone;
}

const entriesOf = (folder: string): Promise<Dirent[]> => readdir(folder, { withFileTypes: true }).catch(() => []);
