import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ModelError } from '../../src/contracts.js';
import { openCheckpoints } from '../../src/scorers/checkpoint.js';
import { heldOutBlocks, standardise } from '../../src/scorers/convolutional/picture-rows.js';
import { pictureSides } from '../../src/scorers/convolutional/picture-shape.js';
import { pictureSettings } from '../../src/scorers/convolutional/settings.js';
import type { FitOptions } from '../../src/scorers/method.js';
import { methodNamed } from '../../src/scorers/methods.js';
import { RowScorer } from '../../src/scorers/row-scorer.js';
import { areaUnderRoc } from './auc.js';
import { energiesOf, waves } from './pictures.js';

const small = { stages: [8, 16], pretrainEpochs: 12, jointEpochs: 4, pretrainBatch: 16, jointBatch: 64 };
const options: FitOptions = { rowKind: 'mel-flat', rowShape: [16, 16, 1], seed: 2, settings: small };
const bits = (onnx: Uint8Array): string => Buffer.from(onnx).toString('base64');
const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

describe.each(['dagmm-conv', 'dagmm-residual'])('%s', (name) => {
  const method = methodNamed(name);
  const rows = waves(160, [16, 16, 1], 1);

  it('gives the same bits twice, and others with another seed', async () => {
    const [first, second] = [await method.fit(rows, options), await method.fit(rows, options)];
    expect(bits(second.onnx)).toBe(bits(first.onnx));
    expect(second.hyperparameters).toEqual(first.hyperparameters);
    expect(bits((await method.fit(rows, { ...options, seed: 3 })).onnx)).not.toBe(bits(first.onnx));
  });

  it.each([2, 9])('goes on to the same bits after call %d', async (interruptAt) => {
    const place = await mkdtemp(join(tmpdir(), 'auscult-pictures-'));
    folders.push(place);
    const checkpoints = () => openCheckpoints({ folder: place, key: 'same', everyMs: 0 });
    const whole = await method.fit(rows, options);
    let calls = 0;
    const stopped = method.fit(rows, {
      ...options,
      checkpoints: checkpoints(),
      cancelled: () => ++calls > interruptAt,
    });
    await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
    const resumed = await method.fit(rows, { ...options, checkpoints: checkpoints() });
    expect(bits(resumed.onnx)).toBe(bits(whole.onnx));
    expect(resumed.hyperparameters).toEqual(whole.hyperparameters);
  });

  it.each([
    ['mel-flat', [16, 16, 1]],
    ['image-flat', [16, 16, 3]],
    ['mel-flat', [19, 13, 1]],
  ] as const)('ranks waves of another length above normal ones: %s of %s', async (rowKind, rowShape) => {
    const { onnx, skippedSteps } = await method.fit(waves(160, rowShape, 1), { ...options, rowKind, rowShape });
    const scores = [
      ...(await energiesOf(onnx, waves(40, rowShape, 5))),
      ...(await energiesOf(onnx, waves(40, rowShape, 6, true))),
    ];
    expect(scores.every(Number.isFinite)).toBe(true);
    expect(skippedSteps).toBe(0);
    expect(
      areaUnderRoc(
        scores,
        scores.map((_, i) => i >= 40),
      ),
    ).toBeGreaterThan(0.95);
  });

  it('gives a picture the same bits alone and among others, and finite energy far away', async () => {
    const { onnx, scoringRows } = await method.fit(rows, options);
    const scorer = await RowScorer.open(onnx, { width: rows.width, scoringRows });
    try {
      const blocks = Array.from({ length: 9 }, (_, n) => ({ data: rows.data.slice(n * 256, n * 256 + 256), rows: 1 }));
      const together = await scorer.score(blocks);
      for (const [n, block] of blocks.entries()) expect((await scorer.score([block]))[0]).toBe(together[n]);
      expect((await scorer.score([{ data: new Float32Array(256).fill(1e6), rows: 1 }]))[0]).toSatisfy(Number.isFinite);
    } finally {
      await scorer.close();
    }
  });

  it('learns from eight pictures that are all the same, and says that nothing varies', async () => {
    const notes: string[] = [];
    const alike = { data: new Float32Array(8 * 256).fill(0.5), width: 256 };
    const { onnx } = await method.fit(alike, { ...options, onNote: (line) => notes.push(line) });
    expect(await energiesOf(onnx, alike)).toSatisfy((energies: number[]) => energies.every(Number.isFinite));
    expect(notes).toContainEqual(expect.stringMatching(/^collapse: latent .* of 10 hardly varies$/));
  });

  it('keeps the parameters with the best held-out error, and says what it saw', async () => {
    const { hyperparameters } = await method.fit(rows, options);
    for (const [phase, batch] of [
      ['pretrain', 16],
      ['joint', 64],
    ] as const) {
      const errors = hyperparameters[`${phase} held-out errors`] as number[];
      const best = errors.indexOf(Math.min(...errors));
      expect(hyperparameters[`${phase} kept after steps`]).toBe((best + 1) * Math.ceil(136 / batch));
    }
    const expected = [
      'check error held out',
      'check latent variance',
      'check effective components',
      'check mixed higher',
    ];
    expect(Object.keys(hyperparameters)).toEqual(expect.arrayContaining(expected));
  });

  it('ends a phase early when held-out pictures are no longer reconstructed better', async () => {
    const settings = { ...small, learningRate: 0, weightDecay: 0, patience: 3, stages: [8] };
    const { hyperparameters } = await method.fit(rows, { ...options, settings });
    expect((hyperparameters['joint held-out errors'] as number[]).length).toBeLessThanOrEqual(4);
    if (name === 'dagmm-conv') expect(hyperparameters['pretrain held-out errors']).toHaveLength(4);
  });
});

