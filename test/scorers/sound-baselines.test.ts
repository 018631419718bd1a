import { describe, expect, it } from 'vitest';
import { SOUND_BASELINES } from '../../src/scorers/baselines/baselines.js';
import { shrunkCovariance } from '../../src/scorers/baselines/shrunk-covariance.js';
import type { FitOptions, Method } from '../../src/scorers/method.js';
import { openRandom } from '../../src/scorers/random.js';
import type { RowMatrix } from '../../src/scorers/row-matrix.js';
import { fitBaseline, scoreRows } from './fit-baseline.js';

const named = (name: string): Method => SOUND_BASELINES.find((method) => method.name === name) as Method;
const fitTo = (name: string, rows: RowMatrix, options: Partial<FitOptions>) =>
  named(name).fit(rows, { rowKind: 'mel-pooled', seed: 0, ...options });

function noise(count: number, width: number, seed: number): RowMatrix {
  const random = openRandom(seed, 'noise');
  return { data: Float32Array.from({ length: count * width }, () => random.normal()), width };
}

describe('a shrunk covariance', () => {
  it('is the identity times the mean variance where the rows say no more', () => {
    const { covariance, shrinkage } = shrunkCovariance({ data: Float32Array.of(1, 0, -1, 0, 0, 1, 0, -1), width: 2 });
    expect([...covariance]).toEqual([0.5, 0, 0, 0.5]);
    expect(shrinkage).toBe(1);
  });

  it('is that of Ledoit and Wolf on rows worked by hand', () => {
    // S = diag(2, 1/2), μ = 5/4, d²·W = 17/4 − 25/8 = 9/8, Σ‖xxᵀ − S‖² = 34 − 17, b²·W = 17/16 > d²·W / 2
    const rows = { data: Float32Array.of(2, 0, -2, 0, 0, 1, 0, -1), width: 2 };
    const { covariance, shrinkage } = shrunkCovariance(rows);
    expect(shrinkage).toBeCloseTo(17 / 16 / (9 / 8), 10);
    expect(covariance[0]).toBeCloseTo((1 - shrinkage) * 2 + shrinkage * 1.25, 10);
    expect(covariance[3]).toBeCloseTo((1 - shrinkage) * 0.5 + shrinkage * 1.25, 10);
  });

  it('shrinks less with more rows', () => {
    const shrinkages = [10, 100, 10_000].map((count) => {
      const rows = noise(count, 8, 1);
      for (let at = 0; at < rows.data.length; at += 8) rows.data[at] = 4 * (rows.data[at] as number);
      return shrunkCovariance(rows).shrinkage;
    });
    expect(shrinkages[0]).toBeGreaterThan(shrinkages[1] as number);
    expect(shrinkages[1]).toBeGreaterThan(shrinkages[2] as number);
    expect(shrinkages[2]).toBeLessThan(0.01);
  });
});

describe('Mahalanobis distance', () => {
  it('learns 64 bands from ten clips', async () => {
    const { onnx, hyperparameters } = await fitTo('mahalanobis', noise(10, 64, 2), {});
    const near = await scoreRows(onnx, noise(5, 64, 3));
    const shifted = noise(5, 64, 3);
    const far = await scoreRows(onnx, { ...shifted, data: shifted.data.map((x) => x + 5) });
    expect(Math.min(...far)).toBeGreaterThan(2 * Math.max(...near));
    expect(hyperparameters.shrinkage).toBeGreaterThan(0.3);
  });
});

describe('loudness alone', () => {
  it('is the distance from the mean level, and nothing within half a decibel of it', async () => {
    const levels = { data: Float32Array.of(-41, -40, -39, -40, -40, -41, -39, -40), width: 1 };
    const { onnx } = await fitTo('level-distance', levels, { rowKind: 'level' });
    const seen = { data: Float32Array.of(-40, -40.3, -39.6, -43, -36), width: 1 };
    expect([...(await scoreRows(onnx, seen))]).toEqual([0, 0, 0, expect.closeTo(2.5, 4), expect.closeTo(3.5, 4)]);
  });
});

/** Ranked means of 4 bands: the first statistic differs from clip to clip, the second goes up and down as one. */
function pooled(count: number, seed: number): RowMatrix {
  const random = openRandom(seed, 'pooled');
  const data = new Float32Array(count * 8);
  for (let n = 0; n < count; n++) {
    const common = random.normal();
    for (let band = 0; band < 4; band++) {
      data[n * 8 + band] = random.normal();
      data[n * 8 + 4 + band] = common + 0.1 * random.normal();
    }
  }
  return { data, width: 8 };
}

describe('the Gaussian of ranked means', () => {
  const shape: Partial<FitOptions> = { rowShape: [2, 4] };

  it('takes the rank under which held-out normals are likeliest, and looks at nothing else', async () => {
    const { onnx, hyperparameters } = await fitTo('gmm-twfr', pooled(60, 1), shape);
    expect(hyperparameters.chosenStatistic).toBe(1);
    const row = pooled(1, 2).data;
    const other = row.map((x, i) => (i < 4 ? 9 : x));
    const broken = row.map((x, i) => (i === 5 ? x + 3 : x));
    const [plain = 0, same, odd] = await scoreRows(onnx, {
      data: Float32Array.of(...row, ...other, ...broken),
      width: 8,
    });
    expect(same).toBe(plain);
    expect(odd).toBeGreaterThan(plain + 10);
  });

  it('takes the one that it is told', async () => {
    const { hyperparameters } = await fitTo('gmm-twfr', pooled(60, 1), { ...shape, settings: { statistic: 0 } });
    expect(hyperparameters.chosenStatistic).toBe(0);
  });

  it('refuses rows that are not pooled', async () => {
    const flat = fitTo('gmm-twfr', pooled(60, 1), { rowKind: 'table', rowShape: [8] });
    await expect(flat).rejects.toThrow('gmm-twfr: expected pooled rows, found table [8]');
  });
});

describe('a plain mixture of whitened rows', () => {
  it('does not look outside its axes unless it is told to', async () => {
    const rows = noise(300, 6, 4);
    for (let at = 0; at < rows.data.length; at += 6) rows.data[at + 5] = rows.data[at] as number;
    const settings = { components: 1, widest: 2, axes: 5, outside: 0 };
    const plain = await fitBaseline('gmm', rows, { settings });
    const aware = await fitBaseline('gmm', rows, { settings: { ...settings, axes: 4, outside: 1 } });
    expect(plain.hyperparameters.modelledWidth).toBe(5);
    expect(aware.hyperparameters.modelledWidth).toBe(5);
    const beside = { data: Float32Array.of(0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, -2), width: 6 };
    const [centre = 0, odd = 0] = await scoreRows(plain.onnx, beside);
    expect(Math.abs(odd - centre)).toBeLessThan(0.1);
  });
});
