import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { openSession } from '../../src/engine/index.js';
import { openCheckpoints } from '../../src/scorers/checkpoint.js';
import type { FitOptions, FittedModel, Method } from '../../src/scorers/method.js';
import { NEURAL_METHODS } from '../../src/scorers/neural/methods.js';
import { PHASE_STEPS } from '../../src/scorers/neural/settings.js';
import { openRandom } from '../../src/scorers/random.js';
import { type RowMatrix, rowsOf } from '../../src/scorers/row-matrix.js';

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

function rowsLike(count: number, width: number, seed: number): RowMatrix {
  const random = openRandom(seed, 'rows');
  const data = new Float32Array(count * width);
  for (let n = 0; n < count; n++) {
    const [a, b] = [random.normal(), random.normal()];
    for (let j = 0; j < width; j++) data[n * width + j] = Math.sin(a + j) + b * Math.cos(j) + 0.05 * random.normal();
  }
  return { data, width };
}

const rows = rowsLike(150, 5, 1);
/** Over 64 steps a phase, so that each takes more than one native call. */
const settings = { jointEpochs: 40, pretrainEpochs: 40, layerEpochs: 4, batchRows: 64, learningRate: 1e-3 };
const fitTo = (method: Method, options: Partial<FitOptions> = {}): Promise<FittedModel> =>
  method.fit(rows, { rowKind: 'table', seed: 0, settings, ...options });
const named = (name: string): Method => NEURAL_METHODS.find((method) => method.name === name) as Method;
const same = (a: FittedModel, b: FittedModel): boolean => Buffer.compare(a.onnx, b.onnx) === 0;

async function run(onnx: Uint8Array, { data, width }: RowMatrix) {
  const session = await openSession(onnx);
  try {
    return await session.run({ rows: { data, shape: [data.length / width, width] } });
  } finally {
    await session.close();
  }
}

