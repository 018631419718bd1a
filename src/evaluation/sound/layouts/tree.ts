/** Every WAV file below a folder, by one walk that opens none of them. */
import { readdir, realpath, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { SourceError } from '../../../contracts.js';
import { WAV_EXTENSIONS } from '../../../sources/audio/index.js';

export interface SoundFile {
  readonly path: string;
  readonly name: string;
  /** Names of the folders from the data set's own down to the file's; one array for all files of a folder. */
  readonly folders: readonly string[];
  /** Where a link leads that the file was reached by; null without one. */
  readonly real: string | null;
}

export interface SoundTree {
  /** The data set's folder, links followed. */
  readonly root: string;
  /** Ascending by path. */
  readonly files: readonly SoundFile[];
  /** What was passed over, one line each. */
  readonly notes: readonly string[];
}

/** Sound that would have to become WAV first. */
const OTHER_SOUND = ['.flac', '.mp3', '.ogg', '.opus', '.m4a', '.aif', '.aiff'];

/**
 * Links are followed, but not round in a circle; names that begin with a dot are passed over.
 * @param expected what the folder should hold, for messages
 * @throws {SourceError} when it is no folder, cannot be read, or holds no WAV file   @throws AbortError
 */
export async function soundTree(data: string, expected: string, signal: AbortSignal): Promise<SoundTree> {
  const walk = new Walk(expected, signal);
  const root = await realpath(data).catch((cause: unknown) => walk.fail(data, cause));
  await walk.enter(data, [], [root], false);
  const notes = walk.notes();
  if (walk.files.length === 0) {
    throw new SourceError(`${data}: expected ${expected}; found no WAV file${notes.length > 0 ? `: ${notes[0]}` : ''}`);
  }
  walk.files.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  return { root, files: walk.files, notes };
}

class Walk {
  readonly files: SoundFile[] = [];
  readonly #other = new Map<string, number>();
  readonly #deadLinks: string[] = [];

  constructor(
    private readonly expected: string,
    private readonly signal: AbortSignal,
  ) {}

  /** @param above real paths from the data set's folder down to this one   @param linked whether a link led here */
  async enter(path: string, folders: readonly string[], above: readonly string[], linked: boolean): Promise<void> {
    this.signal.throwIfAborted();
    const entries = await readdir(path, { withFileTypes: true }).catch((cause: unknown) => this.fail(path, cause));
    for (const entry of entries) {
      if (entry.name.startsWith('.')) continue;
      const here = join(path, entry.name);
      const real = join(above.at(-1) ?? path, entry.name);
      if (entry.isSymbolicLink()) await this.#follow(here, entry.name, folders, above);
      else if (entry.isDirectory()) await this.enter(here, [...folders, entry.name], [...above, real], linked);
      else if (entry.isFile()) this.#take(here, entry.name, folders, linked ? real : null);
    }
  }

  async #follow(path: string, name: string, folders: readonly string[], above: readonly string[]): Promise<void> {
    const [real, kind] = await Promise.all([realpath(path), stat(path)]).catch(() => [null, null]);
    if (real === null || kind === null) this.#deadLinks.push(path);
    else if (kind.isFile()) this.#take(path, name, folders, real);
    else if (kind.isDirectory() && !above.includes(real)) {
      await this.enter(path, [...folders, name], [...above, real], true);
    }
  }

  #take(path: string, name: string, folders: readonly string[], real: string | null): void {
    const extension = extname(name).toLowerCase();
    if (WAV_EXTENSIONS.includes(extension)) this.files.push({ path, name, folders, real });
    else if (OTHER_SOUND.includes(extension)) this.#other.set(extension, (this.#other.get(extension) ?? 0) + 1);
  }

  notes(): string[] {
    const counts = [...this.#other].map(([extension, count]) => `${count} ${extension}`);
    const [dead] = this.#deadLinks;
    return [
      ...(counts.length > 0 ? [`${counts.join(', ')} files were left out: only WAV is read`] : []),
      ...(dead === undefined ? [] : [`${this.#deadLinks.length} links that lead nowhere were left out: ${dead}`]),
    ];
  }

  fail(path: string, cause: unknown): never {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    const found = code === 'ENOENT' ? 'no such folder' : code === 'ENOTDIR' ? 'a file' : code;
    throw new SourceError(`${path}: expected ${this.expected}; found ${found}`, { cause });
  }
}

/**
 * Files to learn from that are also judged, by links: one line, or none. Copies are found by their content elsewhere.
 * @param train learnt from   @param test judged
 */
export function linkedTwice(tree: SoundTree, train: readonly SoundFile[], test: readonly SoundFile[]): string[] {
  const all = [...train, ...test];
  if (all.every((file) => file.real === null)) return [];
  const place = (file: SoundFile) => file.real ?? join(tree.root, ...file.folders, file.name);
  const learnt = new Set(train.map(place));
  const twice = test.filter((file) => learnt.has(place(file)));
  const [first] = twice;
  return first ? [`${twice.length} judged clips are links to clips that are learnt from: ${first.path}`] : [];
}
