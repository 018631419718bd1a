/** Fits one baseline and scores rows with its graph, for the tests of its values. */
import { openSession } from '../../src/engine/index.js';
import { BASELINES } from '../../src/scorers/baselines/baselines.js';
import type { FitOptions, FittedModel } from '../../src/scorers/method.js';
import { openRandom } from '../../src/scorers/random.js';
import { type RowMatrix, rowsOf } from '../../src/scorers/row-matrix.js';

export function fitBaseline(name: string, rows: RowMatrix, options: Partial<FitOptions> = {}): Promise<FittedModel> {
  const method = BASELINES.find((known) => known.name === name);
  if (!method) throw new RangeError(`no baseline ${name}`);
  return method.fit(rows, { rowKind: 'table', seed: 0, ...options });
}

export async function scoreRows(onnx: Uint8Array, rows: RowMatrix): Promise<Float32Array> {
  const session = await openSession(onnx);
  try {
    const { energy } = await session.run({ rows: { data: rows.data, shape: [rowsOf(rows), rows.width] } });
    return energy?.data as Float32Array;
  } finally {
    await session.close();
  }
}

/** Correlated columns of different scales, and one of few different values. */
export function madeUpRows(count: number, width: number, seed: number): RowMatrix {
  const random = openRandom(seed, 'made up');
  const data = new Float32Array(count * width);
  for (let n = 0; n < count; n++) {
    const common = random.normal();
    for (let j = 0; j < width; j++) {
      const value = (common * Math.cos(j) + 0.5 * random.normal()) * 10 ** (j % 3) + j;
      data[n * width + j] = j === 1 ? Math.round(value / 10) : value;
    }
  }
  return { data, width };
}

export const rowAt = ({ data, width }: RowMatrix, n: number): number[] => [
  ...data.subarray(n * width, (n + 1) * width),
];

/** Mean 0, deviation 1, in float64, by the columns of `training`. */
export function standardised(rows: RowMatrix, training: RowMatrix): number[][] {
  const columns = Array.from({ length: rows.width }, (_, j) => {
    const values = Array.from({ length: rowsOf(training) }, (_, n) => rowAt(training, n)[j] as number);
    const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
    return { mean, deviation: Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length) };
  });
  return Array.from({ length: rowsOf(rows) }, (_, n) =>
    rowAt(rows, n).map((x, j) => {
      const { mean, deviation } = columns[j] as { mean: number; deviation: number };
      return (x - mean) / deviation;
    }),
  );
}

export function expectEnergies(found: Float32Array, expected: readonly number[], relative: number): void {
  const worst = expected.reduce(
    (top, energy, n) => Math.max(top, Math.abs((found[n] as number) - energy) / (1 + Math.abs(energy))),
    found.length === expected.length ? 0 : Number.POSITIVE_INFINITY,
  );
  if (!(worst <= relative)) throw new Error(`energies: expected to agree within ${relative}, found ${worst}`);
}