describe('every neural baseline', () => {
  it.each(NEURAL_METHODS.map((method) => [method.name, method] as const))(
    '%s gives the same bits for the same seed, others for another, and finite energies however far a row is',
    async (_, method) => {
      const [first, second, other] = [await fitTo(method), await fitTo(method), await fitTo(method, { seed: 1 })];
      expect(same(first, second)).toBe(true);
      expect(same(first, other)).toBe(false);
      expect(first.skippedSteps).toBe(0);
      const far = { ...rows, data: rows.data.map((v) => (v + 1) * 1e6) };
      for (const seen of [rows, far]) {
        const { energy } = await run(first.onnx, seen);
        expect(energy?.shape).toEqual([rowsOf(rows)]);
        expect(Array.from(energy?.data ?? [Number.NaN], Number).every(Number.isFinite)).toBe(true);
      }
    },
  );

  it.each(['dagmm-p', 'pae-gmm', 'dcn'])('%s goes on to the same bits after any interruption', async (name) => {
    const whole = await fitTo(named(name));
    for (const interruptAt of [1, 4, 6]) {
      const folder = await mkdtemp(join(tmpdir(), 'auscult-neural-'));
      folders.push(folder);
      const store = () => openCheckpoints({ folder, key: 'same', everyMs: 0 });
      let calls = 0;
      const stopped = fitTo(named(name), { checkpoints: store(), cancelled: () => ++calls > interruptAt });
      await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
      const first: number[] = [];
      const resumed = await fitTo(named(name), {
        checkpoints: store(),
        onProgress: ({ step }) => first.push(step),
      });
      expect(first[0]).toBeGreaterThan(12);
      expect(same(whole, resumed)).toBe(true);
      expect(resumed.epochs).toBe(whole.epochs);
    }
  });

  it.each(NEURAL_METHODS.filter(({ recipes }) => recipes.includes('paper-full')))(
    'takes at most 4,000 steps a phase by default, and the epochs of the paper where it is asked for them: $name',
    ({ recipes, defaults }) => {
      expect(recipes[0]).toBe('paper');
      // Thyroid: 1,840 normal rows, 2 batches an epoch, 20,000 epochs.
      const longest = (recipe: string): number => {
        const { pretrainEpochs, jointEpochs } = defaults?.('table', recipe, 1_840, 6) ?? {};
        return Math.max(Number(pretrainEpochs), Number(jointEpochs));
      };
      expect(longest('paper') * 2).toBe(PHASE_STEPS);
      expect(longest('paper-full')).toBe(20_000);
    },
  );

  it('refuses too few rows and rows that are not finite', async () => {
    for (const method of NEURAL_METHODS) {
      await expect(method.fit(rowsLike(3, 5, 1), { rowKind: 'table', seed: 0 })).rejects.toThrow('at least 8, found 3');
      const torn = rowsLike(20, 5, 1);
      torn.data[7] = Number.POSITIVE_INFINITY;
      const refused = method.fit(torn, { rowKind: 'table', seed: 0 });
      await expect(refused).rejects.toThrow('found Infinity in row 1, column 2');
    }
  });

  it('loads no TensorFlow.js before it fits', async () => {
    const methods = new URL('../../dist/scorers/neural/methods.js', import.meta.url);
    const script = `await import('${methods}'); console.log(Object.keys((await import('node:module')).default._cache).some((file) => file.includes('tfjs')));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
    expect(stdout.trim()).toBe('false');
  });
});

describe('the untrained control', () => {
  it('takes no step, even where epochs are asked for, and has no loss', async () => {
    const { epochs, finalLoss, onnx } = await fitTo(named('dagmm-untrained'));
    expect({ epochs, finalLoss }).toEqual({ epochs: 0, finalLoss: null });
    expect(same({ onnx } as FittedModel, await fitTo(named('dagmm-untrained'), { settings: { batchRows: 64 } }))).toBe(
      true,
    );
  });
});

describe('relatives', () => {
  it('share what they say they share: pae, pae-gmm and pae-gmm-em have the same codes', async () => {
    const latents = await Promise.all(
      ['pae', 'pae-gmm', 'pae-gmm-em'].map(async (name) => {
        const { latent } = await run((await fitTo(named(name))).onnx, rows);
        const width = latent?.shape[1] ?? 0;
        return Array.from(latent?.data as Float32Array).filter((_, at) => at % width === 0);
      }),
    );
    expect(latents[1]).toEqual(latents[0]);
    expect(latents[2]).toEqual(latents[0]);
  });

  it('score one dsebm in two ways: dsebm-e by energy, dsebm-r by the square of its slope', async () => {
    const [e, r] = [await fitTo(named('dsebm-e')), await fitTo(named('dsebm-r'))];
    expect(e.finalLoss).toBe(r.finalLoss);
    const one = { data: rows.data.slice(0, 5), width: 5 };
    const energyAt = async (data: Float32Array): Promise<number> => {
      const { energy } = await run(e.onnx, { data, width: 5 });
      return Number(energy?.data[0]);
    };
    const deviation = deviations(rows);
    let square = 0;
    for (let j = 0; j < 5; j++) {
      const step = 0.02 * (deviation[j] as number);
      const moved = (by: number) => one.data.with(j, (one.data[j] as number) + by);
      square += ((await energyAt(moved(step))) - (await energyAt(moved(-step)))) ** 2 / 0.04 ** 2;
    }
    const { energy } = await run(r.onnx, one);
    expect(Math.abs(square / Number(energy?.data[0]) - 1)).toBeLessThan(0.01);
  });

  it('find the τ of algorithm-1 where 95 % of the training rows lie below', async () => {
    const { onnx, hyperparameters } = await fitTo(named('algorithm-1'));
    const { energy, latent } = await run(onnx, rows);
    expect(latent?.shape[1]).toBe(Number(hyperparameters.code) + 1);
    const below = Array.from(energy?.data as Float32Array).filter((e) => e < Number(hyperparameters.tau) - 1e-3);
    expect(below.length / rowsOf(rows)).toBeCloseTo(0.95, 1);
  });
});

function deviations({ data, width }: RowMatrix): number[] {
  const count = data.length / width;
  return Array.from({ length: width }, (_, j) => {
    const column = Array.from({ length: count }, (_, n) => data[n * width + j] as number);
    const mean = column.reduce((a, b) => a + b, 0) / count;
    return Math.sqrt(column.reduce((a, b) => a + (b - mean) ** 2, 0) / count);
  });
}
