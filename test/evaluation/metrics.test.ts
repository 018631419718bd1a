import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { histogramOf, precisionRecallOf, rocOf } from '../../src/evaluation/curves.js';
import { type Metrics, metricsOf, stepsOf, thresholdOf } from '../../src/evaluation/metrics.js';
import { pairedDifference, secondsWords, spreadOf } from '../../src/evaluation/summary.js';

function judged(energies: readonly number[], anomalous: readonly number[], flagged: number): Metrics {
  return metricsOf(stepsOf(Float64Array.from(energies), Uint8Array.from(anomalous)), flagged);
}

/** Energies with many ties, labels of both classes, and how many are flagged. */
const judgement = fc
  .array(fc.record({ energy: fc.integer({ min: -4, max: 4 }), label: fc.integer({ min: 0, max: 1 }) }), {
    minLength: 2,
    maxLength: 30,
  })
  .filter((rows) => new Set(rows.map(({ label }) => label)).size === 2)
  .chain((rows) =>
    fc.record({
      energies: fc.constant(rows.map(({ energy }) => energy)),
      anomalous: fc.constant(rows.map(({ label }) => label)),
      flagged: fc.integer({ min: 1, max: rows.length }),
    }),
  );

describe('metrics', () => {
  it('are what a hand gets: five rows, two anomalies, two flagged', () => {
    // Descending: anomaly 5, normal 4, anomaly 3, normal 2, normal 1.
    const { precision, recall, f1, auc, ap } = judged([1, 5, 2, 3, 4], [0, 1, 0, 1, 0], 2);
    expect([precision, recall, f1]).toEqual([0.5, 0.5, 0.5]);
    expect(auc).toBeCloseTo(5 / 6, 12); // of six pairs only (3, 4) is the wrong way round
    expect(ap).toBeCloseTo((1 + 2 / 3) / 2, 12);
  });

  it('take of a tie at the threshold what a random order would give', () => {
    // One anomaly above, then a tie of three with one anomaly; two of four are flagged: 1 + 1/3 hits.
    const { precision, recall, f1, auc } = judged([9, 5, 5, 5, 1], [1, 0, 1, 0, 0], 2);
    expect(precision).toBeCloseTo(4 / 3 / 2, 12);
    expect(recall).toBeCloseTo(4 / 3 / 2, 12);
    expect(f1).toBeCloseTo(2 / 3, 12);
    expect(auc).toBeCloseTo((3 + 1 + 0.5 * 2) / 6, 12);
  });

  it('of equal energies are those of chance', () => {
    const { precision, recall, auc, ap } = judged([7, 7, 7, 7], [1, 0, 0, 0], 2);
    expect([precision, recall, auc, ap]).toEqual([0.25, 0.5, 0.5, 0.25]);
  });

  it('of infinite energies are numbers, and NaN is refused by row', () => {
    expect(judged([Infinity, -Infinity, Infinity], [1, 0, 1], 2)).toMatchObject({ f1: 1, auc: 1, ap: 1 });
    expect(() => judged([1, NaN], [1, 0], 1)).toThrow(/found NaN for test row 1/);
  });

  it('count AUC as pairs do, ties half', () => {
    fc.assert(
      fc.property(judgement, ({ energies, anomalous, flagged }) => {
        let [won, pairs] = [0, 0];
        for (const [i, a] of energies.entries()) {
          for (const [j, b] of energies.entries()) {
            if (anomalous[i] !== 1 || anomalous[j] !== 0) continue;
            pairs++;
            won += a > b ? 1 : a === b ? 0.5 : 0;
          }
        }
        expect(judged(energies, anomalous, flagged).auc).toBeCloseTo(won / pairs, 10);
      }),
    );
  });

  it('do not change when energies are stretched, and AUC is mirrored when they are turned round', () => {
    fc.assert(
      fc.property(judgement, ({ energies, anomalous, flagged }) => {
        const metrics = judged(energies, anomalous, flagged);
        expect(judged(energies.map((e) => Math.exp(e) * 3 - 7), anomalous, flagged)).toEqual(metrics); // biome-ignore format: one idea
        const turned = judged(energies.map((e) => -e), anomalous, flagged); // biome-ignore format: one idea
        expect(turned.auc).toBeCloseTo(1 - metrics.auc, 10);
      }),
    );
  });

  it('agree with each other: hits by precision, by recall and by F1; AP at least what the worst order gives', () => {
    fc.assert(
      fc.property(judgement, ({ energies, anomalous, flagged }) => {
        const { precision, recall, f1, ap } = judged(energies, anomalous, flagged);
        const anomalies = anomalous.filter((label) => label === 1).length;
        expect(precision * flagged).toBeCloseTo(recall * anomalies, 9);
        expect((f1 * (flagged + anomalies)) / 2).toBeCloseTo(recall * anomalies, 9);
        expect(ap).toBeGreaterThan(0);
        expect(ap).toBeLessThanOrEqual(1 + 1e-12);
        if (flagged === energies.length) expect(recall).toBeCloseTo(1, 12);
      }),
    );
  });

  it('have curves that begin and end where they must, and whose ROC encloses the AUC', () => {
    fc.assert(
      fc.property(judgement, ({ energies, anomalous, flagged }) => {
        const steps = stepsOf(Float64Array.from(energies), Uint8Array.from(anomalous));
        const roc = rocOf(steps);
        expect(roc[0]).toEqual([0, 0]);
        expect(roc.at(-1)).toEqual([1, 1]);
        const area = roc.slice(1).reduce((sum, [x, y], i) => {
          const [px, py] = roc[i] ?? [0, 0];
          return sum + ((x - px) * (y + py)) / 2;
        }, 0);
        expect(area).toBeCloseTo(metricsOf(steps, flagged).auc, 9);
        expect(precisionRecallOf(steps).at(-1)?.[0]).toBeCloseTo(1, 12);
      }),
    );
  });

  it('know the energy of the last flagged row', () => {
    const steps = stepsOf(Float64Array.from([1, 5, 2, 3, 4]), Uint8Array.from([0, 1, 0, 1, 0]));
    expect(thresholdOf(steps, 2)).toBe(4);
    expect(thresholdOf(steps, 5)).toBe(1);
  });
});

