import type { Stats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

export interface FollowOptions {
  readonly path: string;
  /** How often a file that has not grown, or is missing, is looked at again. Default 500. */
  readonly pollMs?: number;
}

export type FollowItem =
  /** Bytes in order. `live`: they were written after following began. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly live: boolean }
  /** The file was replaced or cut short; what follows is a new file from its beginning. */
  | { readonly kind: 'restart' }
  | { readonly kind: 'gone'; readonly message: string };

const CHUNK_BYTES = 1 << 16;

/** A file that is followed, and how far it was read. */
interface Place {
  readonly dev: number;
  readonly ino: number;
  position: number;
}

/**
 * The bytes of a file that grows, from its beginning and for ever: it is waited for when it is missing or cannot be read, read to
 * its end when it is renamed away (rotation), and begun anew when it is replaced or truncated. Polled, which works on every
 * file system. A file that is truncated and outgrows its old size between two polls cannot be told from one that grew.
 */
export async function* followFile(options: FollowOptions, signal: AbortSignal): AsyncGenerator<FollowItem> {
  const { path, pollMs = 500 } = options;
  let missed = 0;
  let place: Place | null = null;
  let first = true;
  while (!signal.aborted) {
    let failed = await open(path, 'r').catch(toError);
    if (!(failed instanceof Error)) {
      const handle: FileHandle = failed;
      try {
        const opened = await handle.stat();
        const goesOn = place !== null && isAt(place, opened);
        if (!goesOn) place = { dev: opened.dev, ino: opened.ino, position: 0 };
        // Some errors are only those of reading: a folder, a drive that is gone.
        await handle.read(Buffer.alloc(1), 0, 1, (place as Place).position);
        missed = 0;
        if (!first && !goesOn) yield { kind: 'restart' };
        yield* bytesUntilReplaced(path, handle, place as Place, first ? opened.size : 0, pollMs, signal);
      } catch (error) {
        failed = toError(error);
      } finally {
        await handle.close();
      }
    }
    first = false;
    if (!(failed instanceof Error)) {
      place = null;
      continue;
    }
    // A rotation leaves the path empty for an instant: only what is missing twice is gone.
    if (++missed === 2) yield { kind: 'gone', message: `${path}: ${reason(failed)}` };
    await sleep(pollMs, undefined, { signal }).catch(() => {});
  }
}

/** Ends when another file has the path, or when this one was cut short. @throws what reading it throws */
async function* bytesUntilReplaced(
  path: string,
  handle: FileHandle,
  place: Place,
  past: number,
  pollMs: number,
  signal: AbortSignal,
): AsyncGenerator<FollowItem> {
  const buffer = Buffer.alloc(CHUNK_BYTES);
  let replaced = false;
  while (!signal.aborted) {
    const { position } = place;
    const wanted = position < past ? Math.min(CHUNK_BYTES, past - position) : CHUNK_BYTES;
    const { bytesRead } = await handle.read(buffer, 0, wanted, position);
    if (bytesRead > 0) {
      place.position += bytesRead;
      yield { kind: 'bytes', bytes: buffer.subarray(0, bytesRead), live: position >= past };
      continue;
    }
    // What was written between the last read and the rename was read in this round.
    const now = await handle.stat();
    if (replaced || now.size < position) return;
    const there = await stat(path).catch(() => null);
    replaced = there === null || there.ino !== now.ino || there.dev !== now.dev;
    if (!replaced) await sleep(pollMs, undefined, { signal }).catch(() => {});
  }
}

/** The same file, which has what was read of it. */
const isAt = (place: Place, { dev, ino, size }: Stats): boolean =>
  place.dev === dev && place.ino === ino && size >= place.position;

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function reason(error: Error): string {
  const code = 'code' in error ? String(error.code) : '';
  return code === 'ENOENT' ? 'does not exist' : `cannot be read (${code || error.message})`;
}
