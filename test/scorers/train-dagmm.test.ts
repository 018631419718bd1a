import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, it } from 'vitest';
import { openSession } from '../../src/engine/index.js';
import { type Checkpoint, type CheckpointStore, openCheckpoints } from '../../src/scorers/checkpoint.js';
import { applyTransform } from '../../src/scorers/input-transform.js';
import { energies, type Mixture } from '../../src/scorers/mixture-fit.js';
import { type AdamState, adamStep } from '../../src/scorers/optimiser.js';
import { openRandom } from '../../src/scorers/random.js';
import { type RowMatrix, rowsOf } from '../../src/scorers/row-matrix.js';
import { type DagmmTrainingOptions, recordModel, trainDagmm } from '../../src/scorers/train-dagmm.js';
import { areaUnderRoc } from './auc.js';

/** Normals on a curved sheet: `width` columns that two hidden numbers explain, with noise. */
function sheet(count: number, width: number, seed: number): RowMatrix {
  const random = openRandom(seed, 'sheet');
  const data = new Float32Array(count * width);
  for (let n = 0; n < count; n++) {
    const [a, b] = [random.normal(), random.normal()];
    for (let j = 0; j < width; j++) data[n * width + j] = Math.sin(a + j) + b * Math.cos(j) + 0.05 * random.normal();
  }
  return { data, width };
}

/** The same columns, each from another row: every column is as usual, their combination is not. */
function shuffledColumns({ data, width }: RowMatrix): RowMatrix {
  const count = data.length / width;
  return {
    width,
    data: data.map(
      (_, at) => data[((Math.floor(at / width) + 7 * (at % width)) % count) * width + (at % width)] as number,
    ),
  };
}

async function score(onnx: Uint8Array, rows: RowMatrix): Promise<number[]> {
  const session = await openSession(onnx);
  try {
    const { energy } = await session.run({ rows: { data: rows.data, shape: [rowsOf(rows), rows.width] } });
    return Array.from(energy?.data as Float32Array);
  } finally {
    await session.close();
  }
}

const quick: DagmmTrainingOptions = {
  rowKind: 'table',
  recipe: 'robust',
  seed: 3,
  settings: { pretrainEpochs: 80, jointEpochs: 80, batchRows: 128, members: 2, emComponents: [2, 4] },
};
const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

