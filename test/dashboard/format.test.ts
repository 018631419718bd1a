import { expect, it } from 'vitest';
import { formatMinute, formatScore, formatWhen, localTimes } from '../../dashboard/format.js';

const at = (year: number, month = 0, day = 1, hour = 0, minute = 5) =>
  new Date(year, month, day, hour, minute).getTime();

it('calls the hour after midnight 00', () => {
  expect(formatMinute(at(2026))).toBe('00:05');
});

it('names the year of what was in another', () => {
  expect(formatWhen(at(2024, 10), at(2026, 10))).toContain('2024');
  expect(formatWhen(at(2026, 9), at(2026, 10))).not.toContain('2026');
});

it("turns the service's times into the reader's", () => {
  const line = localTimes(`pump: muted until ${new Date(at(2026, 10, 29, 13)).toISOString()}`);
  expect(line).toMatch(/^pump: muted until .*2026.*1:05/);
  expect(line).not.toContain('Z');
});

it('writes scores of any size in few characters', () => {
  const scores = [Number.NaN, 0, -0.018, 5.128, 24.39, -105.2, 999_999, -1_234_567, 1.2345e21];
  expect(scores.map(formatScore)).toEqual([
    ...['–', '0.00', '−0.02', '5.13', '24.4', '−105', '999999', '−1.23e6', '1.23e21'],
  ]);
});
