import { describe, expect, it } from 'vitest';
import { ModelError } from '../../src/contracts.js';
import type { FitOptions, FittedModel, Method } from '../../src/scorers/method.js';
import { METHODS } from '../../src/scorers/methods.js';
import { SOUND_METHODS } from '../../src/scorers/neural/sound-methods.js';
import { stackSettings } from '../../src/scorers/neural/stack-settings.js';
import { openRandom } from '../../src/scorers/random.js';
import { type RowMatrix, rowsOf } from '../../src/scorers/row-matrix.js';
import { rowAt, scoreRows } from './fit-baseline.js';

const [frames, bands] = [5, 6];

/** Stacks of a hum whose loudness wanders, −60…−20 dB; `tilt` adds to the upper bands. */
function stacks(count: number, seed: number, tilt = 0): RowMatrix {
  const random = openRandom(seed, 'stacks');
  const data = new Float32Array(count * frames * bands);
  for (let n = 0; n < count; n++) {
    const loud = 4 * random.normal();
    for (let i = 0; i < frames * bands; i++) {
      const band = i % bands;
      data[n * frames * bands + i] = -40 + loud - 3 * band + random.normal() + (band > 2 ? tilt : 0);
    }
  }
  return { data, width: frames * bands };
}

const rows = stacks(400, 1);
const quick = { epochs: 30, batchRows: 64, hidden: [16, 16], code: 4 };
const named = (name: string): Method => METHODS.find((method) => method.name === name) as Method;
const fitTo = (name: string, options: Partial<FitOptions> = {}): Promise<FittedModel> =>
  named(name).fit(rows, { rowKind: 'mel-frames', rowShape: [frames, bands], seed: 0, settings: quick, ...options });
const mean = (values: Float32Array): number => values.reduce((sum, x) => sum + x, 0) / values.length;

const onStacks = SOUND_METHODS.filter(({ rowKinds }) => rowKinds?.includes('mel-frames')).map(({ name }) => name);

describe.each(onStacks)('%s', (name) => {
  it('gives the same bits for the same seed and others for another, and scores what is odd higher, and finite however far', async () => {
    const [first, second, other] = [await fitTo(name), await fitTo(name), await fitTo(name, { seed: 1 })];
    expect(Buffer.compare(first.onnx, second.onnx)).toBe(0);
    expect(Buffer.compare(first.onnx, other.onnx)).not.toBe(0);
    expect(first.skippedSteps).toBe(0);
    const normal = await scoreRows(first.onnx, stacks(50, 2));
    const odd = await scoreRows(first.onnx, stacks(50, 3, 8));
    expect(mean(odd)).toBeGreaterThan(2 * mean(normal));
    const far = { ...rows, data: rows.data.map((x) => x * 1e6) };
    expect((await scoreRows(first.onnx, far)).every(Number.isFinite)).toBe(true);
  });

  it('refuses rows that are no stacks', async () => {
    await expect(fitTo(name, { rowKind: 'table', rowShape: [30] })).rejects.toThrow(ModelError);
    await expect(fitTo(name, { rowKind: 'table', rowShape: [30] })).rejects.toThrow(
      `${name}: expected rows that are stacks`,
    );
  });
});

describe('the autoencoders', () => {
  it('score by the mean square of what they leave, in the units of the row', async () => {
    const { onnx } = await fitTo('mimii-ae', { settings: { ...quick, epochs: 200 } });
    const normal = mean(await scoreRows(onnx, stacks(200, 4)));
    expect(normal).toBeGreaterThan(0.3);
    expect(normal).toBeLessThan(2);
  });

  it('take published epochs, but not fewer than 1,000 steps nor more than 4,000 unless asked for all of them', () => {
    const published = { hidden: [64, 64], code: 8, batchNorm: false, batchRows: 512, epochs: 50 };
    expect(stackSettings(published, 'standard', 3_000).epochs).toBe(167);
    expect(stackSettings(published, 'standard', 30_000).epochs).toBe(50);
    expect(stackSettings(published, 'standard', 280_000).epochs).toBe(7);
    expect(stackSettings(published, 'standard-full', 280_000).epochs).toBe(50);
  });
});

describe('the interpolation network', () => {
  it('does not see the frame that it guesses: its energy is a parabola in that frame', async () => {
    const { onnx } = await fitTo('idnn');
    const row = rowAt(stacks(1, 5), 0);
    const moved = (by: number): number[] => row.map((x, i) => (Math.floor(i / bands) === 2 ? x + by : x));
    const data = Float32Array.from([0, 10, 20].flatMap(moved));
    const [none = 0, some = 0, more = 0] = await scoreRows(onnx, { data, width: row.length });
    expect(more - 2 * some + none).toBeCloseTo(2 * 10 ** 2, 1);
  });

  it('wants a middle', async () => {
    const even = fitTo('idnn', { rowShape: [6, 5] });
    await expect(even).rejects.toThrow('idnn: expected stacks of 3, 5, … frames, which have a middle one, found 6');
  });
});

describe('selective Mahalanobis', () => {
  it('is as large as the row is wide on average over what it learnt', async () => {
    const { onnx } = await fitTo('selective-mahalanobis');
    const energies = await scoreRows(onnx, rows);
    expect(energies).toHaveLength(rowsOf(rows));
    expect(mean(energies)).toBeGreaterThan(0.9 * rows.width);
    expect(mean(energies)).toBeLessThan(1.01 * rows.width);
  });
});
