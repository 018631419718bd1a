import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ModelError } from '../../src/contracts.js';
import { dagmmEnsemble } from '../../src/scorers/ensemble/method.js';
import { ENSEMBLE_SETTINGS } from '../../src/scorers/ensemble/settings.js';
import { viewsOf } from '../../src/scorers/ensemble/views.js';
import type { FitOptions, FittedModel } from '../../src/scorers/method.js';
import { openScorer } from '../../src/scorers/package-scorer.js';
import { openRandom } from '../../src/scorers/random.js';
import { mapRows, type Recorded } from '../../src/scorers/recorded.js';
import type { RowMatrix } from '../../src/scorers/row-matrix.js';
import { RowScorer } from '../../src/scorers/row-scorer.js';
import { EXAMPLES, type Example, windowOf, writeExample } from './example-packages.js';
import { scorerContract } from './scorer-contract.js';

const [FRAMES, BANDS] = [20, 8];
const settings = {
  ...{ stackFrames: [4, 2], stackAxes: [16, 16], pooledFrames: [10], pooledHops: [5], pooledAxes: 12 },
  ...{ wideComponents: 2, wideRows: 600, mostRows: 900 },
};

type Fault = 'none' | 'louder band' | 'trembling' | 'knock';

/** dB of a machine whose bands wander together; windows one after the other. */
function windows(count: number, seed: number, fault: Fault = 'none'): RowMatrix {
  const random = openRandom(seed, 'windows');
  const data = new Float32Array(count * FRAMES * BANDS);
  for (let at = 0, drift = 0; at < data.length; at++) {
    const [frame, band] = [Math.floor(at / BANDS), at % BANDS];
    if (band === 0) drift = 0.8 * drift + random.normal();
    const louder = fault === 'louder band' && band === 5 ? 6 : 0;
    const trembling = fault === 'trembling' && band === 2 ? (frame % 2 === 0 ? 4 : -4) : 0;
    const knock = fault === 'knock' && frame % FRAMES === 7 ? 9 : 0;
    data[at] = -50 - 2 * band + drift + random.normal() + louder + trembling + knock;
  }
  return { data, width: FRAMES * BANDS };
}

const learn = (rows: RowMatrix, options: Partial<FitOptions> = {}): Promise<FittedModel> =>
  dagmmEnsemble.fit(rows, { rowKind: 'mel-flat', rowShape: [FRAMES, BANDS, 1], seed: 0, settings, ...options });

async function energies({ onnx, scoringRows }: FittedModel, { data, width }: RowMatrix): Promise<Float64Array> {
  const scorer = await RowScorer.open(onnx, { width, scoringRows });
  try {
    return await scorer.score([{ data, rows: data.length / width }]);
  } finally {
    await scorer.close();
  }
}

const sorted = (values: Float64Array): number[] => [...values].sort((a, b) => a - b);
const median = (values: Float64Array): number => sorted(values)[values.length >> 1] as number;

