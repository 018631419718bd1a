import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitByMoments, fitPareto, logLikelihood, returnLevel, returnLevelBound } from '../../src/decision/pareto.js';
import { clusterPeaks } from '../../src/decision/peaks.js';

/** N excesses at the plotting positions of a generalised Pareto: x = (σ/ξ)[(1 − p)^−ξ − 1]. */
function excesses(shape: number, scale: number, count: number): number[] {
  const p = Array.from({ length: count }, (_, i) => (i + 0.5) / count);
  return p.map((q) => (shape === 0 ? -scale * Math.log(1 - q) : (scale / shape) * ((1 - q) ** -shape - 1)));
}

describe('generalised Pareto tail', () => {
  it('gives the return level of the formula: t = 10, σ = 2, one peak in 100', () => {
    expect(returnLevel({ t: 10, shape: 0.5, scale: 2 }, 100)).toBeCloseTo(10 + 4 * (10 - 1), 9); // 100^½ = 10
    expect(returnLevel({ t: 10, shape: 0, scale: 2 }, 100)).toBeCloseTo(10 + 2 * 4.605170186, 8);
    expect(returnLevel({ t: 10, shape: -0.5, scale: 2 }, 100)).toBeCloseTo(10 - 4 * (0.1 - 1), 9); // 100^−½ = 0.1
  });

  it('has the likelihood of the density worked by hand', () => {
    expect(logLikelihood([1, 3], 0, 2)).toBeCloseTo(-2 * Math.log(2) - 2, 12);
    expect(logLikelihood([2], 0.5, 1)).toBeCloseTo(-3 * Math.log(2), 12); // (1 + 0.5·2)^−3
    expect(logLikelihood([2], -0.5, 1)).toBe(Number.NEGATIVE_INFINITY); // the tail ends at 2
    expect(logLikelihood([2], 0.1, 0)).toBe(Number.NEGATIVE_INFINITY);
  });

  it('has the moments of 1, 1, 1, 9: a0 = 3, a1 = ½, ξ = 2 − 3/2, σ = 3/2', () => {
    expect(fitByMoments([1, 1, 1, 9])).toEqual({ shape: 0.5, scale: 1.5 });
  });

  it.each([0, 0.1, 0.3])('finds the shape %f again', (shape) => {
    const fit = fitPareto(excesses(shape, 3, 2000));
    expect(Math.abs(fit.shape - shape)).toBeLessThan(0.03);
    expect(Math.abs(fit.scale - 3)).toBeLessThan(0.1);
  });

  it('is not led astray by one giant', () => {
    const usual = excesses(0, 1, 39);
    const boundWith = (giant: number) => {
      const peaks = [...usual, giant];
      return returnLevelBound(peaks, { t: 0, ...fitPareto(peaks) }, 1000, 1.28);
    };
    expect(boundWith(10_000)).toBeLessThan(2 * boundWith(100));
  });

  it('takes a tail that ends as exponential', () => {
    expect(fitPareto(excesses(-0.4, 3, 200)).shape).toBe(0);
  });

  it('bounds the level more tightly with more peaks and more widely with more confidence', () => {
    const bound = (count: number, z: number) => {
      const peaks = excesses(0.1, 1, count);
      return returnLevelBound(peaks, { t: 0, ...fitPareto(peaks) }, 1000, z);
    };
    expect(bound(1000, 1.28)).toBeLessThan(bound(30, 1.28));
    expect(bound(30, 1.28)).toBeLessThan(bound(30, 1.96));
    expect(bound(1000, 1.28)).toBeGreaterThan(returnLevel({ t: 0, shape: 0.1, scale: 1 }, 1000) * 0.98);
  });

  it('moves and stretches with the scores', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 1e3, noNaN: true }), (factor) => {
        const one = excesses(0.1, 1, 40);
        const many = one.map((x) => x * factor);
        const bound = (x: number[], t: number) => returnLevelBound(x, { t, ...fitPareto(x) }, 500, 1.28);
        expect(bound(many, 7) - 7).toBeCloseTo(factor * bound(one, 0), -Math.floor(Math.log10(factor)) - 2);
      }),
      { numRuns: 30 },
    );
  });

  it('never puts a generous budget below the tail', () => {
    expect(returnLevelBound([1, 2], { t: 5, shape: 0, scale: 1 }, 0.5, 1.28)).toBe(5);
  });
});

describe('clusters', () => {
  it('end after the calm that clears an alarm, not before', () => {
    expect(clusterPeaks([0, 5, 0, 0, 7, 0, 0, 0, 6, 0], 4, 1, 3)).toEqual([7, 6]);
    expect(clusterPeaks([0, 3, 0, 0, 0], 4, 1, 3)).toEqual([]);
    expect(clusterPeaks([5, 2, 2, 2, 2, 6], 4, 1, 3)).toEqual([6]);
  });
});
