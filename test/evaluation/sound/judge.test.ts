import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stepsOf } from '../../../src/evaluation/metrics.js';
import { fitGamma, gammaPoint, regularisedGamma } from '../../../src/evaluation/sound/gamma-threshold.js';
import { judge, partialAuc, thresholdOf } from '../../../src/evaluation/sound/judge.js';
import type { KnownMachine } from '../../../src/evaluation/sound/read-dataset.js';
import type { SoundTrialResult } from '../../../src/evaluation/sound/sound-job.js';

const steps = (normals: readonly number[], anomalies: readonly number[]) =>
  stepsOf(
    Float64Array.from([...normals, ...anomalies]),
    Uint8Array.from([...normals.map(() => 0), ...anomalies.map(() => 1)]),
  );

/** Area under the ROC curve up to `most`, by adding up thin slices of the curve drawn through its corners. */
function slicedArea(normals: readonly number[], anomalies: readonly number[], most: number): number {
  const levels = [...new Set([...normals, ...anomalies])].sort((a, b) => b - a);
  const share = (values: readonly number[], level: number) => values.filter((v) => v >= level).length / values.length;
  const corners = [[0, 0], ...levels.map((level) => [share(normals, level), share(anomalies, level)])] as [
    number,
    number,
  ][];
  const height = (x: number): number => {
    const right = corners.findIndex(([cx]) => cx > x);
    const [[x0, y0], [x1, y1]] = [corners[right - 1], corners[right]] as [[number, number], [number, number]];
    return y0 + ((y1 - y0) * (x - x0)) / (x1 - x0);
  };
  const slices = 20_000;
  let sum = 0;
  for (let i = 0; i < slices; i++) sum += height(((i + 0.5) * most) / slices);
  return (sum * most) / slices;
}

describe('the partial area under the ROC curve', () => {
  it('is what scikit-learn says, by hand', () => {
    // 20 normals 1…20, anomalies at 19.5 and 10.5: within a false-positive rate of .1 (two normals) the curve is at 0 up to
    // .05 and at .5 up to .1: A = .025; ½ (1 + (.025 − .005) / (.1 − .005)).
    const normals = Array.from({ length: 20 }, (_, i) => i + 1);
    expect(partialAuc(steps(normals, [19.5, 10.5]), 0.1)).toBeCloseTo(0.5 * (1 + 0.02 / 0.095), 12);
    expect(partialAuc(steps([1, 2], [3, 4]), 0.1)).toBe(1);
    expect(partialAuc(steps([3, 4], [1, 2]), 0.1)).toBeCloseTo(0.5 * (1 - 0.005 / 0.095), 12);
    // Everything tied: the diagonal.
    expect(partialAuc(steps([1, 1], [1, 1, 1]), 0.1)).toBeCloseTo(0.5, 12);
    // sklearn.metrics.roc_auc_score([0,0,1,1], [.1,.4,.35,.8], max_fpr=.1)
    expect(partialAuc(steps([0.1, 0.4], [0.35, 0.8]), 0.1)).toBeCloseTo(0.7368421052631579, 12);
  });

  it('is the area below the curve, ties and all', () => {
    const scores = fc.array(fc.integer({ min: 0, max: 8 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(scores, scores, fc.constantFrom(0.1, 0.3), (normals, anomalies, most) => {
        const area = slicedArea(normals, anomalies, most);
        const standard = 0.5 * (1 + (area - most ** 2 / 2) / (most - most ** 2 / 2));
        expect(partialAuc(steps(normals, anomalies), most)).toBeCloseTo(standard, 3);
      }),
      { numRuns: 30 },
    );
  });
});

describe('the threshold', () => {
  it('knows the incomplete gamma function', () => {
    // scipy.special.gammainc
    const known = [
      [0.5, 0.2, 0.47291074313446196],
      [1, 1, 0.6321205588285577],
      [3.7, 2.5, 0.29854513070092004],
      [3.7, 9, 0.9848140883443061],
      [50, 45, 0.24680203440017026],
      [200, 260, 0.999952499875557],
    ] as const;
    for (const [a, x, value] of known) expect(regularisedGamma(a, x)).toBeCloseTo(value, 10);
  });

  it('fits what scipy fits, also to negative energies', () => {
    const scores = [-3.2, -2.9, -2.5, -2.4, -2.2, -1.9, -1.7, -1.2, -0.6, 0.8];
    // scipy.stats.gamma.fit(scores, floc=-3.6), .ppf(.9)
    expect(fitGamma(scores)?.shift).toBeCloseTo(-3.6, 12);
    expect(fitGamma(scores)?.shape).toBeCloseTo(2.6311370847531137, 6);
    expect(gammaPoint(scores, 0.9)).toBeCloseTo(-0.27637863317078937, 6);
    expect(gammaPoint([4, 4, 4], 0.9)).toBe(4);
  });

  it('moves with the energies', () => {
    const energies = fc.array(fc.double({ min: -50, max: 50, noNaN: true }), { minLength: 5, maxLength: 60 });
    fc.assert(
      fc.property(energies, fc.double({ min: -100, max: 100, noNaN: true }), (scores, by) => {
        fc.pre(Math.max(...scores) - Math.min(...scores) > 0.1);
        const moved = gammaPoint(
          scores.map((score) => score + by),
          0.9,
        );
        expect(moved - by).toBeCloseTo(gammaPoint(scores, 0.9), 4);
      }),
    );
  });

  it('is set on ten held-out clips or more, else on all that were there to learn from', () => {
    const trainScores = Array.from({ length: 60 }, (_, i) => i % 7);
    const heldOut = Array.from({ length: 12 }, (_, i) => 5 * i + 4);
    const result = { trainScores, heldOut } as unknown as SoundTrialResult;
    expect(thresholdOf(result)).toMatchObject({ thresholdFrom: 'held-out', thresholdClips: 12 });
    const few = { ...result, heldOut: heldOut.slice(0, 9) };
    expect(thresholdOf(few)).toMatchObject({ thresholdFrom: 'training', thresholdClips: 60 });
  });
});

describe('a domain', () => {
  const clip = (anomalous: boolean, domain: 'source' | 'target') => ({ anomalous, domain });
  const test = [clip(false, 'source'), clip(false, 'target'), clip(true, 'source'), clip(true, 'target')];
  const machine = { test } as unknown as KnownMachine;
  const result = { testScores: [1, 3, 4, 2], trainScores: [0, 1], heldOut: [] } as unknown as SoundTrialResult;

  it('is judged by its normals and the anomalies of both, or by its own anomalies alone', () => {
    expect(judge(machine, result, false).domains).toMatchObject([
      { domain: 'source', normals: 1, anomalies: 2, auc: 1 },
      { domain: 'target', normals: 1, anomalies: 2, auc: 0.5 },
    ]);
    expect(judge(machine, result, true).domains).toMatchObject([
      { domain: 'source', anomalies: 1, auc: 1 },
      { domain: 'target', anomalies: 1, auc: 0 },
    ]);
  });
});
