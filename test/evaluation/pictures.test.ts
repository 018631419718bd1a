import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SourceError } from '../../src/contracts.js';
import { evaluatePictures, pictureMethods, pictureMetrics } from '../../src/evaluation/pictures/evaluate-pictures.js';
import { pictureFolder } from '../../src/evaluation/pictures/picture-folder.js';
import { pictureObject } from '../../src/evaluation/pictures/picture-json.js';
import { openResultCache } from '../../src/evaluation/result-cache.js';
import { openRandom } from '../../src/scorers/random.js';

/** A grey ramp with noise; a defective one has a dark spot. */
async function writePicture(path: string, seed: number, defective = false): Promise<void> {
  const random = openRandom(seed, 'picture');
  const [tilt, side] = [random.normal(), 48];
  const pixels = Uint8Array.from({ length: side * side }, (_, at) => {
    const [y, x] = [Math.floor(at / side), at % side];
    const spot = defective && (y - 30) ** 2 + (x - 14) ** 2 < 40 ? -70 : 0;
    return Math.min(255, Math.max(0, 128 + 2 * x + tilt * y + spot + 4 * random.normal()));
  });
  await sharp(pixels, { raw: { width: side, height: side, channels: 1 } })
    .png()
    .toFile(path);
}

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'auscult-image-folder-'));
  const counts = {
    'parted/train/good': 40,
    'parted/test/good': 8,
    'parted/test/crack': 6,
    'named/ok': 20,
    'named/spot': 6,
  };
  let seed = 0;
  for (const [folder, count] of Object.entries(counts)) {
    await mkdir(join(root, folder), { recursive: true });
    for (let i = 0; i < count; i++)
      await writePicture(join(root, folder, `${String(i).padStart(2, '0')}.png`), seed++, /crack|spot/.test(folder));
  }
  await mkdir(join(root, 'parted/ground_truth/crack'), { recursive: true });
});
afterAll(() => rm(root, { recursive: true, force: true }));

const cache = () => openResultCache<never>(join(root, 'cache'));
const { signal } = new AbortController();

describe('a folder of good and defective pictures', () => {
  it('is read as MVTec AD has it', async () => {
    const { name, train, normals, anomalies, notes } = await pictureFolder(join(root, 'parted'), 0);
    expect([name, train.length, normals.length, anomalies.length]).toEqual(['parted', 40, 8, 6]);
    expect(notes).toEqual([
      'learnt from the 40 good pictures of train/, judged on the 8 good and 6 defective ones of test/',
    ]);
  });

  it('is parted by seed where it is not parted, as many good as defective ones judged', async () => {
    const [first, again, other] = [0, 0, 1].map((seed) => pictureFolder(join(root, 'named'), seed));
    const { train, normals, anomalies } = await (first as ReturnType<typeof pictureFolder>);
    expect([train.length, normals.length, anomalies.length]).toEqual([14, 6, 6]);
    expect(new Set([...train, ...normals]).size).toBe(20);
    expect((await again)?.normals).toEqual(normals);
    expect((await other)?.normals).not.toEqual(normals);
  });

  it('may be links: to folders, and in folders to pictures', async () => {
    await mkdir(join(root, 'linked/good'), { recursive: true });
    await symlink(join(root, 'named/spot'), join(root, 'linked/spot'));
    await symlink(join(root, 'nowhere'), join(root, 'linked/dead'));
    for (const name of ['00.png', '01.png', '02.png'])
      await symlink(join(root, 'named/ok', name), join(root, 'linked/good', name));
    const { train, normals, anomalies } = await pictureFolder(join(root, 'linked'), 0);
    expect([train.length, normals.length, anomalies.length]).toEqual([2, 1, 6]);
  });

  it('says what it expected where there are no good ones, or nothing', async () => {
    await expect(pictureFolder(join(root, 'parted/test/crack'), 0)).rejects.toThrow(SourceError);
    await expect(pictureFolder(join(root, 'parted/test/crack'), 0)).rejects.toThrow(/expected train\/good and test/);
    await expect(pictureFolder(join(root, 'nowhere'), 0)).rejects.toThrow(/nothing that can be read/);
  });
});

describe('an evaluation of pictures', () => {
  const evaluate = async (name: string) => {
    const set = await pictureFolder(join(root, 'parted'), 0);
    const methods = pictureMethods([name], []);
    const outcomes = await evaluatePictures({
      set,
      methods,
      seeds: 1,
      firstSeed: 0,
      threads: 1,
      cache: cache(),
      signal,
    });
    return { outcomes, object: pictureObject(set, outcomes, { seeds: 1, firstSeed: 0 }) };
  };

  it('finds the spots, gives every figure, and takes finished trials from the cache', async () => {
    const { object } = await evaluate('image-flat');
    const [result] = object.results;
    expect(result).toMatchObject({ machine: 'parted', method: 'image-flat', normals: 8, anomalies: 6, trials: 1 });
    expect(result?.auc).toBeGreaterThan(0.9);
    expect(object.leaks).toEqual([]);
    expect((await evaluate('image-flat')).object).toEqual(object);
  });

  it('leaves out a broken picture and names it, and one that is learnt and judged', async () => {
    const broken = join(root, 'parted/test/good/broken.png');
    const copy = join(root, 'parted/train/good/copy.png');
    await writeFile(broken, 'no picture');
    await copyFile(join(root, 'parted/test/good/00.png'), copy);
    try {
      const { object } = await evaluate('image-flat');
      expect(object.skipped).toEqual([expect.stringMatching(/broken\.png: expected a JPEG or PNG picture/)]);
      expect(object.leaks).toEqual([expect.stringMatching(/test\/good\/00\.png is the training picture .*copy\.png/)]);
    } finally {
      await rm(broken);
      await rm(copy);
    }
  });

  it('knows the presets of pictures and no others', () => {
    const names = pictureMethods(['all'], []).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['image-flat', 'image-conv', 'image-residual']));
    expect(pictureMethods(['image-conv'], [{ method: null, name: 'code', text: '4' }])[0]?.settings).toEqual({
      code: 4,
    });
    expect(() => pictureMethods(['gmm'], [])).toThrow(
      /^--method: expected one of image-flat, image-[a-z, -]* or all, found "gmm"$/,
    );
  });

  it('counts what the 90 % point of held-out pictures catches', () => {
    const heldOut = Array.from({ length: 50 }, (_, i) => i / 50);
    const trial = {
      normals: [0.1, 0.2, 5],
      anomalies: [4, 6, 0],
      heldOut,
      fitSeconds: 1,
      notes: [],
      hyperparameters: {},
    };
    const { auc, precision, recall, f1, threshold } = pictureMetrics(trial);
    expect(auc).toBeCloseTo(5 / 9, 12);
    expect(threshold).toBeGreaterThan(0.8);
    expect(threshold).toBeLessThan(1.1);
    expect([precision, recall, f1]).toEqual([2 / 3, 2 / 3, 4 / 6]);
  });
});
