import { determinant, EigenvalueDecomposition, inverse, Matrix } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import type { RowMatrix } from '../../src/scorers/row-matrix.js';
import { expectEnergies, fitBaseline, madeUpRows, rowAt, scoreRows, standardised } from './fit-baseline.js';

const training = madeUpRows(400, 5, 1);
const test = madeUpRows(300, 5, 2);

/** Of rows with mean 0. */
function covarianceOf(rows: readonly number[][]): Matrix {
  const x = new Matrix(rows);
  return x.transpose().mmul(x).div(rows.length);
}

/** −log N(x | 0, Σ). */
function gaussianEnergies(rows: readonly number[][], sigma: Matrix): number[] {
  const precision = inverse(sigma);
  const constant = 0.5 * (Math.log(determinant(sigma)) + sigma.rows * Math.log(2 * Math.PI));
  return rows.map((x) => 0.5 * new Matrix([x]).mmul(precision).dot(new Matrix([x])) + constant);
}

describe('gmm', () => {
  it('with one component is the Gaussian of the standardised rows, ε on its diagonal', async () => {
    const { onnx } = await fitBaseline('gmm', training, { settings: { components: 1, epsilon: 0.01 } });
    const sigma = covarianceOf(standardised(training, training)).add(Matrix.eye(5).mul(0.01));
    expectEnergies(await scoreRows(onnx, test), gaussianEnergies(standardised(test, training), sigma), 1e-4);
  });

  it('with two components makes both of two far clusters likely, and the place between them unlikely', async () => {
    const data = training.data.map((x, at) => (Math.floor(at / 5) % 2 === 0 ? x : x + 2_000));
    const rows = { data, width: 5 };
    const { onnx, hyperparameters } = await fitBaseline('gmm', rows);
    expect(hyperparameters.components).toBe(2);
    const between = { data: data.subarray(0, 5).map((x, j) => (x + (data[5 + j] as number)) / 2), width: 5 };
    const energies = await scoreRows(onnx, rows);
    expect((await scoreRows(onnx, between))[0]).toBeGreaterThan(Math.max(...energies) + 10);
  });
});

describe('knn', () => {
  const distances = (k: number): number[] => {
    const normals = standardised(training, training);
    return standardised(test, training).map((x) => {
      const all = normals.map((r) => Math.hypot(...r.map((value, j) => value - (x[j] as number))));
      return all.sort((a, b) => a - b)[k - 1] as number;
    });
  };

  it.each([1, 3, 8])('is the distance to the nearest row number %i', async (k) => {
    const { onnx } = await fitBaseline('knn', training, { settings: { k } });
    expectEnergies(await scoreRows(onnx, test), distances(k), 1e-5);
  });

  it('gives the same distances when every row comes three times, and keeps k copies of each', async () => {
    const data = Float32Array.from([...training.data, ...training.data, ...training.data]);
    const { onnx, hyperparameters } = await fitBaseline('knn', { data, width: 5 }, { settings: { k: 2 } });
    expect(hyperparameters.rows).toBe(800);
    expectEnergies(await scoreRows(onnx, test), distances(1), 1e-5);
  });

  it('keeps a sample of too many rows, whose nearest are no nearer', async () => {
    const { onnx, hyperparameters } = await fitBaseline('knn', training, { settings: { rows: 100 } });
    expect(hyperparameters).toMatchObject({ rows: 100, differentRows: 400 });
    const exact = distances(1);
    for (const [n, energy] of (await scoreRows(onnx, test)).entries())
      expect(energy).toBeGreaterThan((exact[n] as number) - 1e-4);
  });
});

