import { describe, expect, it } from 'vitest';
import type { FitOptions } from '../../src/scorers/method.js';
import { methodNamed } from '../../src/scorers/methods.js';
import { openRandom } from '../../src/scorers/random.js';
import type { RowMatrix } from '../../src/scorers/row-matrix.js';
import { scoreRows } from './fit-baseline.js';

const [frames, bands] = [40, 8];
const width = frames * bands;

/** Pictures of a hum whose spectrum is the same in all frames but for noise; `tone` adds to one band. */
function pictures(count: number, seed: number, tone = 0): RowMatrix {
  const random = openRandom(seed, 'pictures');
  const data = new Float32Array(count * width);
  for (let n = 0; n < count; n++) {
    const loud = random.normal();
    for (let i = 0; i < width; i++)
      data[n * width + i] = -50 - 3 * (i % bands) + loud + 2 * random.normal() + (i % bands === 5 ? tone : 0);
  }
  return { data, width };
}

/** Ten clips of six windows. */
const rows = pictures(60, 1);
const flat = methodNamed('dagmm-flat');
const fitTo = (options: Partial<FitOptions> = {}) =>
  flat.fit(rows, { rowKind: 'mel-flat', rowShape: [frames, bands, 1], seed: 0, ...options });
const mean = (values: Float32Array): number => values.reduce((sum, x) => sum + x, 0) / values.length;

describe('the DAGMM of flattened windows', () => {
  it('finds new normal windows hardly stranger than those it learnt, though there are fewer rows than columns', async () => {
    const { onnx, hyperparameters } = await fitTo();
    const learnt = mean(await scoreRows(onnx, rows));
    const normal = mean(await scoreRows(onnx, pictures(30, 2)));
    const odd = await scoreRows(onnx, pictures(30, 3, 12));
    expect(normal - learnt).toBeLessThan(3);
    expect(Math.min(...odd)).toBeGreaterThan(normal + 3);
    expect(hyperparameters).toMatchObject({ hidden: [60, 30, 10], code: 2, mixtureComponents: 2, period: bands });
    expect(Number(hyperparameters.unseenResidual) - Number(hyperparameters.learntResidual)).toBeLessThan(0.3);
  });

  it('gives the same bits for the same seed', async () => {
    const settings = { pretrainEpochs: 10, jointEpochs: 10 };
    const [first, second] = [await fitTo({ settings }), await fitTo({ settings })];
    expect(Buffer.compare(first.onnx, second.onnx)).toBe(0);
  });

  it('ends a phase where unseen windows are given back worse', async () => {
    const { hyperparameters } = await fitTo({
      settings: { pretrainEpochs: 2_000, jointEpochs: 20, learningRate: 3e-3 },
    });
    expect(Number(hyperparameters['kept step pretrain'])).toBeLessThan(2_000);
  });

  it('has the customer’s epochs, and more only of few rows', () => {
    const epochs = (kind: 'raw-flat' | 'mel-flat', count: number): number => {
      const { pretrainEpochs, jointEpochs } = flat.defaults?.(kind, 'customer', count, 80_384) ?? {};
      return Number(pretrainEpochs) + Number(jointEpochs);
    };
    expect(epochs('raw-flat', 1_000)).toBe(40);
    expect(epochs('mel-flat', 1_000)).toBe(30);
    expect(epochs('mel-flat', 60)).toBe(150);
  });

  it('says how many rows it needs', async () => {
    const few = flat.fit(pictures(9, 1), { rowKind: 'mel-flat', rowShape: [frames, bands, 1], seed: 0 });
    await expect(few).rejects.toThrow('expected at least 10, to learn from and to watch, found 9');
  });
});