describe('an ensemble of DAGMMs on windows of sound', () => {
  let fitted: FittedModel;
  beforeAll(async () => {
    fitted = await learn(windows(120, 1));
  }, 60_000);

  it('gives each window one energy, higher for every kind of fault', async () => {
    const normal = sorted(await energies(fitted, windows(60, 2)));
    for (const fault of ['louder band', 'trembling', 'knock'] as const) {
      const odd = await energies(fitted, windows(30, 3, fault));
      expect(odd).toHaveLength(30);
      expect(median(odd), fault).toBeGreaterThan(normal.at(-4) as number);
    }
  });

  it('has energies on one scale: those of normal windows that it has not learnt are around 0, and near it', async () => {
    const normal = await energies(fitted, windows(200, 4));
    expect(Math.abs(median(normal))).toBeLessThan(1);
    const from = median(normal);
    const spread = 1.4826 * median(normal.map((e) => Math.abs(e - from)));
    expect(spread).toBeGreaterThan(0.3);
    expect(spread).toBeLessThan(2);
  });

  it('says what its views chose', () => {
    const { viewAxes, energyComponents, energySpreads } = fitted.hyperparameters;
    expect(viewAxes).toEqual([16, 16, 12]);
    // Stacks have a wide mixture beside that of the DAGMM's latent.
    expect(energyComponents).toHaveLength(5);
    expect(energySpreads).toHaveLength(5);
    expect(fitted.skippedSteps).toBe(0);
  });

  it('gives the same bits for the same seed, others for another, and reports its way from beginning to end', async () => {
    const few = { ...settings, stackFrames: [4], stackAxes: [12], pooledFrames: [] };
    const shares: number[] = [];
    const again = (seed: number) =>
      learn(windows(48, 1), {
        ...{ settings: few, seed },
        onProgress: ({ step, steps }) => steps > 0 && shares.push(step / steps),
      });
    const first = await again(0);
    expect([...shares].sort((a, b) => a - b)).toEqual(shares);
    expect(shares.at(-1)).toBe(1);
    expect(Buffer.compare((await again(0)).onnx, first.onnx)).toBe(0);
    expect(Buffer.compare((await again(1)).onnx, first.onnx)).not.toBe(0);
  }, 60_000);

  it('learns a handful of windows, all of which give the scale', async () => {
    const model = await learn(windows(12, 5));
    expect((await energies(model, windows(4, 6))).every(Number.isFinite)).toBe(true);
  }, 60_000);

  it('refuses rows that are not windows of sound, and windows too short for any view', async () => {
    await expect(learn(windows(20, 1), { rowKind: 'table', rowShape: [160] })).rejects.toThrow(
      'dagmm-ensemble: expected windows of log-mel frames [frames, bands, 1], found table [160]',
    );
    const long = { ...settings, stackFrames: [30], pooledFrames: [30] };
    await expect(learn(windows(20, 1), { settings: long })).rejects.toThrow(ModelError);
  });

  it('ends when it is cancelled', async () => {
    await expect(learn(windows(40, 1), { cancelled: () => true })).rejects.toThrow('training was cancelled');
  });
});

describe('the views of a window', () => {
  const rows = windows(3, 7);
  const [stacks, , pooled] = viewsOf({ frames: FRAMES, bands: BANDS }, { ...ENSEMBLE_SETTINGS, ...settings });
  const cutsOf = (view: typeof stacks): Promise<Float32Array> => {
    const { cut, cuts, width } = view as NonNullable<typeof stacks>;
    const flat: Recorded = ([r]) => [tf.reshape(cut(r as tf.Tensor2D), [-1, cuts * width])];
    return mapRows([{ data: rows.data, shape: [3, rows.width] }], flat, cuts * width);
  };

  it('are stacks beside each other, then those from half a stack later', async () => {
    expect(stacks).toMatchObject({ cuts: 5 + 4, width: 4 * BANDS });
    const cuts = await cutsOf(stacks);
    const second = rows.data.subarray(rows.width, 2 * rows.width);
    const own = cuts.subarray(9 * 4 * BANDS, 2 * 9 * 4 * BANDS);
    expect([...own.subarray(0, rows.width)]).toEqual([...second]);
    expect([...own.subarray(rows.width)]).toEqual([...second.subarray(2 * BANDS, 18 * BANDS)]);
  });

  it('are means, deviations and deviations of the change of stretches', async () => {
    expect(pooled).toMatchObject({ cuts: 3, width: 3 * BANDS });
    const own = (await cutsOf(pooled)).subarray(3 * BANDS, 2 * 3 * BANDS);
    const values = Array.from({ length: 10 }, (_, t) => rows.data[(5 + t) * BANDS + 3] as number);
    const mean = (x: readonly number[]): number => x.reduce((sum, v) => sum + v, 0) / x.length;
    const log = (x: readonly number[]): number => Math.log(Math.sqrt(mean(x.map((v) => (v - mean(x)) ** 2))) + 0.1);
    expect(own[3]).toBeCloseTo(mean(values), 3);
    expect(own[BANDS + 3]).toBeCloseTo(log(values), 3);
    expect(own[2 * BANDS + 3]).toBeCloseTo(log(values.slice(1).map((v, t) => v - (values[t] as number))), 3);
  });
});

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(dirname(folder), { recursive: true, force: true }))));

const example = EXAMPLES.find(({ rowKind }) => rowKind === 'mel-flat') as Example;
scorerContract({
  name: 'an ensemble',
  open: async () => {
    const folder = await writeExample(example, 60, dagmmEnsemble);
    folders.push(folder);
    return openScorer(folder);
  },
  normal: (seed) => windowOf(example, seed),
  // The example keeps no normal clips, and a stretch put back to the mean is too smooth to be normal.
  odd: (seed) => ({ window: windowOf(example, seed, true), blame: { band: example.blame.band ?? [] } }),
});
