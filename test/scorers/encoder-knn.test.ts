import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigError, ModelError } from '../../src/contracts.js';
import { openSession } from '../../src/engine/session.js';
import { OWN_ENCODER } from '../../src/scorers/encoder/encoder-file.js';
import { localDensity } from '../../src/scorers/encoder/encoder-knn.js';
import { node, tensor, value, writeModel } from '../../src/scorers/encoder/onnx-message.js';
import type { FitOptions } from '../../src/scorers/method.js';
import { methodNamed } from '../../src/scorers/methods.js';
import { openRandom } from '../../src/scorers/random.js';
import type { RowMatrix } from '../../src/scorers/row-matrix.js';
import { RowScorer } from '../../src/scorers/row-scorer.js';
import { scoreRows } from './fit-baseline.js';

const folder = mkdtempSync(join(tmpdir(), 'auscult-encoder-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ints = (name: string, values: number[]) => ({ name, ints: values, type: 7 });

interface Made {
  readonly opset: number;
  readonly inputs?: ReturnType<typeof value>[];
}

/** An encoder of 8 samples: the means of both halves, by operators that have changed since operator set 11. */
function madeEncoder(file: string, { opset, inputs = [value('x', [-1, 8])] }: Made): string {
  const moved = opset >= 13;
  const axes = [tensor('one', [1], [1]), tensor('two', [2], [1])];
  const nodes = [
    node('Reshape', ['x', 'halves'], 'parts'),
    opset >= 18
      ? node('ReduceMean', ['parts', 'two'], 'means')
      : node('ReduceMean', ['parts'], 'means', [ints('axes', [2])]),
    moved ? node('Squeeze', ['means', 'two'], 'flat') : node('Squeeze', ['means'], 'flat', [ints('axes', [2])]),
    moved ? node('Unsqueeze', ['flat', 'one'], 'y') : node('Unsqueeze', ['flat'], 'y', [ints('axes', [1])]),
  ];
  const bytes = writeModel({
    irVersion: 7,
    opsetImport: [{ domain: '', version: opset }],
    graph: {
      ...{ name: 'made', node: nodes, input: inputs, output: [value('y', [-1, 1, 2])] },
      initializer: [tensor('halves', [-1, 2, 4], [3]), ...axes],
    },
  });
  const path = join(folder, file);
  writeFileSync(path, bytes);
  return path;
}

/** Windows of 8 samples whose halves have these means. */
function windows(means: readonly (readonly [number, number])[]): RowMatrix {
  return { data: Float32Array.from(means.flatMap(([a, b]) => [a, a, a, a, b, b, b, b])), width: 8 };
}

const method = methodNamed('encoder-knn');
const fitTo = (rows: RowMatrix, settings: FitOptions['settings']) =>
  method.fit(rows, { rowKind: 'raw-flat', rowShape: [rows.width], seed: 0, settings });

/** A square of dense points, and one far off. */
const known = windows([...[0, 0.1, 0.2].flatMap((a) => [0, 0.1, 0.2].map((b) => [a, b] as const)), [4, 0]]);

describe('the distance to the nearest embedding', () => {
  it.each([11, 13, 17, 18, 21])(
    'is counted in how densely that lies, with an encoder of operator set %i',
    async (opset) => {
      const { onnx, hyperparameters } = await fitTo(known, {
        encoder: madeEncoder(`${opset}.onnx`, { opset }),
        neighbours: 1,
      });
      const [beside = 0, there = 0, faraway = 0] = await scoreRows(
        onnx,
        windows([
          [-0.1, 0],
          [4, 0.1],
          [-3, 0],
        ]),
      );
      expect(hyperparameters.embeddingSize).toBe(2);
      expect(beside).toBeCloseTo(0.1 / 0.1, 2);
      expect(there).toBeCloseTo(0.1 / 3.8, 2);
      expect(faraway).toBeCloseTo(Math.min(3 / 0.1, 7 / 3.8), 2);
    },
  );

  it('knows how densely points lie', () => {
    const line = { data: Float32Array.of(0, 1, 3, 7), width: 1 };
    expect([...localDensity(line, 1)]).toEqual([1, 1, 2, 4]);
    expect([...localDensity(line, 2)]).toEqual([2, 1.5, 2.5, 5]);
    expect([...localDensity(line, 9)].map((d) => d * 3)).toEqual([11, 9, 9, 17].map((d) => expect.closeTo(d, 5)));
  });

  it('multiplies samples as it is told', async () => {
    const encoder = madeEncoder('scaled.onnx', { opset: 13 });
    const plain = await fitTo(known, { encoder, neighbours: 1 });
    const scaled = await fitTo(known, { encoder, neighbours: 1, inputScale: 1000 });
    const odd = windows([[0.4, 0.7]]);
    expect((await scoreRows(scaled.onnx, odd))[0]).toBeCloseTo((await scoreRows(plain.onnx, odd))[0] as number, 3);
    expect(scaled.hyperparameters.inputScale).toBe(1000);
  });
});

describe('an encoder', () => {
  const refused = (encoder: string, rows = known) => expect(fitTo(rows, { encoder })).rejects;

  it('is refused by name when it is no model, too old, or wants something else than samples', async () => {
    writeFileSync(join(folder, 'text.onnx'), 'no model');
    await refused(join(folder, 'absent.onnx')).toThrow(ConfigError);
    await refused(join(folder, 'text.onnx')).toThrow('text.onnx: expected an ONNX model');
    await refused(madeEncoder('old.onnx', { opset: 9 })).toThrow(
      'old.onnx: expected ONNX operator set 11 or newer, found 9',
    );
    const two = [value('x', [-1, 8]), value('mask', [-1, 8])];
    await refused(madeEncoder('two.onnx', { opset: 13, inputs: two })).toThrow(
      'expected one input of float32, found x, mask',
    );
    const long = madeEncoder('long.onnx', { opset: 13, inputs: [value('x', [1, 16])] });
    await refused(long).toThrow('long.onnx: expects input [1,16], found [8]');
  });

  it('is refused for windows that it fails on', async () => {
    const rows = { data: Float32Array.from({ length: 90 }, (_, i) => i), width: 9 };
    const open = madeEncoder('open.onnx', { opset: 13, inputs: [value('x', [-1, -1])] });
    await refused(open, rows).toThrow(/open.onnx: cannot be joined for windows of 9 samples/);
  });

  it('is only for samples', async () => {
    const pictures = method.fit(known, { rowKind: 'mel-flat', rowShape: [2, 4, 1], seed: 0 });
    await expect(pictures).rejects.toThrow(ModelError);
  });
});

/** 2 s of a tone in noise. */
function tones(count: number, seed: number, hz: number): RowMatrix {
  const random = openRandom(seed, 'tones');
  const width = 32_768;
  const data = new Float32Array(count * width);
  for (let n = 0; n < count; n++)
    for (let t = 0; t < width; t++)
      data[n * width + t] = 0.1 * Math.sin((2 * Math.PI * hz * t) / 16_000) + 0.02 * random.normal();
  return { data, width };
}

describe("openWakeWord's encoder", () => {
  it('gives in one graph what its files give one after the other, and windows the same bits alone and among others', async () => {
    const normal = tones(8, 1, 440);
    const { onnx, hyperparameters, scoringRows } = await fitTo(normal, { neighbours: 2 });
    expect(hyperparameters).toMatchObject({
      inputScale: 32_768,
      stageScale: 0.1,
      stageShift: 2,
      stageHop: 8,
      embeddingSize: 96,
    });
    const probe = {
      data: new Float32Array([...tones(1, 2, 440).data, ...tones(1, 3, 1500).data]),
      width: normal.width,
    };
    const expected = await byHand(normal, probe);
    const scorer = await RowScorer.open(onnx, { width: normal.width, scoringRows });
    try {
      const both = await scorer.score([{ data: probe.data, rows: 2 }]);
      const alone = await scorer.score([{ data: probe.data.slice(normal.width), rows: 1 }]);
      both.forEach((energy, i) => {
        expect(energy).toBeCloseTo(expected[i] as number, 3);
      });
      expect(alone[0]).toBe(both[1]);
      expect(both[1]).toBeGreaterThan(2 * (both[0] as number));
    } finally {
      await scorer.close();
    }
  }, 60_000);
});

/** With plain sessions and loops. */
async function byHand(normal: RowMatrix, probe: RowMatrix): Promise<number[]> {
  const [mel, embedding] = await Promise.all(OWN_ENCODER.map((path) => openSession(readFileSync(path))));
  if (!mel || !embedding) throw new RangeError('no encoder');
  const embed = async (samples: Float32Array): Promise<number[]> => {
    const scaled = samples.map((x) => x * 32_768);
    const { output } = await mel.run({ input: { data: scaled, shape: [1, samples.length] } });
    const picture = Float32Array.from(output?.data as Float32Array, (x) => x / 10 + 2);
    const starts = Array.from({ length: 1 + Math.floor((picture.length / 32 - 76) / 8) }, (_, i) => i * 8);
    const sums = new Array<number>(96).fill(0);
    for (const start of starts) {
      const piece = picture.slice(start * 32, (start + 76) * 32);
      const { conv2d_19: out } = await embedding.run({ input_1: { data: piece, shape: [1, 76, 32, 1] } });
      for (const [j, x] of Array.from(out?.data ?? [], Number).entries())
        sums[j] = (sums[j] as number) + x / starts.length;
    }
    return sums;
  };
  const all = async ({ data, width }: RowMatrix): Promise<number[][]> => {
    const found: number[][] = [];
    for (let at = 0; at < data.length; at += width) found.push(await embed(data.slice(at, at + width)));
    return found;
  };
  const [references, probes] = [await all(normal), await all(probe)];
  await Promise.all([mel.close(), embedding.close()]);
  const apart = (a: number[], b: number[]): number => Math.hypot(...a.map((x, j) => x - (b[j] as number)));
  const density = references.map((y, n) => {
    const others = references.filter((_, m) => m !== n).map((other) => apart(y, other));
    const [first = 0, second = 0] = others.sort((a, b) => a - b);
    return (first + second) / 2;
  });
  return probes.map((x) => Math.min(...references.map((y, n) => apart(x, y) / (density[n] as number))));
}