describe('a histogram', () => {
  it('counts every finite row of a class once, wherever it lies', () => {
    const energies = Float64Array.from([0, 1, 2, 3, 1e9, Infinity, 2.5, 1e12]);
    const { normals, anomalies, from, to } = histogramOf(energies, Uint8Array.from([0, 0, 0, 0, 0, 0, 1, 1]), 3);
    const sum = (shares: readonly number[]) => shares.reduce((a, b) => a + b, 0);
    expect(sum(normals)).toBeCloseTo(1, 3);
    expect(sum(anomalies)).toBeCloseTo(1, 3);
    expect(to).toBeGreaterThan(from);
  });

  it('has a width even when all energies are equal', () => {
    const { from, to } = histogramOf(Float64Array.from([2, 2, 2]), Uint8Array.from([0, 1, 0]), 2);
    expect(to).toBeGreaterThan(from);
  });
});

describe('a summary', () => {
  it('has the sample deviation, and 0 for a single value', () => {
    expect(spreadOf([2, 4, 4, 4, 5, 5, 7, 9])).toEqual({ mean: 5, sd: Math.sqrt(32 / 7) });
    expect(spreadOf([3])).toEqual({ mean: 3, sd: 0 });
  });

  it('says seconds with two digits, and long ones in full', () => {
    const words = [0.00123, 0.98, 9.96, 10.4, 431.2].map((mean) => secondsWords({ mean, sd: 0 }));
    expect(words).toEqual(['0.0012', '0.98', '10', '10', '431']);
  });

  it('pairs differences by trial and leaves out what only one has', () => {
    const f1 = (value: number): Metrics => ({ precision: 0, recall: 0, f1: value, auc: 0, ap: 0 });
    const ours = [f1(0.5), f1(0.7), null, f1(0.9)];
    const theirs = [f1(0.4), f1(0.8), f1(0.1), f1(0.6)];
    const { mean, standardError, pairs } = pairedDifference(ours, theirs, 'f1') ?? {};
    // Differences .1, −.1, .3: mean .1, deviation .2.
    expect(mean).toBeCloseTo(0.1, 12);
    expect(standardError).toBeCloseTo(0.2 / Math.sqrt(3), 12);
    expect(pairs).toBe(3);
    expect(pairedDifference([null], [f1(1)], 'f1')).toBeNull();
    expect(pairedDifference([f1(1)], [f1(0)], 'f1')?.standardError).toBeNull();
  });
});
