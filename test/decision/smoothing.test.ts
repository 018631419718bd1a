import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultSmoothing, longSmoothing, Smoother, smoothRun } from '../../src/decision/smoothing.js';

const finite = fc.double({ min: -1e6, max: 1e6, noNaN: true });

describe('smoothing', () => {
  it('asks for one window more than a single bang can fall into', () => {
    expect(defaultSmoothing(992, 480)).toEqual({ kind: 'm-of-n', m: 4, n: 6 });
    expect(defaultSmoothing(60_000, 60_000)).toEqual({ kind: 'm-of-n', m: 3, n: 5 });
  });

  it('gives a 10-s clip exactly one value of the long horizon, and rows ten', () => {
    expect(longSmoothing(992, 480)).toEqual({ kind: 'mean', windows: 19 });
    expect(longSmoothing(60_000, 60_000)).toEqual({ kind: 'mean', windows: 10 });
  });

  it('m-of-n is above a level exactly when m of the last n are', () => {
    fc.assert(
      fc.property(fc.array(finite, { minLength: 6, maxLength: 40 }), finite, (run, z) => {
        const smoothed = smoothRun(Float64Array.from(run), { kind: 'm-of-n', m: 4, n: 6 });
        expect(smoothed.length).toBe(run.length - 5);
        smoothed.forEach((value, i) => {
          expect(value > z).toBe(run.slice(i, i + 6).filter((score) => score > z).length >= 4);
        });
      }),
    );
  });

  it('a mean is the mean of the last windows', () => {
    expect([...smoothRun(Float64Array.of(1, 2, 6, 1), { kind: 'mean', windows: 3 })]).toEqual([3, 3]);
  });

  it('judges m-of-n from m windows on, a mean when it is full, and neither right after a reset', () => {
    const count = new Smoother({ kind: 'm-of-n', m: 2, n: 3 });
    const mean = new Smoother({ kind: 'mean', windows: 3 });
    const seen = [5, 7, 9].map((score) => [count.push(score), count.judgeable, mean.push(score), mean.judgeable]);
    expect(seen).toEqual([
      [5, false, 5, false],
      [5, true, 6, false],
      [7, true, 7, true],
    ]);
    count.reset();
    expect([count.push(1), count.judgeable]).toEqual([1, false]);
  });
});
