import '@tensorflow/tfjs-backend-cpu';
import '../../src/engine/index.js';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { inverseCholesky, mixtureEnergy, mixtureObjective, plainMixtureObjective } from '../../src/scorers/mixture.js';
import { energies, fitByEm, fitMemberships, kMeansMemberships, type Mixture } from '../../src/scorers/mixture-fit.js';
import { residualFeatures, residualMoments, standardiseBatch } from '../../src/scorers/networks.js';
import { openRandom } from '../../src/scorers/random.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** Rows of normals and soft memberships, from a seed. */
function sample(seed: number, n: number, d: number, k: number) {
  const random = openRandom(seed, 'sample');
  const z = Float64Array.from({ length: n * d }, () => random.normal());
  const gamma = new Float64Array(n * k);
  for (let row = 0; row < n; row++) {
    const raw = Array.from({ length: k }, () => Math.exp(random.normal()));
    const sum = raw.reduce((a, b) => a + b, 0);
    raw.forEach((value, i) => {
      gamma[row * k + i] = value / sum;
    });
  }
  return { z, gamma };
}

const shapes = fc.record({
  seed: fc.integer(),
  n: fc.integer({ min: 12, max: 40 }),
  d: fc.integer({ min: 1, max: 6 }),
  k: fc.integer({ min: 1, max: 5 }),
});
const tensor = (data: Float64Array, rows: number, columns: number) =>
  tf.tensor2d(Float32Array.from(data), [rows, columns]);

function largestDifference(a: tf.Tensor, b: tf.Tensor): number {
  const scale = Math.max(1e-6, tf.max(tf.abs(a)).dataSync()[0] as number);
  return (tf.max(tf.abs(tf.sub(a, b))).dataSync()[0] as number) / scale;
}

function inGraphEnergies(z: tf.Tensor2D, mixture: Mixture): tf.Tensor1D {
  const { components: k, size: d } = mixture;
  return mixtureEnergy(
    z,
    tf.tensor2d(Float32Array.from(mixture.mean), [k, d]),
    tf.tensor3d(Float32Array.from(mixture.inverse), [k, d, d]),
    tf.tensor1d(Float32Array.from(mixture.offset)),
  );
}

describe('the mixture of a training step', () => {
  it('has the closed-form gradient that autodiff finds', () => {
    fc.assert(
      fc.property(shapes, ({ seed, n, d, k }) => {
        const { z, gamma } = sample(seed, n, d, k);
        const inputs: [tf.Tensor2D, tf.Tensor2D] = [tensor(z, n, d), tensor(gamma, n, k)];
        const weights = { energy: 0.1, penalty: 0.005, epsilon: 1e-3 };
        const plain = tf.valueAndGrads((a, b) => plainMixtureObjective(a as tf.Tensor2D, b as tf.Tensor2D, weights))(
          inputs,
        );
        const closed = tf.valueAndGrads((a, b) => mixtureObjective(a as tf.Tensor2D, b as tf.Tensor2D, weights))(
          inputs,
        );
        expect(closed.value.dataSync()[0]).toBe(plain.value.dataSync()[0]);
        plain.grads.forEach((grad, i) => {
          expect(largestDifference(grad, closed.grads[i] as tf.Tensor)).toBeLessThan(2e-3);
        });
      }),
      { numRuns: 30 },
    );
  });

  it('inverts the Cholesky factor: W Σ Wᵀ = 1 and log det Σ', () => {
    fc.assert(
      fc.property(shapes, ({ seed, d, k }) => {
        const random = openRandom(seed, 'factor');
        const factor = tf.tensor3d(
          Float32Array.from({ length: k * d * d }, () => random.normal()),
          [k, d, d],
        );
        const sigma = tf.add(tf.matMul(factor, factor, false, true), tf.eye(d)) as tf.Tensor3D;
        const { inverse } = inverseCholesky(sigma);
        const product = tf.matMul(tf.matMul(inverse, sigma), inverse, false, true);
        expect(tf.max(tf.abs(tf.sub(product, tf.eye(d)))).dataSync()[0]).toBeLessThan(1e-3);
      }),
      { numRuns: 30 },
    );
    const { logDeterminant } = inverseCholesky(
      tf.tensor3d([
        [
          [4, 2],
          [2, 3],
        ],
      ]),
    );
    expect(logDeterminant.dataSync()[0]).toBeCloseTo(Math.log(8), 5);
  });

  it('gives NaN, which the guard of the step skips, for a matrix that is not positive definite', () => {
    const { logDeterminant } = inverseCholesky(
      tf.tensor3d([
        [
          [1, 2],
          [2, 1],
        ],
      ]),
    );
    expect(logDeterminant.dataSync()[0]).toBeNaN();
  });
});

