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
  | { readonly kind: 'gone'; readonly message: string }
  | { readonly kind: 'back'; readonly message: string };

const CHUNK_BYTES = 1 << 16;

/**
 * The bytes of a file that grows, from its beginning and for ever: it is waited for when it is missing, read to its end
 * when it is renamed away (rotation), and begun anew when it is replaced or truncated. Polled, which works on every
 * file system. A file that is truncated and outgrows its old size between two polls cannot be told from one that grew.
 */
export async function* followFile(options: FollowOptions, signal: AbortSignal): AsyncGenerator<FollowItem> {
  const pollMs = options.pollMs ?? 500;
  let missed = 0;
  let first = true;
  while (!signal.aborted) {
    const handle = await open(options.path, 'r').catch(toError);
    if (handle instanceof Error) {
      // A rotation leaves the path empty for an instant: only what is missing twice is gone.
      if (++missed === 2) yield { kind: 'gone', message: `${options.path}: ${reason(handle)}` };
      first = false;
      await sleep(pollMs, undefined, { signal }).catch(() => {});
      continue;
    }
    try {
      if (missed >= 2) yield { kind: 'back', message: `${options.path}: is there again` };
      missed = 0;
      if (!first) yield { kind: 'restart' };
      yield* bytesUntilReplaced(options.path, handle, first, pollMs, signal);
    } finally {
      await handle.close();
    }
    first = false;
  }
}

/** Ends when another file has the path, or when this one was cut short. */
async function* bytesUntilReplaced(
  path: string,
  handle: FileHandle,
  hasPast: boolean,
  pollMs: number,
  signal: AbortSignal,
): AsyncGenerator<FollowItem> {
  const opened = await handle.stat();
  const past = hasPast ? opened.size : 0;
  const buffer = Buffer.alloc(CHUNK_BYTES);
  let position = 0;
  let replaced = false;
  while (!signal.aborted) {
    const wanted = position < past ? Math.min(CHUNK_BYTES, past - position) : CHUNK_BYTES;
    const { bytesRead } = await handle.read(buffer, 0, wanted, position);
    if (bytesRead > 0) {
      const live = position >= past;
      position += bytesRead;
      yield { kind: 'bytes', bytes: buffer.subarray(0, bytesRead), live };
      continue;
    }
    // What was written between the last read and the rename was read in this round.
    if (replaced || (await handle.stat()).size < position) return;
    const now = await stat(path).catch(() => null);
    replaced = now === null || now.ino !== opened.ino || now.dev !== opened.dev;
    if (!replaced) await sleep(pollMs, undefined, { signal }).catch(() => {});
  }
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function reason(error: Error): string {
  const code = 'code' in error ? String(error.code) : '';
  return code === 'ENOENT' ? 'does not exist' : `cannot be read (${code || error.message})`;
}
