import { describe, expect, it } from 'vitest';
import { Operating } from '../../src/decision/operating.js';

const SECOND_MS = 1000;
const HOP_MS = 480;

/** A machine at −30 dBFS that is at rest, at −62 dBFS, in some stretches of time. */
function heard(rests: readonly (readonly [fromMs: number, toMs: number])[]) {
  const restShare = (from: number, to: number): number =>
    rests.reduce((sum, [a, b]) => sum + Math.max(0, Math.min(to, b) - Math.max(from, a)), 0) / (to - from);
  const levelDb = (from: number, to: number): number => {
    const share = restShare(from, to);
    return 10 * Math.log10((1 - share) * 10 ** -3 + share * 10 ** -6.2);
  };
  return { restShare, levelDb };
}

/** What is judged and raised of windows of such a length. */
function judged(windowMs: number, rests: readonly (readonly [number, number])[], untilMs: number) {
  const operating = new Operating(
    { operating: 'level', warmUpMs: 5 * SECOND_MS, offAfterMs: 3 * SECOND_MS },
    { meanDb: -30, deviationDb: 0.5 },
  );
  const { restShare, levelDb } = heard(rests);
  const windows: { endMs: number; restShare: number; raises: boolean; state: string }[] = [];
  for (let endMs = windowMs; endMs <= untilMs; endMs += HOP_MS) {
    const startMs = endMs - windowMs;
    const levels = { levelDb: levelDb(startMs, endMs), newestDb: levelDb(endMs - HOP_MS, endMs) };
    const { judge, hold } = operating.window({ ...levels, startMs, endMs });
    windows.push({ endMs, restShare: restShare(startMs, endMs), raises: judge && !hold, state: operating.state });
  }
  return windows;
}

describe.each([1000, 2000, 4500])('windows of %i ms', (windowMs) => {
  it.each([0, 120, 240, 360])(
    'that hold a part of the machine at rest raise nothing but one at its edge, %i ms',
    (by) => {
      const rests = [
        [30_000 + by, 50_000],
        [80_000, 120_000 + by],
      ] as const;
      const windows = judged(windowMs, rests, 180_000);
      const edges = windows.filter(({ restShare, raises }) => raises && restShare > 0).map(({ endMs }) => endMs);
      // The first window of a stop may hold too little of it to be heard.
      for (const [from] of rests)
        expect(edges.filter((endMs) => Math.abs(endMs - from) <= HOP_MS).length).toBeLessThan(2);
      expect(edges.filter((endMs) => rests.every(([from]) => Math.abs(endMs - from) > HOP_MS))).toEqual([]);
      expect(windows.some(({ state }) => state === 'off')).toBe(true);
      for (const [, to] of rests) {
        const again = windows.find(({ endMs, raises }) => endMs > to && raises);
        expect(again?.endMs).toBeLessThan(to + 5 * SECOND_MS + windowMs + 2 * HOP_MS);
      }
    },
  );

  it('wait for a dip to have passed', () => {
    const windows = judged(windowMs, [[30_000, 30_000 + windowMs + 1_000]], 60_000);
    expect(windows.filter(({ restShare, raises, endMs }) => raises && restShare > 0 && endMs > 30_500)).toEqual([]);
    expect(windows.at(-1)).toMatchObject({ raises: true, state: 'running' });
  });

  it('are raised of a machine that stays quieter, when it has had the time to stop', () => {
    const operating = new Operating(
      { operating: 'level', warmUpMs: 0, offAfterMs: 3 * SECOND_MS },
      { meanDb: -30, deviationDb: 0.5 },
    );
    const raised: number[] = [];
    for (let endMs = windowMs; endMs < 30_000; endMs += HOP_MS) {
      const levelDb = endMs < 15_000 ? -30 : -36;
      const { judge, hold } = operating.window({ levelDb, newestDb: levelDb, startMs: endMs - windowMs, endMs });
      if (judge && !hold && endMs >= 15_000) raised.push(endMs);
    }
    expect(raised[0]).toBeGreaterThanOrEqual(15_000 + 3_000 + windowMs);
    expect(raised[0]).toBeLessThan(15_000 + 3_000 + windowMs + 2 * HOP_MS);
  });
});

describe('a machine of which a topic tells', () => {
  const judgedFrom = (told: readonly (readonly [atMs: number, running: boolean])[]): number[] => {
    const operating = new Operating({ operating: 'topic', warmUpMs: 1_000, offAfterMs: 3_000 }, null);
    const judged: number[] = [];
    let next = 0;
    for (let endMs = 4_500; endMs < 40_000; endMs += HOP_MS) {
      for (; (told[next]?.[0] ?? Number.POSITIVE_INFINITY) <= endMs; next++) {
        const [atMs, running] = told[next] as readonly [number, boolean];
        operating.told(running, atMs);
      }
      if (operating.window({ startMs: endMs - 4_500, endMs }).judge) judged.push(endMs - 4_500);
    }
    return judged;
  };

  it('is judged while it is told again and again that it runs', () => {
    const told = Array.from({ length: 40 }, (_, i) => [1_000 * i, true] as const);
    expect(judgedFrom(told)).toEqual(judgedFrom([]));
    expect(judgedFrom(told).length).toBeGreaterThan(70);
  });

  it('is judged again by windows that begin after it ran again', () => {
    const judged = judgedFrom([
      [15_000, false],
      [20_000, true],
    ]);
    expect(judged.filter((startMs) => startMs + 4_500 > 15_000 && startMs < 20_000)).toEqual([]);
    expect(judged.some((startMs) => startMs >= 20_000 && startMs < 20_000 + 2 * HOP_MS)).toBe(true);
  });
});
