import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, it } from 'vitest';
import { arcFaceLoss, cosines } from '../../src/scorers/identity/arc-face.js';
import { pictureStatistics, statisticsInGraph } from '../../src/scorers/identity/picture-statistics.js';
import { PSEUDO_CLASSES, pseudoClass } from '../../src/scorers/identity/pseudo-classes.js';
import type { FitOptions } from '../../src/scorers/method.js';
import { methodNamed } from '../../src/scorers/methods.js';
import { openRandom } from '../../src/scorers/random.js';
import type { RowMatrix } from '../../src/scorers/row-matrix.js';
import { scoreRows } from './fit-baseline.js';

const size = { frames: 20, bands: 16 };
const width = size.frames * size.bands;

/** Pictures of a hum with a beat, dB; a fault moves its peak by some bands. */
function pictures(count: number, seed: number, peak = 5): RowMatrix {
  const random = openRandom(seed, 'pictures');
  const data = new Float32Array(count * width);
  for (let n = 0; n < count; n++) {
    const phase = 6 * random.uniform();
    for (let i = 0; i < width; i++) {
      const [frame, band] = [Math.floor(i / size.bands), i % size.bands];
      const tone = -60 + 30 * Math.exp(-0.5 * (band - peak) ** 2);
      data[n * width + i] = tone + 3 * Math.sin(frame + phase) + random.normal();
    }
  }
  return { data, width };
}

const rows = pictures(80, 1);
const method = methodNamed('dagmm-id');
const fitTo = (options: Partial<FitOptions> = {}) =>
  method.fit(rows, { rowKind: 'mel-flat', rowShape: [size.frames, size.bands, 1], seed: 0, ...options });
const mean = (values: Float32Array): number => values.reduce((sum, x) => sum + x, 0) / values.length;

describe('a pseudo-class', () => {
  const one = { data: Float32Array.from({ length: 12 }, (_, i) => 10 * Math.floor(i / 3) + (i % 3)), width: 12 };
  const changed = (name: string): number[] => [...pseudoClass(one, { frames: 4, bands: 3 }, name, 0).data];

  it('is another picture of the same size, with every value measured or between two that were', () => {
    for (const name of PSEUDO_CLASSES) {
      const { data } = pseudoClass(rows, size, name, 1);
      expect(data).toHaveLength(rows.data.length);
      expect(data.every(Number.isFinite)).toBe(true);
      expect(data).not.toEqual(rows.data);
    }
  });

  it('moves the pitch, the outermost band standing in', () => {
    expect(changed('pitch up')).toEqual([0, 0, 1, 10, 10, 11, 20, 20, 21, 30, 30, 31]);
    expect(changed('pitch down')).toEqual([1, 2, 2, 11, 12, 12, 21, 22, 22, 31, 32, 32]);
  });

  it('stretches time, and runs back at its end', () => {
    expect(changed('slower').filter((_, i) => i % 3 === 0)).toEqual([0, 8, 16, 24].map((v) => expect.closeTo(v, 4)));
    expect(changed('faster').filter((_, i) => i % 3 === 0)).toEqual(
      [0, 12.5, 25, 22.5].map((v) => expect.closeTo(v, 4)),
    );
  });

  it('has one third of its bands louder by 6 dB', () => {
    expect(changed('middle louder').slice(0, 3)).toEqual([0, 7, 2]);
  });

  it('mixes powers', () => {
    const two = { data: Float32Array.of(0, 0, 10, 10), width: 2 };
    const { data } = pseudoClass(two, { frames: 1, bands: 2 }, 'mixed', 0);
    data.forEach((v) => {
      expect(v).toBeCloseTo(10 * Math.log10(5.5), 4);
    });
  });
});

describe('ArcFace', () => {
  beforeAll(() => tf.setBackend('cpu'));

  const loss = (degrees: number, margin: number): number => {
    const angle = (degrees * Math.PI) / 180;
    const code = tf.tensor2d([[2 * Math.cos(angle), 2 * Math.sin(angle)]]);
    const classes = tf.tensor2d([
      [3, 0],
      [0, -1],
    ]);
    return arcFaceLoss(cosines(code, classes), tf.tensor2d([[1, 0]]), 5, margin).dataSync()[0] as number;
  };

  it('is the cross-entropy of s·cos(θ + m) of the own class and s·cos θ of the others', () => {
    const angle = Math.PI / 6;
    const [own, other] = [5 * Math.cos(angle + 0.5), 5 * -Math.sin(angle)];
    expect(loss(30, 0.5)).toBeCloseTo(Math.log(Math.exp(own) + Math.exp(other)) - own, 3);
  });

  it('grows with the margin, and with the angle even beyond π − m', () => {
    expect(loss(30, 0.5)).toBeGreaterThan(loss(30, 0));
    const angles = [-90, -60, -30].map((degrees) => loss(degrees, 0.5));
    expect(angles[0]).toBeGreaterThan(angles[1] as number);
    expect(angles[1]).toBeGreaterThan(angles[2] as number);
    expect(loss(179, 0.5)).toBeGreaterThan(loss(155, 0.5));
  });
});

describe('statistics of a picture', () => {
  it('are the same in a graph and out of it', async () => {
    await tf.setBackend('cpu');
    const some = pictures(3, 7);
    const inGraph = statisticsInGraph(tf.tensor2d(some.data, [3, width]), size).dataSync();
    pictureStatistics(some, size).data.forEach((value, i) => {
      expect(inGraph[i]).toBeCloseTo(value, 3);
    });
  });
});

describe('the DAGMM that knows its machine', () => {
  it('learns to tell it, and finds what is odd, with the same bits for the same seed', async () => {
    const settings = { pretrainEpochs: 40, jointEpochs: 150 };
    const [first, second] = [await fitTo({ settings }), await fitTo({ settings })];
    expect(Buffer.compare(first.onnx, second.onnx)).toBe(0);
    const normal = await scoreRows(first.onnx, pictures(30, 2));
    const odd = await scoreRows(first.onnx, pictures(30, 3, 6.5));
    expect(Math.min(...odd)).toBeGreaterThan(mean(normal) + 3);
    expect(Number(first.hyperparameters.unseenIdentity)).toBeLessThan(Math.log(9));
    const far = { data: rows.data.map((x) => x * 1e4), width };
    expect((await scoreRows(first.onnx, far)).every(Number.isFinite)).toBe(true);
  });

  it('tells a code that no longer varies', async () => {
    const notes: string[] = [];
    // Weights that decay this much are 0 when the phase is looked at, at its end.
    const settings = { pretrainEpochs: 60, jointEpochs: 60, lookEvery: 60, learningRate: 0.01, weightDecay: 1_000 };
    await fitTo({ settings, onNote: (note) => notes.push(note) });
    expect(notes).toContain('collapse: latent 0, 1, 2, 3, 4, 5, 6 of 11 hardly varies');
  });

  it('refuses what is no picture', async () => {
    await expect(fitTo({ rowKind: 'table', rowShape: [width] })).rejects.toThrow(
      `dagmm-id: expected pictures of log-mel, found table [${width}]`,
    );
  });
});
