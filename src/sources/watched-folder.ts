import type { Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FSWatcher, watch } from 'chokidar';

export interface WatchedFolderOptions {
  readonly folder: string;
  /** Lower-case extensions with the dot, e.g. ['.wav']. Other files, and those whose name starts with a dot, are ignored. */
  readonly extensions: readonly string[];
  /** Whether files that are there at the start are delivered. Default false. */
  readonly existing?: boolean;
  /** A file is complete when its size has not changed for this long. Default 2,000. */
  readonly stableMs?: number;
  /** Folders below the folder that are watched too. Default 4. */
  readonly depth?: number;
  /** How often a missing folder is looked for, and one that is there looked at. Default 2,000. */
  readonly retryMs?: number;
}

/** How the folder is watched now. */
interface Watched extends WatchedFolderOptions {
  /** By looking again and again: notifications cannot be had. */
  readonly poll: boolean;
}

/** A complete new file, or the news that the folder is away. */
export type FolderItem =
  | { readonly kind: 'file'; readonly path: string; readonly modifiedMs: number; readonly sizeBytes: number }
  | { readonly kind: 'gone'; readonly message: string };

type NewFile = Extract<FolderItem, { kind: 'file' }>;

/** Files that were delivered or are skipped, and when they were last changed. */
class Seen {
  readonly #changedMs = new Map<string, number>();

  add(path: string, changedMs: number): void {
    this.#changedMs.set(path, changedMs);
  }

  delete(path: string): void {
    this.#changedMs.delete(path);
  }

  /** Not if another file has the name now. @param roundedMs by how much times of the same file may differ */
  has(path: string, changedMs: number, roundedMs = SAME_MS): boolean {
    const known = this.#changedMs.get(path);
    return known !== undefined && Math.abs(known - changedMs) <= roundedMs;
  }
}

/** File systems round times, a drive that is mounted again perhaps otherwise than before: FAT to two seconds. */
const SAME_MS = 2_000;

/**
 * Every file that appears in a folder, once, when it is complete. Never ends by itself: a folder that is missing or
 * unmounted is reported once (`gone`) and looked for until it is there again; one that was replaced by another is
 * followed. Files that were delivered before are not delivered again, unless they were made anew or written to: many cameras
 * write the same name again and again. Ends when the signal aborts.
 */
export async function* watchFolder(options: WatchedFolderOptions, signal: AbortSignal): AsyncGenerator<FolderItem> {
  const seen = new Seen();
  let skipPresent = !(options.existing ?? false);
  let poll = false;
  let away = false;
  while (!signal.aborted) {
    const missing = await whyMissing(options.folder);
    if (missing === null) {
      const lost: Lost | null = yield* filesUntilLost({ ...options, poll }, seen, skipPresent, signal);
      if (lost === null) return;
      // What is in the folder when it appears came after the start.
      skipPresent = false;
      away = lost.message !== null;
      if (lost.message === null) continue;
      // Notifications that cannot be had (too many watches) are replaced by polling.
      poll ||= lost.unwatchable;
      yield { kind: 'gone', message: lost.message };
    } else if (!away) {
      away = true;
      yield { kind: 'gone', message: missing };
    }
    skipPresent = false;
    await pause(options.retryMs ?? 2_000, signal);
  }
}

interface Lost {
  /** null: another folder is in its place, which is to be watched instead. */
  readonly message: string | null;
  readonly unwatchable: boolean;
}

/** Delivers files until the folder is lost (returns why) or the signal aborts (returns null). */
async function* filesUntilLost(
  options: Watched,
  seen: Seen,
  skipPresent: boolean,
  signal: AbortSignal,
): AsyncGenerator<NewFile, Lost | null> {
  const opened = await stat(options.folder).catch(() => null);
  const ended = new AbortController();
  let ready = await presentFiles(options, seen, skipPresent);
  let lost: Lost | null = null;
  let wake = () => {};
  const onAbort = () => wake();
  const lose = (why: Lost) => {
    lost ??= why;
    wake();
  };
  const look = async () => {
    const why = await whyLost(options, opened);
    if (why && !ended.signal.aborted) lose(why);
  };
  const watcher = openWatcher(options);
  signal.addEventListener('abort', onAbort);
  const take = (path: string, stats: Stats | undefined, roundedMs: number) => {
    const modifiedMs = stats?.mtimeMs ?? Date.now();
    if (seen.has(path, modifiedMs, roundedMs)) return;
    seen.add(path, modifiedMs);
    ready.push({ kind: 'file', path, modifiedMs, sizeBytes: stats?.size ?? 0 });
    wake();
  };
  // What it finds at its own start it does not wait for.
  let starting = true;
  watcher.on('ready', () => {
    starting = false;
  });
  watcher.on('add', (path, stats) => {
    if (!starting) take(path, stats, SAME_MS);
    else if (!seen.has(path, stats?.mtimeMs ?? Date.now()))
      void whenComplete(path, options, ended.signal).then((complete) => complete && take(path, complete, SAME_MS));
  });
  watcher.on('change', (path, stats) => take(path, stats, 0));
  watcher.on('unlink', (path) => {
    // An unmounted folder "removes" all its files: they must not be delivered again when it is back.
    void whyMissing(options.folder).then((missing) => missing ?? seen.delete(path));
  });
  watcher.on('unlinkDir', () => void look());
  watcher.on('error', (error) => {
    const message = `folder ${options.folder}: cannot be watched: ${error instanceof Error ? error.message : error}`;
    lose({ message, unwatchable: true });
  });
  // Of a folder that is removed empty, replaced or unmounted there are no notifications.
  const looking = (async () => {
    while (lost === null && !ended.signal.aborted) {
      await pause(options.retryMs ?? 2_000, ended.signal);
      await look();
    }
  })();
  try {
    while (!signal.aborted) {
      if (ready.length > 0) {
        const batch = ready.sort(byPath);
        ready = [];
        for (const file of batch) {
          if (signal.aborted) return null;
          yield file;
        }
      } else if (lost !== null) {
        return lost;
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        // Files that arrive together become complete within one poll of each other.
        await pause(2 * pollMs(options), signal);
      }
    }
    return null;
  } finally {
    ended.abort();
    signal.removeEventListener('abort', onAbort);
    await looking;
    await watcher.close();
  }
}

