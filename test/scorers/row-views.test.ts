import { describe, expect, it } from 'vitest';
import { openSession } from '../../src/engine/index.js';
import { openRandom } from '../../src/scorers/random.js';
import type { RowMatrix } from '../../src/scorers/row-matrix.js';
import { fitRowViews } from '../../src/scorers/row-views/row-views.js';
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

async function energiesOf({ onnx }: TrainedDagmm, rows: readonly (readonly number[])[]): Promise<number[]> {
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

const chunks = ({ data, width }: RowMatrix): number[][] =>
  Array.from({ length: data.length / width }, (_, n) => [...data.subarray(n * width, (n + 1) * width)]);
