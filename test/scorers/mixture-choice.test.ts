import { describe, expect, it } from 'vitest';
import { chooseComponents, chooseMixture } from '../../src/scorers/mixture-choice.js';
import type { Rows } from '../../src/scorers/mixture-fit.js';
import { openRandom } from '../../src/scorers/random.js';

/** Round clusters far from each other in three dimensions. */
function clusters(count: number, rows: number, seed: number): Rows {
  const random = openRandom(seed, 'clusters');
  const centres = Array.from({ length: count }, (_, k) => [8 * Math.cos(k * 2.4), 8 * Math.sin(k * 2.4), 5 * (k % 3)]);
  const data = Array.from({ length: rows }, () => {
    const centre = centres[random.below(count)] as number[];
    return centre.map((c) => c + random.normal());
  });
  return { data: Float64Array.from(data.flat()), size: 3 };
}

const options = {
  epsilon: 1e-3,
  shrink: true,
  shrinkTo: 'components',
  seed: 1,
  fit: 'auto',
  candidates: [1, 2, 4, 8, 16, 32],
} as const;
const ones = (rows: number): Float64Array => new Float64Array(rows).fill(1);

describe('the number of components by the likelihood of held-out rows', () => {
  it('ends between two rounds when it is cancelled', () => {
    let rounds = 0;
    const cancelled = () => ++rounds > 5;
    const named = expect.objectContaining({ name: 'AbortError' });
    expect(() => chooseMixture(clusters(4, 900, 4), ones(900), 1, { ...options, cancelled })).toThrow(named);
    expect(rounds).toBe(6);
  });

  it.each([1, 2, 4, 8])('is the number of clusters, %i', (count) => {
    const { mixture, likelihoods } = chooseMixture(clusters(count, 900, count), ones(900), 1, options);
    expect(mixture.components).toBe(count);
    expect(Object.values(likelihoods).every(Number.isFinite)).toBe(true);
  });

  it.each([1, 4])('is that without an estimator too, %i', (count) => {
    const rows = clusters(count, 900, count);
    expect(chooseComponents(rows, options.candidates, options).components).toBe(count);
    expect(chooseComponents(rows, [2], options).components).toBe(2);
  });

  it('is not looked for further once more components are worse twice', () => {
    const { likelihoods } = chooseMixture(clusters(2, 900, 3), ones(900), 1, options);
    expect(Object.keys(likelihoods)).not.toContain('em-32');
  });

  it('gives finite densities with fewer rows than components', () => {
    const { mixture } = chooseMixture(clusters(2, 12, 4), ones(12), 1, { ...options, candidates: [32] });
    expect([...mixture.inverse, ...mixture.offset, ...mixture.phi].every(Number.isFinite)).toBe(true);
  });
});