describe('the small blocks of a step', () => {
  it('differentiate the residual as tfjs does', () => {
    const random = openRandom(5, 'residual');
    const normal = () =>
      tf.tensor2d(
        Float32Array.from({ length: 24 }, () => random.normal()),
        [6, 4],
      );
    const [x, y, weights] = [
      normal(),
      normal(),
      tf.tensor2d(
        Float32Array.from({ length: 18 }, () => random.normal()),
        [6, 3],
      ),
    ];
    const plain = (b: tf.Tensor) =>
      tf.concat(
        [tf.sum(tf.square(tf.sub(x, b)), 1, true), tf.sum(tf.mul(x, b), 1, true), tf.sum(tf.square(b), 1, true)],
        1,
      );
    const a = tf.grad((b) => tf.sum(tf.mul(plain(b), weights)))(y);
    const b = tf.grad((t) => tf.sum(tf.mul(residualMoments(x, t as tf.Tensor2D), weights)))(y);
    expect(largestDifference(a, b)).toBeLessThan(1e-5);
  });

  it('differentiate the standardisation as tfjs does', () => {
    const random = openRandom(6, 'standardise');
    const normal = () =>
      tf.tensor2d(
        Float32Array.from({ length: 60 }, () => random.normal() * 3 + 1),
        [20, 3],
      );
    const [x, weights] = [normal(), normal()];
    const plain = (t: tf.Tensor) => {
      const c = tf.sub(t, tf.mean(t, 0, true));
      return tf.mul(c, tf.rsqrt(tf.add(tf.mean(tf.square(c), 0, true), 1e-5)));
    };
    const a = tf.grad((t) => tf.sum(tf.mul(plain(t), weights)))(x);
    const b = tf.grad((t) => tf.sum(tf.mul(standardiseBatch(t as tf.Tensor2D), weights)))(x);
    expect(largestDifference(a, b)).toBeLessThan(1e-4);
  });

  it('give the paper its ratio and the robust recipe its logarithm, with the cosine, on hand-worked rows', () => {
    const x = tf.tensor2d([[3, 4]]);
    const y = tf.tensor2d([[3, 0]]);
    const features = (kind: 'paper' | 'robust') => [...residualFeatures(x, residualMoments(x, y), kind).dataSync()];
    expect(features('paper')[0]).toBeCloseTo(0.8, 5);
    expect(features('robust')[0]).toBeCloseTo(Math.log(4), 5);
    expect(features('robust')[1]).toBeCloseTo(0.6, 5);
  });
});

describe('the final mixture', () => {
  const options = { epsilon: 1e-5, shrink: true };

  it('gives in the graph the energies of float64', () => {
    fc.assert(
      fc.property(shapes, ({ seed, n, d, k }) => {
        const { z, gamma } = sample(seed, n, d, k);
        const mixture = fitMemberships({ data: z, size: d }, gamma, k, options);
        const exact = energies({ data: z, size: d }, mixture);
        inGraphEnergies(tensor(z, n, d), mixture)
          .dataSync()
          .forEach((energy, i) => {
            expect(Math.abs(energy - (exact[i] as number))).toBeLessThan(1e-3 * (1 + Math.abs(exact[i] as number)));
          });
      }),
      { numRuns: 30 },
    );
  });

  it('is the normal density for one component of known moments', () => {
    const z = Float64Array.from([-1, 1, -1, 1]);
    const mixture = fitMemberships({ data: z, size: 1 }, new Float64Array(4).fill(1), 1, { epsilon: 0, shrink: false });
    expect(energies({ data: Float64Array.of(2), size: 1 }, mixture)[0]).toBeCloseTo(
      2 + 0.5 * Math.log(2 * Math.PI),
      10,
    );
  });

  it('keeps covariances positive definite and energies finite far away and for copies of one row', () => {
    fc.assert(
      fc.property(shapes, fc.boolean(), ({ seed, n, d, k }, constant) => {
        const { z, gamma } = sample(seed, n, d, k);
        if (constant) z.fill(0.5);
        const mixture = fitByEm({ data: z, size: d }, gamma, k, options);
        const far = new Float64Array(d).fill(1e6 / Math.sqrt(d));
        expect(mixture.inverse.every(Number.isFinite)).toBe(true);
        for (let i = 0; i < k * d; i++) {
          expect(mixture.inverse[Math.floor(i / d) * d * d + (i % d) * (d + 1)]).toBeGreaterThan(0);
        }
        expect(Number.isFinite(energies({ data: far, size: d }, mixture)[0])).toBe(true);
        expect(inGraphEnergies(tensor(far, 1, d), mixture).dataSync()[0]).toBeLessThan(Number.MAX_VALUE);
        expect(mixture.phi.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 10);
      }),
      { numRuns: 40 },
    );
  });

  it('finds two separate groups by k-means and EM', () => {
    const random = openRandom(1, 'groups');
    const z = Float64Array.from({ length: 400 }, (_, i) => random.normal() * 0.1 + (i % 4 < 2 ? -3 : 3));
    const rows = { data: z, size: 2 };
    const mixture = fitByEm(rows, kMeansMemberships(rows, 2, openRandom(1, 'k')), 2, options);
    const means = [mixture.mean[0] as number, mixture.mean[2] as number].sort((a, b) => a - b);
    expect(means[0]).toBeCloseTo(-3, 1);
    expect(means[1]).toBeCloseTo(3, 1);
  });
});
