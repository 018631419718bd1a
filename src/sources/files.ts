import { statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { SourceError } from '../contracts.js';

/**
 * The files that paths name: a file is itself, a folder every file below it with one of the extensions, by name.
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
    .filter((entry) => entry.isFile() && extensions.includes(extname(entry.name).toLowerCase()))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  if (files.length === 0) throw new SourceError(`${folder}: expected ${extensions.join(' or ')} files, found none`);
  return files;
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
