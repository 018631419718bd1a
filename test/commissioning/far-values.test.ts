import { describe, expect, it } from 'vitest';
import { farValues } from '../../src/commissioning/far-values.js';
import { fitTableSpec } from '../../src/features/table-fit.js';
import { openRandom } from '../../src/scorers/random.js';

const random = openRandom(1, 'far values');

function told(count: number, value: (i: number) => number): string[] {
  const rows = Array.from({ length: count }, (_, i) => ({ temp: value(i), mode: i % 2 === 0 ? 'a' : 'b' }));
  return farValues(fitTableSpec(rows), rows);
}

describe('values far from all others of a column', () => {
  it('are told: one of 1,500, on either side, however far', () => {
    for (const value of [65_535, -999, 1e30]) {
      expect(told(1_500, (i) => (i === 700 ? value : 20 + (i % 7)))).toEqual([
        `column temp has the value ${value}, and all others in 20 to 26: faults of it would look small; ` +
          'clean the recording of such values, or leave the column out',
      ]);
    }
  });

  it('are told when there are several, also of a column that mostly stands still', () => {
    expect(told(1_500, (i) => (i % 300 === 5 ? 65_535 : i % 10 === 0 ? 1 : 0))).toEqual([
      expect.stringContaining('column temp has 5 values such as 65535, and all others in 0 to 1:'),
    ]);
  });

  it('are not looked for where they are more than one in a hundred, or rows are few', () => {
    expect(told(1_500, (i) => (i % 50 === 0 ? 10_000 : i % 7))).toEqual([]);
    expect(told(90, (i) => (i === 40 ? 65_535 : i % 7))).toEqual([]);
  });

  it('are not the few large ones of a column with a long tail, counters of bytes say', () => {
    const bytes = () => (random.uniform() < 0.6 ? 0 : Math.exp(5 + 2.5 * random.normal()));
    expect(told(20_000, bytes)).toEqual([]);
    expect(told(20_000, () => random.uniform() ** -1)).toEqual([]);
  });
});
