/** Folders of good and defective pictures, however they are parted. */
import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { SourceError } from '../../contracts.js';
import { openRandom } from '../../scorers/random.js';
import { imageFiles } from '../../sources/images/image-files.js';

/** Pictures of one thing: what one model is trained for, and judged on. Paths ascending. */
export interface PictureSet {
  readonly name: string;
  /** Good ones to learn from. */
  readonly train: readonly string[];
  readonly normals: readonly string[];
  readonly anomalies: readonly string[];
  /** One line each for the reader. */
  readonly notes: readonly string[];
}

const EXPECTED = 'train/good and test/{good, any defect}, or good and any other folder (also called ok or normal)';

/**
 * `DIR/train/good`, `DIR/test/good` and any other folder of `DIR/test`, as MVTec AD has it; or `DIR/good` and any other
 * folder of `DIR`, of which as many random good ones are judged as there are defective, half of them at most.
 * @throws {SourceError} saying what was expected and found
 */
export async function pictureFolder(data: string, splitSeed: number): Promise<PictureSet> {
  const folders = await foldersIn(data);
  const of = (name: string) => folders.find((folder) => folder.toLowerCase() === name);
  const [train, test] = [of('train'), of('test')];
  const name = basename(resolve(data));
  if (train && test) return { name, ...(await byFolder(join(data, train), join(data, test))) };
  return { name, ...(await byName(data, folders, splitSeed)) };
}

type Parted = Omit<PictureSet, 'name'>;

async function byFolder(trainPath: string, testPath: string): Promise<Parted> {
  const learnt = await labelled(trainPath);
  const judged = await labelled(testPath);
  const train = learnt.good.length > 0 ? learnt.good : learnt.unlabelled;
  if (train.length === 0) throw missing(trainPath, 'good pictures to learn from', 'none');
  if (judged.good.length === 0) throw missing(testPath, 'a folder good, ok or normal', words(judged));
  if (judged.other.length === 0) throw missing(testPath, 'folders of defective pictures', words(judged));
  const left = learnt.other.length;
  return {
    train,
    normals: judged.good,
    anomalies: judged.other,
    notes: [
      `learnt from the ${train.length} good pictures of train/, judged on the ${judged.good.length} good and ${judged.other.length} defective ones of test/`,
      ...(left > 0 ? [`${left} defective pictures of train/ left out`] : []),
    ],
  };
}

async function byName(data: string, folders: readonly string[], splitSeed: number): Promise<Parted> {
  if (folders.length === 0) throw missing(data, EXPECTED, 'no folders');
  const { good, other, unlabelled } = await labelled(data);
  if (good.length < 2 || other.length === 0) throw missing(data, EXPECTED, words({ good, other, unlabelled }));
  const count = Math.min(other.length, Math.floor(good.length / 2));
  const chosen = new Set(openRandom(splitSeed, 'judged').permutation(good.length).subarray(0, count));
  return {
    train: good.filter((_, i) => !chosen.has(i)),
    normals: good.filter((_, i) => chosen.has(i)),
    anomalies: other,
    notes: [
      `judged on all ${other.length} defective pictures and ${count} random good ones (split seed ${splitSeed}), learnt from the other ${good.length - count}`,
    ],
  };
}

interface Labelled {
  readonly good: readonly string[];
  readonly other: readonly string[];
  /** Not in a folder. */
  readonly unlabelled: readonly string[];
}

const GOOD = ['good', 'ok', 'normal'];

/** Pictures below the folders of a path. Masks of MVTec AD are no pictures of the thing. */
async function labelled(path: string): Promise<Labelled> {
  const [good, other]: [string[], string[]] = [[], []];
  for (const folder of await foldersIn(path)) {
    if (folder.toLowerCase() === 'ground_truth') continue;
    const files = await imageFiles(join(path, folder));
    (GOOD.includes(folder.toLowerCase()) ? good : other).push(...files);
  }
  const unlabelled = good.length + other.length > 0 ? [] : await imageFiles(path);
  return { good, other, unlabelled };
}

async function foldersIn(path: string): Promise<string[]> {
  const entries = await readdir(path).catch(() => null);
  if (entries === null) throw missing(path, EXPECTED, 'nothing that can be read');
  const shown = entries.filter((name) => !name.startsWith('.')).sort();
  const areFolders = await Promise.all(shown.map((name) => isFolder(join(path, name))));
  return shown.filter((_, i) => areFolders[i]);
}

/** A folder or a link to one. */
const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

const words = ({ good, other, unlabelled }: Labelled): string =>
  `${good.length} good pictures, ${other.length} others and ${unlabelled.length} in no folder`;

const missing = (where: string, expected: string, found: string): SourceError =>
  new SourceError(`${where}: expected ${expected}; found ${found}`);
