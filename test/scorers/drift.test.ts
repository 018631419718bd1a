import { describe, expect, it } from 'vitest';
import { type DriftOptions, FollowedMixture } from '../../src/scorers/drift.js';
import { energies, fitByEm, kMeansMemberships } from '../../src/scorers/mixture-fit.js';
import { openRandom } from '../../src/scorers/random.js';

const size = 3;
const rowsAWindow = 20;
const options: DriftOptions = { anchor: 0.02, cap: 2, windows: 200 };

/** Rows about two centres, all moved by `shift` along the first axis. */
function rows(count: number, seed: number, shift = 0): Float64Array {
  const random = openRandom(seed, 'drift');
  return Float64Array.from({ length: count * size }, (_, i) => {
    const centre = Math.floor(i / size) % 2 === 0 ? -1.5 : 1.5;
    return random.normal() * (i % size === 2 ? 0.4 : 1) + centre + (i % size === 0 ? shift : 0);
  });
}

const data = rows(4_000, 1);
const start = kMeansMemberships({ data, size }, 2, openRandom(1, 'start'));
const fitted = fitByEm({ data, size }, start, 2, { epsilon: 1e-3, shrink: true });
const parameters = {
  components: 2,
  size,
  phi: [...fitted.phi],
  mean: [...fitted.mean],
  covariance: [...fitted.covariance],
  epsilon: 1e-3,
};
const mean = (values: Float64Array): number => values.reduce((sum, x) => sum + x, 0) / values.length;
const frozen = (z: Float64Array): number => mean(energies({ data: z, size }, fitted));

/** Follows windows whose shift grows from 0 to `by`. */
function drifted(by: number, windows: number, over: Partial<DriftOptions> = {}): FollowedMixture {
  const followed = new FollowedMixture(parameters, { ...options, ...over });
  for (let i = 0; i < windows; i++) followed.follow(rows(rowsAWindow, 100 + i, (by * i) / windows));
  return followed;
}

describe('a followed mixture', () => {
  it('is the commissioned one until it has followed something, to the bit', () => {
    const z = rows(rowsAWindow, 7);
    const followed = new FollowedMixture(parameters, options);
    expect(followed.score(z)).toBe(frozen(z));
    expect(followed.divergence).toBe(0);
  });

  it('follows a slow drift while the commissioned score rises', () => {
    const followed = drifted(1.5, 4_000);
    const now = rows(2_000, 9, 1.5);
    expect(frozen(now)).toBeGreaterThan(frozen(rows(2_000, 9)) + 0.8);
    expect(followed.score(now)).toBeLessThan(frozen(rows(2_000, 9)) + 0.1);
    expect(followed.capped).toBe(false);
    expect(followed.divergence).toBeGreaterThan(0.6);
  });

  it('says how far it has gone: what the commissioned score has risen by, once it has caught up', () => {
    const followed = drifted(1.2, 3_000, { cap: 9, anchor: 0.01 });
    for (let i = 0; i < 6_000; i++) followed.follow(rows(rowsAWindow, 5_000 + i, 1.2));
    const z = rows(40_000, 11, 1.2);
    const risen = frozen(z) - followed.score(z);
    expect(risen).toBeGreaterThan(0.5);
    expect(Math.abs(followed.divergence - risen)).toBeLessThan(0.1);
  });

  it('stays where it is once the cap is reached, and says so', () => {
    const followed = drifted(6, 6_000, { cap: 1 });
    expect(followed.capped).toBe(true);
    expect(followed.divergence).toBeLessThanOrEqual(1);
    const before = followed.state();
    followed.follow(rows(rowsAWindow, 3, 6));
    expect(followed.state()).toEqual(before);
    expect(followed.score(rows(2_000, 5, 6))).toBeGreaterThan(frozen(rows(2_000, 5)) + 5);
  });

  it('neither wanders nor shrinks on more of the same: a day of it scores as it did', () => {
    const followed = drifted(0, 10_000);
    expect(followed.divergence).toBeLessThan(0.02);
    expect(Math.abs(followed.score(rows(20_000, 5)) - frozen(rows(20_000, 5)))).toBeLessThan(0.02);
  });

  it('goes on after a restart with the same bits', () => {
    const whole = drifted(1, 600);
    const first = drifted(1, 600);
    const second = new FollowedMixture(parameters, options);
    expect(second.restore(Float64Array.from(first.state()))).toBe(true);
    for (let i = 0; i < 50; i++) {
      const z = rows(rowsAWindow, 900 + i, 1);
      expect(second.score(z)).toBe(whole.score(z));
      whole.follow(z);
      second.follow(z);
    }
    expect(second.state()).toEqual(whole.state());
  });

  it('refuses the state of another mixture', () => {
    const followed = new FollowedMixture(parameters, options);
    expect(followed.restore(Float64Array.of(1, 0, 2, 3))).toBe(false);
    expect(followed.restore(followed.state().fill(Number.NaN))).toBe(false);
  });

  it('keeps components that hear nothing alive by the anchor', () => {
    const followed = new FollowedMixture(parameters, options);
    const one = rows(rowsAWindow * 2, 3).filter((_, i) => Math.floor(i / size) % 2 === 0);
    for (let i = 0; i < 5_000; i++) followed.follow(one);
    const other = rows(2_000, 4).filter((_, i) => Math.floor(i / size) % 2 === 1);
    expect(followed.score(other)).toBeLessThan(frozen(other) + Math.log(1 / options.anchor) + 1);
  });
});