describe('training a flat DAGMM', () => {
  it('gives the same bits twice, and others with another seed', async () => {
    const rows = sheet(600, 8, 1);
    const [first, second] = [await trainDagmm(rows, quick), await trainDagmm(rows, quick)];
    expect(Buffer.compare(Buffer.from(first.onnx), Buffer.from(second.onnx))).toBe(0);
    const other = await trainDagmm(rows, { ...quick, seed: 4 });
    expect(Buffer.compare(Buffer.from(first.onnx), Buffer.from(other.onnx))).not.toBe(0);
  });

  it.each([
    ['table', 'robust', 8],
    ['table', 'paper', 8],
    ['mel-frames', 'robust', 320],
    ['mel-flat', 'robust', 640],
    ['image-flat', 'robust', 4096],
  ] as const)('ranks impossible combinations above normals: %s, %s', async (rowKind, recipe, width) => {
    const settings = recipe === 'paper' ? { jointEpochs: 1_500, learningRate: 1e-3 } : {};
    const { onnx, skippedSteps } = await trainDagmm(sheet(400, width, 1), { rowKind, recipe, seed: 0, settings });
    const normals = sheet(200, width, 2);
    const scores = [...(await score(onnx, normals)), ...(await score(onnx, shuffledColumns(normals)))];
    expect(scores.every(Number.isFinite)).toBe(true);
    expect(
      areaUnderRoc(
        scores,
        scores.map((_, i) => i >= 200),
      ),
    ).toBeGreaterThan(recipe === 'paper' ? 0.7 : 0.95);
    expect(skippedSteps).toBe(0);
  });

  it('scores in the graph what float64 says under both mixtures, for batches of 1, 7 and 1,000', async () => {
    const { onnx, model, views } = await trainDagmm(sheet(600, 8, 1), {
      ...quick,
      settings: { ...quick.settings, members: 1, kernelRows: 0, columnCentres: 0 },
    });
    const rows = sheet(1000, 8, 9);
    const session = await openSession(onnx);
    const { latent, energy } = await session.run({ rows: { data: rows.data, shape: [1000, 8] } });
    await session.close();
    const inGraph = Array.from(energy?.data as Float32Array);
    const z = Float64Array.from(latent?.data as Float32Array);
    const { size } = model.mixture;
    const { data: x } = applyTransform(rows, model.transform);
    const beside = Array.from({ length: 1000 }, (_, n) => [
      ...z.subarray(n * size, (n + 1) * size),
      ...x.subarray(n * 8, (n + 1) * 8),
    ]);
    const parts = [
      energies({ data: z, size }, model.mixture),
      energies({ data: Float64Array.from(beside.flat()), size: size + 8 }, model.wide as Mixture),
    ];
    expect(views?.views.map(({ name, weight }) => [name, weight])).toEqual([
      ['latent', 1],
      ['wide', 2],
    ]);
    const exact = inGraph.map((_, n) => {
      const bent = (views?.views ?? []).map(
        ({ weight, centre, spread }, v) => weight * Math.asinh(((parts[v]?.[n] as number) - centre) / spread),
      );
      return Math.sinh(bent.reduce((sum, value) => sum + value, 0) / 3);
    });
    exact.forEach((value, i) => {
      expect(Math.abs(value - (inGraph[i] as number))).toBeLessThan(1e-3 * (1 + Math.abs(value)));
    });
    for (const count of [1, 7]) {
      const few = await score(onnx, { data: rows.data.subarray(0, count * 8), width: 8 });
      few.forEach((value, i) => {
        expect(Math.abs(value - (exact[i] as number))).toBeLessThan(1e-3 * (1 + Math.abs(value)));
      });
    }
  });

  it('gives the mean of its members where the latents alone judge', async () => {
    const settings = { ...quick.settings, wideComponents: [], kernelRows: 0, columnCentres: 0 };
    const trained = await trainDagmm(sheet(600, 8, 1), { ...quick, settings });
    const rows = sheet(50, 8, 9);
    const each = await Promise.all(trained.members.map(({ model }) => score(recordModel(model), rows)));
    const mean = await score(trained.onnx, rows);
    mean.forEach((value, n) => {
      const sum = each.reduce((total, own) => total + (own[n] as number), 0);
      expect(Math.abs(value - sum / each.length)).toBeLessThan(1e-4 * (1 + Math.abs(value)));
    });
  });

  it('gives its members as many components of [z, x] each, and finite energies of rows far away', async () => {
    const trained = await trainDagmm(sheet(600, 8, 1), quick);
    const [first, second] = trained.members.map(({ model }) => model.wide);
    expect(first?.size).toBe(4 + 2 + 8);
    expect(second?.components).toBe(first?.components);
    expect(second?.mean).not.toEqual(first?.mean);
    const far = { width: 8, data: Float32Array.from({ length: 32 }, (_, i) => (i % 2 ? 1e30 : -1e6)) };
    expect((await score(trained.onnx, far)).every(Number.isFinite)).toBe(true);
  });

  it('leaves everything as it was, to the bit, in a step whose gradient or loss is not finite, and counts it', async () => {
    await tf.setBackend('cpu');
    const vector = (...values: number[]) => tf.tensor1d(values);
    const state: AdamState = [vector(0.1, -0.7), vector(0.3, 0.2), vector(0.5, 0.6), tf.scalar(4), tf.scalar(1)];
    const options = { learningRate: 1e-3, weightDecay: 1e-5, clipNorm: 1 };
    const values = (next: AdamState) => next.map((tensor) => [...tensor.dataSync()]);
    const torn = adamStep(state, vector(Number.NaN, 1), tf.scalar(1), options);
    expect(values(torn)).toEqual([...values(state).slice(0, 4), [2]]);
    expect(values(adamStep(state, vector(1, 1), tf.scalar(Number.POSITIVE_INFINITY), options))).toEqual(values(torn));
    const sound = adamStep(state, vector(1, 1), tf.scalar(1), options);
    expect(values(sound).slice(3)).toEqual([[5], [1]]);
    expect(values(sound)[0]).not.toEqual(values(state)[0]);
  });

  it('says that a training diverged', async () => {
    const settings = { ...quick.settings, pretrainEpochs: 0, jointEpochs: 4, learningRate: 1e30 };
    await expect(trainDagmm(sheet(200, 8, 1), { ...quick, settings })).rejects.toThrow('training diverged');
  });

  it('trains on constant rows and on rows of one value', async () => {
    const constant = { data: new Float32Array(64 * 4).fill(2.5), width: 4 };
    const { onnx } = await trainDagmm(constant, { ...quick, settings: {} });
    const [normal, odd] = await score(onnx, { data: Float32Array.of(2.5, 2.5, 2.5, 2.5, 9, 9, 9, 9), width: 4 });
    expect(odd).toBeGreaterThan(normal as number);
  });

  it('refuses wide rows that are all the same: there is no axis to see them along', async () => {
    const silence = { data: new Float32Array(64 * 320).fill(-100), width: 320 };
    await expect(trainDagmm(silence, { ...quick, rowKind: 'mel-frames', settings: {} })).rejects.toThrow(
      'training rows: expected rows that differ, found 64 that hardly do; if they are of sound: is the channel muted',
    );
  });

  it('refuses rows that are not finite and too few rows, naming them', async () => {
    const rows = sheet(50, 8, 1);
    rows.data[83] = Number.NaN;
    await expect(trainDagmm(rows, quick)).rejects.toThrow(
      'training rows: expected finite values, found NaN in row 10, column 3',
    );
    await expect(trainDagmm(sheet(3, 8, 1), quick)).rejects.toThrow('training rows: expected at least 8, found 3');
  });

  it('ends with an AbortError when it is cancelled', async () => {
    let calls = 0;
    const cancelled = () => ++calls > 1;
    await expect(trainDagmm(sheet(600, 8, 1), { ...quick, cancelled })).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('looks whether it is cancelled in every round of the mixture, too', async () => {
    let phase = '';
    let looks = 0;
    const cancelled = () => {
      if (phase === 'mixture') looks++;
      return looks > 10;
    };
    const onProgress = (progress: { phase: string }) => {
      phase = progress.phase;
    };
    const fit = trainDagmm(sheet(600, 8, 1), { ...quick, cancelled, onProgress });
    await expect(fit).rejects.toMatchObject({ name: 'AbortError' });
    expect(looks).toBe(11);
  });
});

describe('a training that was interrupted', () => {
  async function folder(): Promise<string> {
    const made = await mkdtemp(join(tmpdir(), 'auscult-checkpoint-'));
    folders.push(made);
    return made;
  }

  it.each([2, 9, 15, 20])(
    'goes on to the same bits after call %i, in the first or second member',
    async (interruptAt) => {
      const rows = sheet(600, 8, 1);
      const whole = await trainDagmm(rows, quick);
      const store = () => openCheckpoints({ folder: place, key: 'same', everyMs: 0 });
      const place = await folder();
      let calls = 0;
      const stopped = trainDagmm(rows, { ...quick, checkpoints: store(), cancelled: () => ++calls > interruptAt });
      await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
      const steps: number[] = [];
      const resumed = await trainDagmm(rows, {
        ...quick,
        checkpoints: store(),
        onProgress: ({ step }) => steps.push(step),
      });
      expect(steps[0]).toBeGreaterThan(64);
      expect(Buffer.compare(Buffer.from(whole.onnx), Buffer.from(resumed.onnx))).toBe(0);
      expect(resumed.finalLoss).toBe(whole.finalLoss);
    },
  );

  const checkpoint: Checkpoint = {
    phase: 'joint',
    step: 64,
    loss: 1,
    skippedBefore: 0,
    state: [{ data: Float32Array.of(1, 2), shape: [2] }],
  };
  const saved = async (place: string): Promise<CheckpointStore> => {
    const store = openCheckpoints({ folder: place, key: 'a', everyMs: 0 });
    await store.offer(() => checkpoint);
    return store;
  };

  it('reads back what it saved, and forgets it when done', async () => {
    const store = await saved(await folder());
    expect(await store.read()).toEqual(checkpoint);
    await store.clear();
    expect(await store.read()).toBeNull();
  });

  it('starts anew, and says so, when data or settings differ or the file is damaged', async () => {
    const place = await folder();
    await saved(place);
    const notes: string[] = [];
    const other = openCheckpoints({ folder: place, key: 'b', onRefused: (why) => notes.push(why) });
    expect(await other.read()).toBeNull();
    expect(notes[0]).toMatch(/expected the same data and settings; starting anew/);
    await writeFile(join(place, 'checkpoint.bin'), 'torn');
    expect(await other.read()).toBeNull();
    expect(notes[1]).toMatch(/whole checkpoint/);
  });
});

describe('the robust recipe on real data', () => {
  it('tells hyperthyroid rows from others with AUC above .95 (paper protocol)', async () => {
    const text = gunzipSync(readFileSync(new URL('../data/thyroid/thyroid.csv.gz', import.meta.url))).toString();
    const table = text
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split(',').map(Number));
    const order = openRandom(0, 'split').permutation(table.length);
    const pick = (rows: number[]): RowMatrix => ({
      data: Float32Array.from(rows.flatMap((i) => (table[i] as number[]).slice(0, 6))),
      width: 6,
    });
    const isOutlier = (i: number): boolean => table[i]?.[6] === 1;
    const half = table.length >> 1;
    const training = [...order.subarray(0, half)].filter((i) => !isOutlier(i));
    const test = [...order.subarray(half)];
    const { onnx, model } = await trainDagmm(pick(training), {
      rowKind: 'table',
      recipe: 'robust',
      seed: 0,
      settings: { members: 2 },
    });
    expect(areaUnderRoc(await score(onnx, pick(test)), test.map(isOutlier))).toBeGreaterThan(0.95);
    expect(applyTransform(pick(training), model.transform).width).toBe(6);
  });
});