describe('what a convolutional DAGMM is given', () => {
  const learnFrom = (rowShape: readonly number[]) =>
    methodNamed('dagmm-conv').fit(waves(20, [12, 10, 1], 1), { ...options, rowShape });

  it('must be pictures of one or three channels, eight pixels or more a side', async () => {
    await expect(learnFrom([120])).rejects.toThrow(ModelError);
    await expect(learnFrom([120])).rejects.toThrow(
      'expected rows that are pictures (height, width, 1 or 3), found (120)',
    );
    await expect(learnFrom([12, 5, 2])).rejects.toThrow('found (12,5,2)');
    await expect(learnFrom([30, 4, 1])).rejects.toThrow('expected sides of at least 8, found 30 × 4');
  });

  it('has as many stages as halve its smaller side to four', () => {
    const stages = [32, 64, 128, 256];
    expect(pictureSides([64, 64, 3], stages).stages).toEqual(stages);
    expect(pictureSides([156, 64, 1], stages).stages).toEqual(stages);
    expect(pictureSides([512, 512, 1], stages).stages).toEqual(stages);
    expect(pictureSides([40, 33, 1], stages).stages).toEqual([32, 64, 128]);
    expect(pictureSides([8, 100, 1], stages).stages).toEqual([32]);
  });

  it('is standardised by band for sound and by channel for pictures', () => {
    const data = Float32Array.of(1, 10, 3, 30, 5, 50, 7, 70);
    const one = { width: 2, channels: 1 };
    const byBand = standardise({ data, width: 4 }, one, 'band', 10);
    expect([...byBand.shift]).toEqual([4, 40, 4, 40]);
    expect(byBand.scale[0]).toBeCloseTo(1 / Math.sqrt(5), 6);
    const byChannel = standardise({ data, width: 4 }, one, 'channel', 10);
    expect([...byChannel.shift]).toEqual([22, 22, 22, 22]);
  });

  it('is parted into whole blocks, of which at least one is held out', () => {
    for (const rows of [8, 21, 160, 1003]) {
      const { learnt, heldOut } = heldOutBlocks(rows, 0.15, 4);
      expect([...learnt, ...heldOut].sort((a, b) => a - b)).toEqual(Array.from({ length: rows }, (_, n) => n));
      expect(heldOut.length / rows).toBeGreaterThan(0.1);
      expect(heldOut.length / rows).toBeLessThan(0.2);
    }
  });

  it('has batches that a mixture can be estimated from, where there are rows for it', () => {
    for (const rows of [8, 100, 400, 5_000]) {
      const { jointBatch, components, code, emComponents } = pictureSettings('mel-flat', rows);
      expect(jointBatch).toBeGreaterThanOrEqual(Math.min(Math.floor(0.85 * rows), 10 * components * (code + 2)));
      expect(Math.max(...emComponents)).toBeLessThanOrEqual(Math.max(1, rows / 100));
    }
  });
});