describe('ecod', () => {
  const column = (j: number): number[] => Array.from({ length: 400 }, (_, n) => rowAt(training, n)[j] as number);
  /** By counting, column by column. */
  function counted(x: readonly number[]): number {
    const sums = [0, 0, 0] as [number, number, number];
    x.forEach((value, j) => {
      const values = column(j);
      const mean = values.reduce((sum, v) => sum + v, 0) / 400;
      const left = -Math.log((1 + values.filter((v) => v <= value).length) / 401);
      const right = -Math.log((1 + values.filter((v) => v >= value).length) / 401);
      sums[0] += left;
      sums[1] += right;
      sums[2] += values.reduce((sum, v) => sum + (v - mean) ** 3, 0) < 0 ? left : right;
    });
    return Math.max(...sums);
  }
  const awkward: RowMatrix = {
    width: 5,
    data: Float32Array.from([...test.data, ...training.data, ...training.data.map((x) => x * 1e6), 0, 0, 0, 0, 0]),
  };
  const expected = Array.from({ length: awkward.data.length / 5 }, (_, n) => counted(rowAt(awkward, n)));

  it('is what counting gives, at training values, between and beyond them', async () => {
    const { onnx, hyperparameters } = await fitBaseline('ecod', training);
    expect(hyperparameters.tailError).toBe(0);
    expectEnergies(await scoreRows(onnx, awkward), expected, 1e-5);
  });

  it.each([0.02, 0.2])('is off by no more than %d a column in smaller tables', async (tailError) => {
    const [exact, small] = await Promise.all(
      [0, tailError].map((e) => fitBaseline('ecod', training, { settings: { tailError: e } })),
    );
    const energies = await scoreRows(small?.onnx as Uint8Array, awkward);
    const worst = Math.max(...expected.map((energy, n) => Math.abs(energy - (energies[n] as number))));
    expect(worst).toBeLessThanOrEqual(5 * tailError + 1e-4);
    expect(small?.onnx.length).toBeLessThan(exact?.onnx.length as number);
  });

  it('keeps the graph of 60,000 different values a column small', async () => {
    const { onnx, hyperparameters } = await fitBaseline('ecod', madeUpRows(60_000, 3, 5));
    expect(hyperparameters.tailError).toBeLessThanOrEqual(0.02);
    expect(onnx.length).toBeLessThan(3 * 2_048 * 12 + 10_000);
  });
});

describe('pca', () => {
  it('is the Gaussian whose minor axes share one variance', async () => {
    const { onnx, hyperparameters } = await fitBaseline('pca', training, { settings: { explained: 0.8 } });
    const sigma = covarianceOf(standardised(training, training));
    const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(sigma, { assumeSymmetric: true });
    const order = realEigenvalues
      .map((_, i) => i)
      .sort((a, b) => (realEigenvalues[b] as number) - (realEigenvalues[a] as number));
    const sorted = order.map((i) => realEigenvalues[i] as number);
    const shareOf = (count: number): number => sorted.slice(0, count).reduce((sum, v) => sum + v, 0) / 5;
    const count = [1, 2, 3, 4, 5].find((q) => shareOf(q) >= 0.8) as number;
    expect(hyperparameters.axes).toBe(count);
    expect(count).toBeLessThan(4);
    const rest = ((1 - shareOf(count)) * 5) / (5 - count);
    const shared = Matrix.diag(sorted.map((v, i) => (i < count ? v : rest)));
    const axes = new Matrix(order.map((i) => eigenvectorMatrix.getColumn(i)));
    const model = axes.transpose().mmul(shared).mmul(axes);
    expectEnergies(await scoreRows(onnx, test), gaussianEnergies(standardised(test, training), model), 1e-4);
  });
});

describe('oc-svm', () => {
  it('is 0 on two places that all rows lie at, and what the kernels say elsewhere', async () => {
    const places = { data: Float32Array.from({ length: 10 }, (_, i) => (i % 2) * 2 - 1), width: 1 };
    const { onnx } = await fitBaseline('oc-svm', places);
    const xs = [-1, 1, 0, 0.5, 3, -40, 1e5];
    const kernels = (x: number): number => {
      const near = -((Math.abs(x) - 1) ** 2);
      return near + Math.log1p(Math.exp(-((Math.abs(x) + 1) ** 2) - near));
    };
    const expected = xs.map((x) => kernels(1) - kernels(x));
    expectEnergies(await scoreRows(onnx, { data: Float32Array.from(xs), width: 1 }), expected, 1e-4);
  });

  it.each([0.05, 0.3])(
    'leaves at most ν = %d of the training rows outside; its support is on the edge or outside',
    async (nu) => {
      const { onnx, hyperparameters } = await fitBaseline('oc-svm', training, { settings: { nu } });
      const energies = await scoreRows(onnx, training);
      expect(energies.filter((energy) => energy > 1e-3).length).toBeLessThanOrEqual(nu * 400);
      const support = hyperparameters.supportVectors as number;
      expect(support).toBeGreaterThanOrEqual(nu * 400);
      expect(Math.abs(energies.filter((energy) => energy > -1e-3).length - support)).toBeLessThanOrEqual(3);
    },
  );
});
