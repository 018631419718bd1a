import type * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { openRandom } from '../../src/scorers/random.js';
import { mapRows } from '../../src/scorers/recorded.js';
import type { RowMatrix } from '../../src/scorers/row-matrix.js';
import { columnEnergy, fitColumnDensities, UNSEEN_DENSITY } from '../../src/scorers/row-views/column-densities.js';

const random = openRandom(1, 'columns');
const normals: RowMatrix = { width: 3, data: Float32Array.from({ length: 3_000 }, () => random.normal()) };

async function energies(rows: RowMatrix, judged: readonly (readonly number[])[]): Promise<number[]> {
  const energy = columnEnergy(fitColumnDensities(rows, 32));
  const input = { data: Float32Array.from(judged.flat()), shape: [judged.length, rows.width] };
  return [...(await mapRows([input], ([x]) => [energy(x as tf.Tensor2D)], 1))];
}

describe('the densities of the columns', () => {
  it('come near the density that the values are from', async () => {
    const density = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI) + UNSEEN_DENSITY;
    const points = [
      [0, 0, 0],
      [1, -1, 0.5],
      [2, 0, 0],
    ];
    const measured = await energies(normals, points);
    points.forEach((row, i) => {
      const exact = -row.reduce((sum, x) => sum + Math.log(density(x)), 0);
      expect(Math.abs((measured[i] as number) - exact)).toBeLessThan(0.35);
    });
  });

  it('let one wild value add no more than the floor allows', async () => {
    const [usual = 0, wild = 0, wilder = 0] = await energies(normals, [
      [0, 0, 0],
      [0, 30, 0],
      [0, 1e6, 0],
    ]);
    expect(wild - usual).toBeGreaterThan(6);
    expect(wilder).toBe(wild);
    expect(wild).toBeLessThan(-Math.log(UNSEEN_DENSITY) + usual);
  });

  it('know the value of a column that is constant', async () => {
    const rows = { width: 2, data: Float32Array.from({ length: 400 }, (_, at) => (at % 2 ? 0 : at % 4 ? 1 : -1)) };
    const [usual = 0, changed = 0] = await energies(rows, [
      [1, 0],
      [1, 0.5],
    ]);
    expect(changed).toBeGreaterThan(usual + 3);
  });

  it('have fewer Gaussians where rows are very wide', () => {
    const wide = { width: 4_000, data: new Float32Array(8 * 4_000) };
    expect(fitColumnDensities(wide, 32).centres.length).toBe(8 * 4_000);
  });
});
