import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { BASELINES } from '../../src/scorers/baselines/baselines.js';
import { openRandom } from '../../src/scorers/random.js';
import type { RowMatrix } from '../../src/scorers/row-matrix.js';
import { areaUnderRoc } from './auc.js';
import { fitBaseline, madeUpRows, scoreRows } from './fit-baseline.js';

const names = BASELINES.map(({ name }) => name);
const python = '/usr/bin/python3';
const hasOnnx = spawnSync(python, ['-c', 'import onnx']).status === 0;
const skipped = hasOnnx ? '' : ' (skipped: install Debian package python3-onnx)';

const constantColumn = madeUpRows(200, 4, 1);
for (let at = 2; at < constantColumn.data.length; at += 4) constantColumn.data[at] = 1e5;

const TABLES: readonly (readonly [string, RowMatrix])[] = [
  ['a constant column', constantColumn],
  ['one column', madeUpRows(200, 1, 1)],
  ['identical rows', { data: Float32Array.from({ length: 200 }, (_, at) => at % 4), width: 4 }],
  ['eight rows of 300 columns', madeUpRows(8, 300, 1)],
  ['50 rows of 1,500 columns', madeUpRows(50, 1_500, 1)],
];

describe.each(names)('%s', (name) => {
  it.each(TABLES)('learns from %s, and scores any row finite, a far one no lower', async (_, rows) => {
    const { onnx } = await fitBaseline(name, rows);
    const one = rows.data.subarray(0, rows.width);
    const far = [10, 1e6, 1e30].map((step) => one.map((x) => x + step));
    const data = Float32Array.from([one, ...far, one.map(() => -1e30)].flatMap((row) => [...row]));
    const [normal, ...others] = await scoreRows(onnx, { data, width: rows.width });
    expect(normal).toSatisfy(Number.isFinite);
    for (const energy of others) {
      expect(energy).toSatisfy(Number.isFinite);
      if (rows.width < 10) expect(energy).toBeGreaterThanOrEqual(normal as number);
    }
  });

  it('gives the same bits twice', async () => {
    const [a, b] = [await fitBaseline(name, madeUpRows(300, 4, 1)), await fitBaseline(name, madeUpRows(300, 4, 1))];
    expect(Buffer.compare(Buffer.from(a.onnx), Buffer.from(b.onnx))).toBe(0);
    expect(a.hyperparameters).toEqual(b.hyperparameters);
  });

  it('refuses too few rows, rows that are not finite, and settings that it does not have or that do not fit', async () => {
    await expect(fitBaseline(name, madeUpRows(3, 4, 1))).rejects.toThrow('training rows: expected at least 8, found 3');
    const broken = madeUpRows(50, 4, 1);
    broken.data[81] = Number.NaN;
    await expect(fitBaseline(name, broken)).rejects.toThrow('expected finite values, found NaN in row 20, column 1');
    const [own] = Object.keys(BASELINES.find((known) => known.name === name)?.defaults?.('table', '', 50, 4) ?? {});
    const withSettings = (settings: Record<string, number | string>) =>
      fitBaseline(name, madeUpRows(50, 4, 1), { settings });
    await expect(withSettings({ depht: 3 })).rejects.toThrow(`settings: ${name} has ${own}`);
    await expect(withSettings({ [own as string]: -1 })).rejects.toThrow(
      new RegExp(`${name} ${own}: expected a .*number from .*, found -1`),
    );
    await expect(withSettings({ [own as string]: 'x' })).rejects.toThrow('found "x"');
  });

  it.skipIf(!hasOnnx)(`passes the ONNX checker${skipped}`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'auscult-onnx-'));
    try {
      const file = join(folder, 'model.onnx');
      writeFileSync(file, (await fitBaseline(name, madeUpRows(300, 4, 1))).onnx);
      const script = 'import onnx, sys; onnx.checker.check_model(onnx.load(sys.argv[1]), full_check=True)';
      execFileSync(python, ['-c', script, file]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

it.each(['isolation-forest', 'ecod'])('%s ends with an AbortError when it is cancelled', async (name) => {
  const cancelled = fitBaseline(name, madeUpRows(300, 4, 1), { cancelled: () => true });
  await expect(cancelled).rejects.toMatchObject({ name: 'AbortError' });
});

describe('on Thyroid (paper protocol, one split)', () => {
  const text = gunzipSync(readFileSync(new URL('../data/thyroid/thyroid.csv.gz', import.meta.url))).toString();
  const table = text
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(',').map(Number));
  const pick = (rows: readonly number[]): RowMatrix => ({
    data: Float32Array.from(rows.flatMap((i) => (table[i] as number[]).slice(0, 6))),
    width: 6,
  });
  const isOutlier = (i: number): boolean => table[i]?.[6] === 1;
  const order = [...openRandom(0, 'split').permutation(table.length)];
  const half = table.length >> 1;
  const test = order.slice(half);

  it.each([
    ['gmm', 0.98],
    ['knn', 0.97],
    ['isolation-forest', 0.98],
    ['ecod', 0.945],
    ['pca', 0.96],
    ['oc-svm', 0.975],
  ])('%s reaches AUC %d', async (name, least) => {
    const { onnx } = await fitBaseline(name, pick(order.slice(0, half).filter((i) => !isOutlier(i))));
    const auc = areaUnderRoc([...(await scoreRows(onnx, pick(test)))], test.map(isOutlier));
    expect(auc).toBeGreaterThan(least);
  });
});
