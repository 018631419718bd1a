import { statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { extname, join, relative } from 'node:path';
import { SourceError } from '../contracts.js';

/**
 * The files that paths name: a file is itself, a folder every file (or link to one) below it with one of the extensions,
 * by name. In a folder names that begin with a dot are passed over: `._x.wav` is what macOS keeps beside x.wav.
 * @param extensions in lower case with the dot   @throws {SourceError} naming a path that is not there, or holds none
 */
export async function filesOf(paths: readonly string[], extensions: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths) found.push(...(isFolder(path) ? await within(path, extensions) : [path]));
  return found;
}

async function within(folder: string, extensions: readonly string[]): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => extensions.includes(extname(entry.name).toLowerCase()))
    .map((entry) => ({ entry, path: join(entry.parentPath, entry.name) }))
    .filter(({ entry, path }) => entry.isFile() || (entry.isSymbolicLink() && isFile(path)))
    .map(({ path }) => path)
    .filter((path) => !/(^|[\\/])\./.test(relative(folder, path)))
    .sort();
  if (files.length === 0) throw new SourceError(`${folder}: expected ${extensions.join(' or ')} files, found none`);
  return files;
}

/** Links that lead nowhere, or in a circle, are no files. */
function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (cause) {
    throw new SourceError(`${path}: expected a file or folder, found ${(cause as NodeJS.ErrnoException).code}`, {
      cause,
    });
  }
}
