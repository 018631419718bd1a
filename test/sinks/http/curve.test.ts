import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { readCurve } from '../../../src/sinks/http/curve.js';
import { openStore } from '../../../src/store/index.js';
import { verdict } from '../../dashboard/simulated-plant.js';
import { EMPTY } from './fake-data.js';

const HOUR_MS = 3_600_000;
const YEAR_MS = 365 * 24 * HOUR_MS;
const never = new AbortController().signal;
const folder = mkdtempSync(join(tmpdir(), 'auscult-curve-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('reads the curve that the store would give at once, minutes and windows', async () => {
  let nowMs = 1e12;
  const store = openStore({
    path: join(folder, 'a.sqlite'),
    clipDir: join(folder, 'clips'),
    flushMs: 0,
    nowMs: () => nowMs,
  });
  for (let i = 0; i < 3_000; i++) store.addVerdict(verdict('pump', nowMs + i * 61_000, Math.sin(i) * 20));
  nowMs += 3_000 * 61_000;
  for (let i = 0; i < 30; i++) {
    store.flush();
    nowMs += 60_000;
  }
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: -100, max: 60 }),
      fc.integer({ min: 1, max: 90 * HOUR_MS }),
      fc.integer({ min: 1, max: 40 }),
      async (fromHours, spanMs, points) => {
        const fromMs = 1e12 + fromHours * HOUR_MS;
        const query = { feed: 'pump', fromMs, toMs: fromMs + spanMs };
        const [whole] = store.scores({ ...query, maxPoints: points });
        const curve = await readCurve(store, { ...query, points }, never);
        expect(curve.points.map(({ atMs }) => atMs)).toEqual(whole?.points.map(({ startMs }) => startMs));
        for (const [i, { mean, max, threshold }] of curve.points.entries()) {
          expect(mean).toBeCloseTo(whole?.points[i]?.statistic.mean ?? Number.NaN, 9);
          expect([max, threshold]).toEqual([whole?.points[i]?.statistic.max, 24]);
        }
      },
    ),
    { numRuns: 60 },
  );
  await store.close();
});

it.each([1, 600, 2_000])(
  'asks for a year in %i points by the hour, from where there is any, and not for readers that have gone',
  async (points) => {
    const asked: { fromMs: number; toMs: number }[] = [];
    const scores = (query: { fromMs: number; toMs: number }) => {
      asked.push(query);
      return [];
    };
    const data = { ...EMPTY, scores, oldestScoreMs: () => 49 * YEAR_MS };
    const query = { feed: 'pump', fromMs: 0, toMs: 50 * YEAR_MS, points };
    await readCurve(data, query, never);
    expect(Math.max(...asked.map(({ fromMs, toMs }) => toMs - fromMs))).toBeLessThanOrEqual(3 * HOUR_MS);
    expect(asked.slice(1).map(({ fromMs }) => fromMs)).toEqual(asked.slice(0, -1).map(({ toMs }) => toMs));
    expect(asked[0]?.fromMs).toBeGreaterThan(48.99 * YEAR_MS);
    expect(asked.at(-1)?.toMs).toBe(50 * YEAR_MS);
    const before = asked.length;
    await readCurve(data, query, AbortSignal.abort());
    expect(asked).toHaveLength(before);
  },
);