/**
 * Marks what is in the folder as seen and returns it, but for files that changed a moment ago, which the watcher
 * waits for. @param skip true: everything is marked as seen and nothing is returned.
 */
async function presentFiles(options: WatchedFolderOptions, seen: Seen, skip: boolean): Promise<NewFile[]> {
  const ready: NewFile[] = [];
  const completeBefore = Date.now() - stableMs(options);
  for (const path of await filesIn(options)) {
    const stats = await stat(path).catch(() => null);
    if (stats === null || seen.has(path, stats.mtimeMs) || (!skip && stats.mtimeMs > completeBefore)) continue;
    seen.add(path, stats.mtimeMs);
    if (!skip) ready.push({ kind: 'file', path, modifiedMs: stats.mtimeMs, sizeBytes: stats.size });
  }
  return ready;
}

/** The file once it has stopped growing; null when it is gone, or the signal aborted. */
async function whenComplete(path: string, options: WatchedFolderOptions, signal: AbortSignal): Promise<Stats | null> {
  let last: Stats | null = null;
  while (!signal.aborted) {
    const now: Stats | null = await stat(path).catch(() => null);
    if (now === null || (last?.size === now.size && last.mtimeMs === now.mtimeMs)) return now;
    last = now;
    await pause(stableMs(options), signal);
  }
  return null;
}

const byPath = (a: NewFile, b: NewFile) => (a.path < b.path ? -1 : 1);

const stableMs = (options: WatchedFolderOptions) => options.stableMs ?? 2_000;
const pollMs = (options: WatchedFolderOptions) => Math.min(200, Math.max(10, stableMs(options) / 4));

function openWatcher(options: Watched): FSWatcher {
  return watch(options.folder, {
    depth: options.depth ?? 4,
    usePolling: options.poll,
    alwaysStat: true,
    atomic: false,
    ignorePermissionErrors: true,
    awaitWriteFinish: { stabilityThreshold: stableMs(options), pollInterval: pollMs(options) },
    ignored: (path, stats) => stats?.isFile() === true && !wanted(path, options.extensions),
  });
}

function wanted(path: string, extensions: readonly string[]): boolean {
  const hidden = (path.split(/[/\\]/).at(-1) ?? '').startsWith('.');
  return !hidden && extensions.includes(extname(path).toLowerCase());
}

async function filesIn(options: WatchedFolderOptions): Promise<string[]> {
  const depth = options.depth ?? 4;
  const list = async (folder: string, level: number): Promise<string[]> => {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    const nested = entries.map(async (entry): Promise<string[]> => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return level < depth ? list(path, level + 1) : [];
      return wanted(path, options.extensions) ? [path] : [];
    });
    return (await Promise.all(nested)).flat();
  };
  return list(options.folder, 0);
}

/** @param opened the folder as it was; null: it is not known */
async function whyLost({ folder, poll }: Watched, opened: Stats | null): Promise<Lost | null> {
  const missing = await whyMissing(folder);
  if (missing !== null) return { message: missing, unwatchable: false };
  const now = await stat(folder).catch(() => null);
  // Polling goes by the path; and network drives may number their folders anew.
  if (poll || now === null || opened === null || isSame(now, opened)) return null;
  const elsewhere = `folder ${folder}: another file system is in its place; was it mounted or unmounted?`;
  return { message: now.dev === opened.dev ? null : elsewhere, unwatchable: false };
}

/** The number of a folder that was removed may be given to the next one. */
const isSame = (one: Stats, other: Stats): boolean =>
  one.dev === other.dev && one.ino === other.ino && one.birthtimeMs === other.birthtimeMs;

async function whyMissing(folder: string): Promise<string | null> {
  try {
    return (await stat(folder)).isDirectory() ? null : `folder ${folder}: expected a folder, found a file`;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return `folder ${folder}: ${code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`}`;
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {});
}
