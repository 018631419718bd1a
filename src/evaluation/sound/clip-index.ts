/** Which content a file had when it was last read: a file of the same size and time is not read again to know it. */
import { appendFileSync, mkdirSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';

interface Entry {
  readonly path: string;
  readonly stamp: string;
  readonly digest: string;
}

/**
 * One line a file, the last one holds. A torn last line is passed over. Calls wait for the disk: a look at a file takes ten
 * microseconds that way, and the threads that read clips wait for it.
 */
export class ClipIndex {
  readonly #digests = new Map<string, string>();
  readonly #stamps = new Map<string, string>();

  static async open(file: string): Promise<ClipIndex> {
    const index = new ClipIndex(file);
    const text = await readFile(file, 'utf8').catch(() => '');
    for (const line of text.split('\n')) {
      const entry = parsed(line);
      if (entry) index.#digests.set(keyOf(entry), entry.digest);
    }
    return index;
  }

  private constructor(private readonly file: string) {}

  /** null when the file is new or has changed. */
  digestOf(path: string): string | null {
    const stamp = stampOf(path);
    if (stamp === null) return null;
    this.#stamps.set(path, stamp);
    return this.#digests.get(keyOf({ path, stamp })) ?? null;
  }

  /** Keeps what was read of files whose stamp was asked for before that. A cache that cannot be written is none. */
  add(read: readonly { readonly path: string; readonly digest: string }[]): void {
    const fresh = read.flatMap(({ path, digest }) => {
      const stamp = this.#stamps.get(path);
      if (stamp === undefined || this.#digests.get(keyOf({ path, stamp })) === digest) return [];
      this.#digests.set(keyOf({ path, stamp }), digest);
      return [`${JSON.stringify({ path, stamp, digest })}\n`];
    });
    if (fresh.length === 0) return;
    try {
      mkdirSync(dirname(this.file), { recursive: true });
      appendFileSync(this.file, fresh.join(''));
    } catch {
      // the next run reads these files once more
    }
  }
}

const keyOf = ({ path, stamp }: { path: string; stamp: string }): string => `${path}\0${stamp}`;

/** Size and times; null where there is no file. */
function stampOf(path: string): string | null {
  const facts = statOf(path);
  return facts ? `${facts.size} ${facts.mtimeNs} ${facts.ctimeNs} ${facts.ino}` : null;
}

function statOf(path: string) {
  try {
    return statSync(path, { bigint: true });
  } catch {
    return null;
  }
}

function parsed(line: string): Entry | null {
  if (line === '') return null;
  try {
    const { path, stamp, digest } = JSON.parse(line) as Partial<Entry>;
    return path && stamp && digest ? { path, stamp, digest } : null;
  } catch {
    return null;
  }
}
