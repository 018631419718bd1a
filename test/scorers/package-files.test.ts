import { execFile } from 'node:child_process';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ModelError } from '../../src/contracts.js';
import { readPackage, writePackage } from '../../src/scorers/package-files.js';
import { openScorer } from '../../src/scorers/package-scorer.js';
import { StorageError } from '../../src/sources/storage-error.js';
import { EXAMPLES, type Example, writeExample } from './example-packages.js';

let folder: string;
beforeAll(async () => {
  folder = await writeExample(EXAMPLES.find(({ rowKind }) => rowKind === 'table') as Example, 100);
});
afterAll(() => rm(dirname(folder), { recursive: true, force: true }));

/** A copy of the package with something changed, for the time of `use`. */
async function damaged(
  change: (copy: string) => Promise<unknown>,
  use: (copy: string) => Promise<void>,
): Promise<void> {
  const copy = `${folder}-copy`;
  const { onnx, manifest } = await readPackage(folder);
  await writePackage(copy, onnx, manifest);
  await change(copy);
  await use(copy);
  await rm(copy, { recursive: true });
}

const edited = (edit: (manifest: Record<string, unknown>) => void) => async (copy: string) => {
  const path = join(copy, 'model.json');
  const manifest = JSON.parse(await readFile(path, 'utf8'));
  edit(manifest);
  await writeFile(path, JSON.stringify(manifest));
};

describe('a model package', () => {
  it('is read as it was written', async () => {
    const { manifest, onnx } = await readPackage(folder);
    expect(manifest.name).toBe('table');
    await writePackage(`${folder}-again`, onnx, manifest);
    expect((await readPackage(`${folder}-again`)).manifest).toEqual(manifest);
  });

  it('replaces another whole, which is kept once as .previous', async () => {
    const { manifest, onnx } = await readPackage(folder);
    const out = `${folder}-new`;
    for (const name of ['first', 'second', 'third']) await writePackage(out, onnx, { ...manifest, name });
    expect((await readPackage(out)).manifest.name).toBe('third');
    expect((await readPackage(`${out}.previous`)).manifest.name).toBe('second');
    const leftovers = (await readdir(dirname(out))).filter((name) => name.startsWith('.') || name.endsWith('.old'));
    expect(leftovers).toEqual([]);
  });

  it('says in one line that the disk refuses it, and leaves no half of one', async () => {
    const { manifest, onnx } = await readPackage(folder);
    const file = `${folder}-file`;
    await writeFile(file, '');
    await expect(writePackage(join(file, 'model'), onnx, manifest)).rejects.toThrow(
      new StorageError(`model ${file}/model: expected a file in a folder, the path leads elsewhere (ENOTDIR)`, 'io'),
    );
    const out = `${folder}-half`;
    const twice = new Map([
      ['clip', new Uint8Array(1)],
      ['clip/inner', new Uint8Array(1)],
    ]);
    await expect(writePackage(out, onnx, manifest, twice)).rejects.toThrow(StorageError);
    expect((await readdir(dirname(out))).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it.each(['model.onnx', 'model.json'])('is refused without %s, naming the path', async (file) => {
    await damaged(
      (copy) => rm(join(copy, file)),
      async (copy) => {
        await expect(openScorer(copy)).rejects.toThrow(ModelError);
        await expect(openScorer(copy)).rejects.toThrow(`${join(copy, file)}: expected a file of a model package`);
      },
    );
  });

  it('is refused when model.onnx is not the one that the manifest means, naming both digests', async () => {
    await damaged(
      (copy) => writeFile(join(copy, 'model.onnx'), 'another'),
      (copy) =>
        expect(openScorer(copy)).rejects.toThrow(/expected SHA-256 [0-9a-f]{64} of its model.json, found [0-9a-f]{64}/),
    );
  });

  it('is refused for every key of the manifest that is not as expected, all named at once', async () => {
    const change = edited((manifest) => Object.assign(manifest, { format: 2, name: 7, surplus: true }));
    await damaged(change, (copy) => expect(openScorer(copy)).rejects.toThrow(/format: .*; name: .*surplus/));
    await damaged(
      (copy) => writeFile(join(copy, 'model.json'), '{"format": 1,'),
      (copy) => expect(openScorer(copy)).rejects.toThrow(/model\.json: expected JSON/),
    );
  });
});

describe('the live path', () => {
  it('loads no TensorFlow.js', async () => {
    const scorer = new URL('../../dist/scorers/package-scorer.js', import.meta.url);
    const script = `await import('${scorer}'); console.log(Object.keys((await import('node:module')).default._cache).some((file) => file.includes('tfjs')));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
    expect(stdout.trim()).toBe('false');
  });
});
