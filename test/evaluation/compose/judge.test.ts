import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeStream } from '../../../src/evaluation/compose/judge.js';
import { poissonInterval } from '../../../src/evaluation/compose/poisson.js';

const s = 1_000;
const at = (second: number, cleared: number | null = second + 20) => ({
  raisedMs: second * s,
  clearedMs: cleared === null ? null : cleared * s,
});
const hour = { startMs: 0, endMs: 3_600 * s };
const faults = [100, 200, 300].map((second) => ({ startMs: second * s, endMs: (second + 10) * s }));
const truth = { faults, span: hour, toleranceMs: 10 * s };

describe('the judgement of a stream', () => {
  it('gives an alarm during a fault, or a little after it, to the fault; every other one is false', () => {
    const result = judgeStream([at(99.9, 100), at(103), at(218), at(321), at(2_000, null)], truth);
    expect(result).toMatchObject({ falseAlarms: 3, faults: 3, raised: 2, missed: 1, hidden: 0 });
    expect(result.normalHours).toBeCloseTo((3_600 - 60) / 3_600, 9);
    expect(result.falseAlarmsPerHour).toBeCloseTo(3 / result.normalHours, 9);
  });

  it('measures the delay from the start of the fault to its first alarm', () => {
    const result = judgeStream([at(102), at(109), at(203), at(307)], truth);
    expect(result).toMatchObject({ raised: 3, falseAlarms: 0, delayMedianMs: 3_000 });
    expect(result.delay90Ms).toBeCloseTo(6_200, 6);
  });

  it('counts a fault that begins under an open alarm as missed, and says so', () => {
    expect(judgeStream([at(90, 150)], truth)).toMatchObject({ falseAlarms: 1, raised: 0, missed: 3, hidden: 1 });
  });

  it('says nothing of faults or delays where there are none', () => {
    const result = judgeStream([], { ...truth, faults: [] });
    expect(result).toMatchObject({ raisedShare: null, delayMedianMs: null, normalHours: 1, falseAlarms: 0 });
    expect(result.interval[1]).toBeCloseTo(3.689, 3);
  });

  it('leaves out what comes after the end of what is judged', () => {
    const cut = { ...truth, span: { startMs: 0, endMs: 1_800 * s } };
    expect(judgeStream([at(1_900)], cut)).toMatchObject({ falseAlarms: 0 });
    expect(judgeStream([], cut).normalHours).toBeCloseTo(0.5 - 60 / 3_600, 9);
  });

  it('does not count the time between two near faults twice', () => {
    const near = [100, 115].map((second) => ({ startMs: second * s, endMs: (second + 10) * s }));
    const { normalHours, raised } = judgeStream([at(116)], { ...truth, faults: near });
    expect(normalHours).toBeCloseTo((3_600 - 15 - 20) / 3_600, 9);
    expect(raised).toBe(1);
  });
});

describe('the interval of a Poisson mean', () => {
  it('is that of the tables (Garwood 1936)', () => {
    const table: [number, number, number][] = [
      [0, 0, 3.689],
      [1, 0.0253, 5.572],
      [5, 1.623, 11.668],
      [20, 12.217, 30.888],
      [100, 81.364, 121.627],
    ];
    for (const [count, low, high] of table) {
      expect(poissonInterval(count)[0]).toBeCloseTo(low, 3);
      expect(poissonInterval(count)[1]).toBeCloseTo(high, 3);
    }
  });

  it('holds its count, and widens with the confidence, for any count', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3_000 }), (count) => {
        const [low, high] = poissonInterval(count);
        const [lower, higher] = poissonInterval(count, 0.99);
        return low <= count && count < high && lower <= low && higher > high;
      }),
      { numRuns: 50 },
    );
  });
});
