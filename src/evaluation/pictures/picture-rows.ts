/** Pictures of a set as rows, read once for each size. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { AuscultError, type ImageFlatSpec } from '../../contracts.js';
import { decodeImage } from '../../sources/images/decode-image.js';
import type { PictureSet } from './picture-folder.js';

export interface PictureRows {
  /** Row-major (rows, height · width · channels), 0…1 */
  readonly data: Float32Array<SharedArrayBuffer>;
  readonly rows: number;
  /** SHA-256 of each file's bytes. */
  readonly digests: readonly string[];
}

export interface ReadPictures {
  readonly train: PictureRows;
  readonly normals: PictureRows;
  readonly anomalies: PictureRows;
  /** Why each picture that cannot be read is left out. */
  readonly skipped: readonly string[];
  /** Test pictures that are also training pictures, byte by byte. */
  readonly leaks: readonly string[];
}

export async function readPictures(set: PictureSet, spec: ImageFlatSpec, signal: AbortSignal): Promise<ReadPictures> {
  const skipped: string[] = [];
  const leaks: string[] = [];
  const read = (paths: readonly string[]) => rowsOf(paths, spec, signal, skipped);
  const [train, normals, anomalies] = [await read(set.train), await read(set.normals), await read(set.anomalies)];
  const known = new Map(train.digests.map((digest, i) => [digest, train.paths[i] as string]));
  for (const { digests, paths } of [normals, anomalies])
    digests.forEach((digest, i) => {
      const other = known.get(digest);
      if (other) leaks.push(`${paths[i]} is the training picture ${other}`);
    });
  return { train, normals, anomalies, skipped, leaks };
}

async function rowsOf(paths: readonly string[], spec: ImageFlatSpec, signal: AbortSignal, skipped: string[]) {
  const width = spec.width * spec.height * spec.channels;
  const all = new Float32Array(new SharedArrayBuffer(4 * width * paths.length));
  const kept: string[] = [];
  const digests: string[] = [];
  for (const path of paths) {
    signal.throwIfAborted();
    try {
      all.set(await decodeImage(path, spec), kept.length * width);
      digests.push(
        createHash('sha256')
          .update(await readFile(path))
          .digest('hex'),
      );
      kept.push(path);
    } catch (error) {
      if (!(error instanceof AuscultError)) throw error;
      skipped.push(error.message);
    }
  }
  return { data: all.subarray(0, kept.length * width), rows: kept.length, digests, paths: kept };
}
