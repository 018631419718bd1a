import { openSession } from '../engine/session.js';
import { principalAxes } from '../scorers/principal-axes.js';
import { openRandom } from '../scorers/random.js';
import type { EncodedSplit } from './encode.js';
import type { Latent } from './trial-job.js';

/** Rows of each class that are shown. */
const MOST_NORMALS = 500;
const MOST_ANOMALIES = 250;
const MOST_AXES = 3;

/** Some test rows in the latent space, where the graph has one: as it is up to 3 dimensions, else its principal axes. */
export async function latentOf(onnx: Uint8Array, split: EncodedSplit, threads: number): Promise<Latent | null> {
  const session = await openSession(onnx, { threads });
  try {
    if (!session.outputNames.includes('latent')) return null;
    const rows = [...sample(split.anomalous, 0, MOST_NORMALS), ...sample(split.anomalous, 1, MOST_ANOMALIES)];
    const { width } = split;
    const data = new Float32Array(rows.length * width);
    rows.forEach((row, i) => {
      data.set(split.test.subarray(row * width, (row + 1) * width), i * width);
    });
    const { latent } = await session.run({ rows: { data, shape: [rows.length, width] } });
    if (!(latent?.data instanceof Float32Array) || !latent.data.every(Number.isFinite)) return null;
    const size = latent.data.length / rows.length;
    const { axes, points } = projected(latent.data, size);
    const normals = rows.filter((row) => split.anomalous[row] === 0).length;
    return { axes, normals: points.slice(0, normals), anomalies: points.slice(normals) };
  } finally {
    await session.close();
  }
}

function sample(anomalous: Uint8Array, label: number, most: number): number[] {
  const rows = [...anomalous.keys()].filter((row) => anomalous[row] === label);
  if (rows.length <= most) return rows;
  return Array.from(
    openRandom(0, 'shown', label).permutation(rows.length).subarray(0, most),
    (at) => rows[at] as number,
  );
}

function projected(data: Float32Array, size: number): { axes: string[]; points: number[][] } {
  const count = data.length / size;
  const row = (i: number) => data.subarray(i * size, (i + 1) * size);
  const rounded = (x: number) => Number(x.toPrecision(4));
  if (size <= MOST_AXES) {
    const axes = Array.from({ length: size }, (_, j) => `z${j + 1}`);
    return { axes, points: Array.from({ length: count }, (_, i) => Array.from(row(i), rounded)) };
  }
  const { centre, axes } = principalAxes({ data, width: size }, MOST_AXES);
  const along = (z: Float32Array, axis: Float64Array) =>
    rounded(axis.reduce((sum, a, j) => sum + a * ((z[j] as number) - (centre[j] as number)), 0));
  const points = Array.from({ length: count }, (_, i) => axes.map((axis) => along(row(i), axis)));
  return { axes: axes.map((_, j) => `principal axis ${j + 1} of z`), points };
}
