import { describe, expect, it, onTestFinished } from 'vitest';
import { openSession } from '../../src/engine/index.js';
import { openRandom } from '../../src/scorers/random.js';
import { settingsFor } from '../../src/scorers/recipes.js';
import { recordScoring } from '../../src/scorers/recorded.js';
import type { RowMatrix } from '../../src/scorers/row-matrix.js';
import { RowScorer } from '../../src/scorers/row-scorer.js';
import { fitRowViews, type RowViews, viewedEnergy } from '../../src/scorers/row-views/row-views.js';
import { type TrainedDagmm, trainDagmm } from '../../src/scorers/train-dagmm.js';

/** Four columns: independent, or the same number with a little noise. */
function rowsOf(count: number, kind: 'apart' | 'together', seed: number): RowMatrix {
  const random = openRandom(seed, 'rows');
  const row = (): number[] => {
    const common = random.normal();
    return Array.from({ length: 4 }, () => (kind === 'apart' ? random.normal() : common + 0.05 * random.normal()));
  };
  return { width: 4, data: Float32Array.from(Array.from({ length: count }, row).flat()) };
}

const train = (rows: RowMatrix, settings = {}): Promise<TrainedDagmm> =>
  trainDagmm(rows, {
    ...{ rowKind: 'table', recipe: 'robust', seed: 1 },
    settings: { pretrainEpochs: 10, jointEpochs: 10, members: 2, ...settings },
  });

const weights = ({ views }: TrainedDagmm): Record<string, number> =>
  Object.fromEntries((views?.views ?? []).map(({ name, weight }) => [name, weight]));

async function energiesOf(
  { onnx }: Pick<TrainedDagmm, 'onnx'>,
  rows: readonly (readonly number[])[],
): Promise<number[]> {
  const session = await openSession(onnx);
  const { energy } = await session.run({ rows: { data: Float32Array.from(rows.flat()), shape: [rows.length, 4] } });
  await session.close();
  return Array.from(energy?.data as Float32Array);
}

describe('the views of a row', () => {
  it('judge columns apart where they know nothing of each other, and not where they are one', async () => {
    const [apart, together] = [await train(rowsOf(400, 'apart', 1)), await train(rowsOf(400, 'together', 1))];
    expect(weights(apart).columns).toBeGreaterThan(1);
    expect(weights(apart).wide).toBeLessThan(1.5);
    expect(weights(together)).toEqual({ latent: 1, wide: 2, kernel: 1 });
  });

  it('lie on one scale: the usual row is near 0, a row among the rarest tenth of a percent is some deviations off', async () => {
    const trained = await train(rowsOf(400, 'apart', 1));
    const usual = await energiesOf(trained, chunks(rowsOf(400, 'apart', 2)));
    const sorted = [...usual].sort((a, b) => a - b);
    expect(Math.abs(sorted[200] as number)).toBeLessThan(1);
    const [far = 0, farther = 0] = await energiesOf(trained, [
      [4, 4, -4, 4],
      [40, 40, -40, 40],
    ]);
    expect(far).toBeGreaterThan(sorted[399] as number);
    expect(farther).toBeGreaterThan(far);
  });

  it('give a usual row the same bits alone and among others', async () => {
    const width = 16;
    const rows = (count: number, seed: number): RowMatrix => {
      const random = openRandom(seed, 'rows');
      return { width, data: Float32Array.from({ length: count * width }, () => random.normal()) };
    };
    const few = { pretrainEpochs: 5, jointEpochs: 5, members: 1, wideComponents: [], columnCentres: 0 };
    const { onnx } = await train(rows(300, 1), few);
    const scorer = await RowScorer.open(onnx, { width, scoringRows: 64 });
    onTestFinished(() => scorer.close());
    const blocks = chunks(rows(400, 2)).map((row) => ({ data: Float32Array.from(row), rows: 1 }));
    const alone: number[] = [];
    for (const block of blocks) alone.push(...(await scorer.score([block])));
    expect([...(await scorer.score(blocks))]).toEqual(alone);
  });

  it('are left to the latents where nothing else is asked for: energies are nats of the mixture', async () => {
    const alone = await train(rowsOf(200, 'apart', 1), { wideComponents: [], kernelRows: 0, columnCentres: 0 });
    expect(alone.views).toBeNull();
  });

  it('end with an AbortError when cancelled', async () => {
    const rows = rowsOf(200, 'apart', 1);
    const { members } = await train(rows);
    const fit = fitRowViews(rows, members, { seed: 1, cancelled: () => true });
    await expect(fit).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('a kernel density of whitened rows', () => {
  const alone = { wideComponents: [], columnCentres: 0, kernelRows: 400 };
  const names = (trained: TrainedDagmm): string[] => (trained.views?.views ?? []).map(({ name }) => name);

  it('finds what breaks the rule that columns follow each other far away, where that of the columns themselves does not', async () => {
    const rows = rowsOf(400, 'together', 1);
    const broken = [0.5, -0.5, 0.5, -0.5];
    const distance = async (kernelAxes: number): Promise<number> => {
      const trained = await train(rows, { ...alone, kernelAxes });
      const all = trained.views as RowViews;
      const views = all.views.map((view) => ({ ...view, weight: view.name === 'kernel' ? 1 : 0 }));
      const onnx = recordScoring('dagmm', 4, viewedEnergy(trained.members, { ...all, views }));
      const [energy] = await energiesOf({ onnx }, [broken]);
      return energy as number;
    };
    expect(await distance(4)).toBeGreaterThan(3 * (await distance(0)));
  });

  it('judges sound once 150 rows stand behind each of its axes', () => {
    const kernelRows = (rows: number): number => settingsFor('mel-pooled', 'robust', rows, 64).kernelRows;
    expect(kernelRows(150 * 64 - 1)).toBe(0);
    expect(kernelRows(150 * 64)).toBeGreaterThan(0);
  });

  it('is left out where the same few sounds come again and again', async () => {
    const random = openRandom(1, 'jitter');
    const few = rowsOf(20, 'apart', 3);
    const again = Float32Array.from({ length: 30 * few.data.length }, (_, at) => {
      return (few.data[at % few.data.length] as number) + 0.01 * random.normal();
    });
    expect(names(await train(rowsOf(600, 'apart', 3), { ...alone, kernelAxes: 4 }))).toEqual(['latent', 'kernel']);
    expect(names(await train({ data: again, width: 4 }, { ...alone, kernelAxes: 4 }))).toEqual([]);
    expect(names(await train({ data: again, width: 4 }, { ...alone, kernelAxes: 0 }))).toEqual(['latent', 'kernel']);
  });
});

const chunks = ({ data, width }: RowMatrix): number[][] =>
  Array.from({ length: data.length / width }, (_, n) => [...data.subarray(n * width, (n + 1) * width)]);
