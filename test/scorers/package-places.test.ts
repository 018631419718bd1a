import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Manifest } from '../../src/contracts.js';

/** Steps on the disk that are still taken before the process "dies"; what follows fails. */
let stepsLeft = Number.POSITIVE_INFINITY;

vi.mock('node:fs/promises', async (load) => {
  const real = await load<typeof import('node:fs/promises')>();
  const dying = <A extends unknown[], R>(step: (...args: A) => R) =>
    (async (...args: A) => {
      if (stepsLeft-- <= 0) throw new Error('killed');
      return step(...args);
    }) as unknown as (...args: A) => R;
  return { ...real, rename: dying(real.rename), rm: dying(real.rm), mkdir: dying(real.mkdir), open: dying(real.open) };
});

const { readPackage, readManifest, rollBackPackage, writePackage } = await import('../../src/scorers/package-files.js');
const { checkPackagePlace, packageIsThere } = await import('../../src/scorers/package-places.js');
const { EXAMPLES, writeExample } = await import('./example-packages.js');

let folder: string;
let manifest: Manifest;
let onnx: Uint8Array;
beforeAll(async () => {
  folder = await writeExample(EXAMPLES[0] as (typeof EXAMPLES)[number], 100);
  ({ manifest, onnx } = await readPackage(folder));
});
afterEach(() => {
  stepsLeft = Number.POSITIVE_INFINITY;
});
afterAll(() => rm(dirname(folder), { recursive: true, force: true }));

const write = (out: string, name: string) => writePackage(out, onnx, { ...manifest, name });
const nameOf = async (out: string) => (await readManifest(out)).name;
const place = (name: string) => join(dirname(folder), name);

describe('the place of a package', () => {
  it('is not taken from files that are none: they would be moved away, and deleted by the next', async () => {
    const own = place('recordings');
    await mkdir(own);
    expect(() => checkPackagePlace(own)).not.toThrow();
    await writeFile(join(own, 'monday.wav'), '');
    expect(() => checkPackagePlace(own)).toThrow(
      `model ${own}: expected the folder of a package, or none yet, found a folder with monday.wav in it`,
    );
    expect(() => checkPackagePlace(join(own, 'monday.wav'))).toThrow(
      /monday\.wav: expected the folder .* found a file$/,
    );
    await write(place('taken'), 'one');
    expect(() => checkPackagePlace(place('taken'))).not.toThrow();
    expect(() => checkPackagePlace(place('free'))).not.toThrow();
  });
});

/** Dies after each number of steps in turn, until the work gets through. Resolves with how many deaths that were. */
async function killedAnywhere(work: (out: string) => Promise<unknown>, look: (out: string) => Promise<void>) {
  for (let steps = 0; ; steps++) {
    const out = place(`${work.name}-${steps}`);
    await write(out, 'first');
    await write(out, 'second');
    stepsLeft = steps;
    const died = await work(out).then(
      () => false,
      () => true,
    );
    stepsLeft = Number.POSITIVE_INFINITY;
    await look(out);
    const left = (await readdir(dirname(out))).filter((name) => name.startsWith(`.${basename(out)}.`));
    expect(left).toEqual([]);
    if (!died) return steps;
  }
}

describe('a package and the one before it', () => {
  it('leaves a whole package in use wherever writing another is killed, and can be written again', async () => {
    const writeThird = (out: string) => write(out, 'third');
    const deaths = await killedAnywhere(writeThird, async (out) => {
      expect(packageIsThere(out)).toBe(true);
      expect(['second', 'third']).toContain((await readPackage(out)).manifest.name);
      await write(out, 'fourth');
      expect(await nameOf(out)).toBe('fourth');
      expect(['second', 'third']).toContain(await nameOf(`${out}.previous`));
    });
    expect(deaths).toBeGreaterThan(8);
  });

  it('leaves both packages wherever a roll-back is killed', async () => {
    const rollBack = (out: string) => rollBackPackage(out);
    const deaths = await killedAnywhere(rollBack, async (out) => {
      const used = (await readPackage(out)).manifest.name;
      await rollBackPackage(out);
      expect([used, await nameOf(out)].sort()).toEqual(['first', 'second']);
      expect(await nameOf(`${out}.previous`)).toBe(used);
    });
    expect(deaths).toBeGreaterThan(3);
  });

  it('rolls back to the one before, and twice to where it was', async () => {
    const out = place('twice');
    await write(out, 'first');
    await write(out, 'second');
    expect((await rollBackPackage(out)).name).toBe('first');
    expect((await rollBackPackage(out)).name).toBe('second');
    expect(await nameOf(`${out}.previous`)).toBe('first');
  });

  it('says that there is nothing to roll back to, naming the folder', async () => {
    const out = place('alone');
    await write(out, 'first');
    await expect(rollBackPackage(out)).rejects.toThrow(`roll back: expected a package at ${out}.previous, found none`);
    expect(await nameOf(out)).toBe('first');
  });

  it('does not bring back a package that somebody deleted', async () => {
    const out = place('deleted');
    await write(out, 'first');
    await write(out, 'second');
    await rm(out, { recursive: true });
    expect(packageIsThere(out)).toBe(false);
  });
});
