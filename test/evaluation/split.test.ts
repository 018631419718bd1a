import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PROTOCOLS, type Splittable, splitRows } from '../../src/evaluation/split.js';

const labels = (values: readonly number[]): Splittable['anomalous'] => {
  const shared = new Uint8Array(new SharedArrayBuffer(values.length));
  shared.set(values);
  return shared;
};

/** Labelled rows, some without a label, with enough of each class. */
const table = fc
  .array(fc.constantFrom(0, 0, 0, 1, 255), { minLength: 10, maxLength: 80 })
  .map((values) => [...values, 0, 0, 0, 0, 1, 1, 1])
  .map((values): Splittable => ({ anomalous: labels(values), flaggedShare: 0.2 }));

describe('a split', () => {
  it('learns from normal rows only, judges others, and uses no row twice nor one without a label', () => {
    fc.assert(
      fc.property(table, fc.constantFrom(...PROTOCOLS), fc.nat(99), (data, protocol, seed) => {
        const { train, test, anomalies, flagged } = splitRows(data, protocol, seed);
        const all = [...train, ...test];
        expect(new Set(all).size).toBe(all.length);
        expect(train.every((row) => data.anomalous[row] === 0)).toBe(true);
        expect(all.every((row) => data.anomalous[row] !== 255)).toBe(true);
        expect([...test].filter((row) => data.anomalous[row] === 1)).toHaveLength(anomalies);
        expect(anomalies).toBeGreaterThan(0);
        expect(flagged).toBeGreaterThan(0);
        expect(flagged).toBeLessThanOrEqual(test.length);
      }),
    );
  });

  it('is the same for the same seed and another for another', () => {
    const data: Splittable = {
      anomalous: labels(Array.from({ length: 500 }, (_, i) => Number(i % 9 === 0))),
      flaggedShare: 0.1,
    };
    for (const protocol of PROTOCOLS) {
      expect(splitRows(data, protocol, 4)).toEqual(splitRows(data, protocol, 4));
      expect(splitRows(data, protocol, 4).train).not.toEqual(splitRows(data, protocol, 5).train);
    }
  });

  it('of protocol paper is into halves, and the share stated is flagged', () => {
    const data = { anomalous: labels(Array.from({ length: 1001 }, (_, i) => Number(i < 200))), flaggedShare: 0.15 };
    const { train, test, anomalies, flagged } = splitRows(data, 'paper', 0);
    expect(test.length).toBe(501);
    expect(train.length).toBe(500 - (200 - anomalies));
    expect(flagged).toBe(75);
    expect(anomalies).toBeGreaterThan(70);
    expect(anomalies).toBeLessThan(130);
  });

  it('of protocol goad judges every anomaly and flags as many', () => {
    const data = { anomalous: labels(Array.from({ length: 101 }, (_, i) => Number(i < 20))), flaggedShare: 0.5 };
    const { train, test, anomalies, flagged } = splitRows(data, 'goad', 0);
    expect([train.length, test.length, anomalies, flagged]).toEqual([40, 61, 20, 20]);
  });

  it('is drawn again where a half has no anomaly', () => {
    const data = { anomalous: labels([1, ...new Array<number>(20).fill(0)]), flaggedShare: 0.05 };
    for (let seed = 0; seed < 20; seed++) expect(splitRows(data, 'paper', seed).anomalies).toBe(1);
  });
});
