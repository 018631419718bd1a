import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type HorizonCalibration, ModelError } from '../../src/contracts.js';
import { calibrate } from '../../src/decision/calibration.js';
import { smoothRun } from '../../src/decision/smoothing.js';
import { describeBudget, pValue, thresholdFor } from '../../src/decision/threshold.js';
import { HOP_MS, HOUR_MS, scores, WEEK_MS, WINDOW_MS } from './simulate.js';

const times = { windowMs: WINDOW_MS, hopMs: HOP_MS };
const weekly = { falseAlarms: 1, perMs: WEEK_MS };
const twoHours = calibrate({ segments: [scores(1, 0.8, 15_000)], ...times });

function horizon(sorted: number[], independent = sorted.length): HorizonCalibration {
  const maximum = sorted.at(-1) ?? 0;
  return { smoothing: { kind: 'm-of-n', m: 4, n: 6 }, sorted, independent, maximum, clearBelow: maximum, tail: null };
}

describe('p-value', () => {
  it('is (1 + #{s ≥ statistic}) / (n + 1)', () => {
    const ten = horizon([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(pValue(ten, 11)).toBeCloseTo(1 / 11, 12);
    expect(pValue(ten, 10)).toBeCloseTo(2 / 11, 12);
    expect(pValue(ten, 0)).toBe(1);
  });

  it('counts independent windows, not overlapping ones', () => {
    expect(pValue(horizon([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 2), 11)).toBeCloseTo(1 / 3, 12);
  });

  it('falls as the statistic rises and stays within 0…1', () => {
    const value = fc.double({ min: -10, max: 100, noNaN: true });
    fc.assert(
      fc.property(value, value, (a, b) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        expect(pValue(twoHours.short, high)).toBeLessThanOrEqual(pValue(twoHours.short, low));
        expect(pValue(twoHours.short, high)).toBeGreaterThan(0);
        expect(pValue(twoHours.short, low)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('is near uniform on fresh normals', () => {
    const fresh = smoothRun(scores(77, 0.8, 100_000), twoHours.short.smoothing);
    const low = fresh.filter((statistic) => pValue(twoHours.short, statistic) <= 0.1).length / fresh.length;
    expect(Math.abs(low - 0.1)).toBeLessThan(0.02);
  });
});

describe('calibration', () => {
  it('looks at the smoothed statistic, not at the windows', () => {
    const run = scores(3, 0.8, 15_000);
    const { short, long, observedMs } = calibrate({ segments: [run], ...times });
    const smoothed = smoothRun(run, short.smoothing);
    expect(short.maximum).toBe(smoothed.reduce((a, b) => Math.max(a, b)));
    expect(short.maximum).toBeLessThan(run.reduce((a, b) => Math.max(a, b)));
    expect(short.sorted).toHaveLength(2048);
    expect(short.independent).toBe(Math.ceil(smoothed.length / 8));
    expect(long?.smoothing).toEqual({ kind: 'mean', windows: 19 });
    expect(observedMs).toBe(14_999 * HOP_MS + WINDOW_MS);
  });

  it('never smooths across the gap between two clips', () => {
    const high = new Float64Array(30).fill(9);
    const low = new Float64Array(30).fill(1);
    const { short } = calibrate({ segments: Array.from({ length: 10 }, (_, i) => (i % 2 ? high : low)), ...times });
    expect(new Set(short.sorted)).toEqual(new Set([1, 9]));
    expect(short.sorted).toHaveLength(10 * 25);
  });

  it('stands single windows in where there are too few of the statistic', () => {
    const { short, long } = calibrate({ segments: [Float64Array.of(2.9, 2.6, 2.5, 2.3, 2.7)], ...times });
    expect(short).toMatchObject({ sorted: [2.3, 2.5, 2.6, 2.7, 2.9], maximum: 2.9, clearBelow: 2.9, independent: 2 });
    expect(short.tail).toBeNull();
    expect(long).toBeNull();
  });

  it('splits at scores that are not finite and refuses when there are no others', () => {
    const run = Float64Array.of(1, 2, Number.NaN, 3, Number.POSITIVE_INFINITY);
    expect(calibrate({ segments: [run], ...times }).short.sorted).toEqual([1, 2, 3]);
    expect(() => calibrate({ segments: [new Float64Array([Number.NaN])], ...times })).toThrow(ModelError);
    expect(() => calibrate({ segments: [], ...times })).toThrow(/expected at least 1 finite held-out score, found 0/);
  });

  it('learns the level without the dead seconds and asks for one level a window', () => {
    const segments = [new Float64Array(4).fill(1)];
    expect(calibrate({ segments, ...times, levelsDb: [-30, -32, -120, -28] }).level).toMatchObject({ meanDb: -30 });
    expect(() => calibrate({ segments, ...times, levelsDb: [-30] })).toThrow(/expected 4 levels.*found 1/);
  });
});

describe('budget', () => {
  it('uses the tail with enough peaks, and a smaller budget gives a higher threshold', () => {
    const week = thresholdFor(twoHours.short, { ...twoHours, ...weekly });
    const day = thresholdFor(twoHours.short, { ...twoHours, falseAlarms: 1, perMs: WEEK_MS / 7 });
    const half = thresholdFor(twoHours.short, { ...twoHours, ...weekly, share: 0.5 });
    expect(week).toMatchObject({ method: 'gpd', confidence: 0.9, needsMoreMs: 0 });
    expect(day.threshold).toBeLessThan(week.threshold);
    expect(week.threshold).toBeLessThan(half.threshold);
    expect(week.threshold).toBeGreaterThan(twoHours.short.maximum * 0.9);
    expect(week.clearBelow).toBeLessThan(twoHours.short.tail?.t ?? 0);
  });

  it('says how much more it needs, and that so little supports next to nothing', () => {
    const few = calibrate({ segments: [Float64Array.of(2.9, 2.6, 2.5, 2.3, 2.7)], ...times });
    const limit = thresholdFor(few.short, { ...few, ...weekly });
    expect(limit.method).toBe('empirical-maximum');
    expect(limit.confidence).toBeLessThan(1e-4);
    expect(limit.needsMoreMs).toBeCloseTo(1000 * 8 * HOP_MS - few.observedMs, -1);
    // σ⁺ = 0.2 · 2/χ²(0.2; 2) = 0.9; ln(1 + a week / 2.9 s) = 12.2
    expect(limit.threshold).toBeGreaterThan(2.9 + 0.8 * 12);
    expect(limit.threshold).toBeLessThan(2.9 + 1.0 * 12.5);
    expect(limit.clearBelow).toBeCloseTo((2.9 + limit.threshold) / 2, 9);
  });

  it('leaves room above scores that were all alike', () => {
    const flat = calibrate({ segments: [new Float64Array(8).fill(4)], ...times });
    expect(thresholdFor(flat.short, { ...flat, ...weekly }).threshold).toBeGreaterThan(4.01);
  });

  it('is told in one line', () => {
    expect(describeBudget(twoHours, weekly)).toBe(
      'at most 1 false alarm a week, 90 % confidence, from 2.0 h of held-out normals',
    );
    const few = calibrate({ segments: [new Float64Array(5).fill(1)], ...times });
    expect(describeBudget(few, { falseAlarms: 2, perMs: HOUR_MS })).toBe(
      'empirical maximum of 2.9 s of held-out normals (2 independent windows) and a margin: needs 5.3 h more recorded for at most 2 false alarms an hour',
    );
    expect(describeBudget({ ...twoHours, repeatedShare: 0.05 }, weekly)).toBe(describeBudget(twoHours, weekly));
    expect(describeBudget({ ...twoHours, repeatedShare: 0.853 }, weekly)).toBe(
      `${describeBudget(twoHours, weekly)}; 85 % of the recording repeats the rest sample by sample: it holds for these same sounds, other normal sound may raise alarms`,
    );
  });
});
