import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { SourceError } from '../../contracts.js';

/** Lower-case extensions of the pictures that are read. */
export const IMAGE_EXTENSIONS: readonly string[] = ['.jpg', '.jpeg', '.png'];

/**
 * The pictures that a path means, sorted by path: the file itself, or all JPEG and PNG files of a folder and the folders
 * below it. Files whose name starts with a dot are left out.
 * @throws {SourceError} when nothing is there, or a folder has no picture
 */
export async function imageFiles(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => null);
  if (found === null) throw new SourceError(`${path}: expected a picture or a folder of pictures, found nothing`);
  if (!found.isDirectory()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .filter((entry) => IMAGE_EXTENSIONS.includes(extname(entry.name).toLowerCase()))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  if (files.length === 0) throw new SourceError(`${path}: expected JPEG or PNG pictures, found none`);
  return files;
}
