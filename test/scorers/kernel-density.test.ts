import type * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { openRandom } from '../../src/scorers/random.js';
import { mapRows } from '../../src/scorers/recorded.js';
import type { RowMatrix } from '../../src/scorers/row-matrix.js';
import {
  dependence,
  fitKernelDensity,
  type KernelDensity,
  kernelEnergy,
} from '../../src/scorers/row-views/kernel-density.js';

/** Rows (count, width) of standard normal numbers, or of what is made of them. */
function normals(count: number, width: number, seed: number, of = (z: number[]): number[] => z): RowMatrix {
  const random = openRandom(seed, 'normals');
  const rows = Array.from({ length: count }, () => of(Array.from({ length: width }, () => random.normal())));
  return { data: Float32Array.from(rows.flat()), width };
}

async function energies(density: KernelDensity, rows: readonly (readonly number[])[]): Promise<number[]> {
  const input = { data: Float32Array.from(rows.flat()), shape: [rows.length, density.width] };
  const energy = ([x]: tf.Tensor[]) => [kernelEnergy(density)(x as tf.Tensor2D)];
  return [...(await mapRows([input], energy, 1))];
}

const fitted = (rows: RowMatrix, most = 1_000): KernelDensity => {
  const density = fitKernelDensity(rows, most, 0);
  if (!density) throw new Error('expected a density');
  return density;
};

describe('a kernel density', () => {
  it('is a mixture of equal Gaussians on the rows', async () => {
    const density = { ...fitted(normals(40, 2, 1)), centres: Float32Array.of(0, 0, 2, 1), bandwidth: 0.5 };
    const gaussian = (x: number, y: number, a: number, b: number): number =>
      Math.exp(-((x - a) ** 2 + (y - b) ** 2) / (2 * 0.25)) / (2 * Math.PI * 0.25);
    const points = [
      [0, 0],
      [1, 0.5],
      [-0.3, 2],
      [5, 5],
    ];
    const exact = points.map(([x = 0, y = 0]) => -Math.log((gaussian(x, y, 0, 0) + gaussian(x, y, 2, 1)) / 2));
    const inGraph = await energies(density, points);
    for (const [i, value] of exact.entries()) expect(inGraph[i]).toBeCloseTo(value, 4);
  });

  it('takes the bandwidth under which unseen normal rows are likeliest', async () => {
    const { bandwidth } = fitted(normals(1_000, 1, 1));
    const silverman = 1.06 * 1_000 ** -0.2;
    expect(bandwidth).toBeGreaterThan(0.5 * silverman);
    expect(bandwidth).toBeLessThan(2 * silverman);
  });

  it('does not learn neighbours in time by heart: it is wider for a slow walk than for the same values in any order', () => {
    const walk = normals(1_000, 2, 2);
    for (let at = 2; at < walk.data.length; at++)
      walk.data[at] = (walk.data[at - 2] as number) + 0.05 * (walk.data[at] as number);
    const order = openRandom(1, 'order').permutation(1_000);
    const shuffled = {
      data: walk.data.map((_, at) => walk.data[2 * (order[at >> 1] as number) + (at % 2)] as number),
      width: 2,
    };
    expect(fitted(walk).bandwidth).toBeGreaterThan(2 * fitted(shuffled).bandwidth);
  });

  it('counts equal rows once', () => {
    const rows = normals(100, 3, 3);
    const twice = { data: Float32Array.from([...rows.data, ...rows.data]), width: 3 };
    expect(fitted(twice).centres).toEqual(fitted(rows).centres);
  });

  it('keeps no more centres than asked, and is none for fewer than 20 different rows', () => {
    expect(fitted(normals(200, 2, 4), 50).centres.length).toBe(100);
    expect(fitKernelDensity(normals(19, 2, 4), 50, 0)).toBeNull();
    expect(fitKernelDensity({ data: new Float32Array(100), width: 1 }, 50, 0)).toBeNull();
  });

  it('stays finite far away', async () => {
    const [energy] = await energies(fitted(normals(100, 3, 5)), [[1e6, -1e6, 0]]);
    expect(Number.isFinite(energy)).toBe(true);
    expect(energy).toBeGreaterThan(1e6);
  });
});

describe('dependence', () => {
  it('is about 0 for columns that know nothing of each other', () => {
    expect(Math.abs(dependence(normals(1_000, 3, 6), 0))).toBeLessThan(0.1);
  });

  it('approaches the total correlation of Gaussians: −½ log(1 − ρ²) for two columns', () => {
    const rho = 0.95;
    const pair = normals(1_000, 2, 7, ([a = 0, b = 0]) => [a, rho * a + Math.sqrt(1 - rho ** 2) * b]);
    const exact = (-0.5 * Math.log(1 - rho ** 2)) / 2;
    const measured = dependence(pair, 0);
    expect(measured).toBeGreaterThan(0.6 * exact);
    expect(measured).toBeLessThan(1.2 * exact);
  });
});
