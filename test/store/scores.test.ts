import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { ScoreTable } from '../../src/store/score-table.js';
import { DAY, HOUR, MINUTE, NOON, sampleVerdict, storeIn, temporaryFolder } from './samples.js';

const everything = { fromMs: NOON - 10 * DAY, toMs: NOON + DAY };

test('writes verdicts at the flush and gives each window its own point when there is room', () => {
  const store = storeIn(temporaryFolder());
  store.addVerdict(sampleVerdict({ endMs: NOON, score: 3, statistic: 2, pValue: 0.25, state: 'anomalous' }));
  expect(store.scores({ fromMs: NOON, toMs: NOON + 100, maxPoints: 100 })).toEqual([]);
  store.flush();
  expect(store.scores({ fromMs: NOON, toMs: NOON + 100, maxPoints: 100 })).toEqual([
    {
      feed: 'pump-00',
      machine: 'pump',
      bucketMs: 1,
      points: [
        {
          startMs: NOON,
          count: 1,
          score: { min: 3, mean: 3, max: 3 },
          statistic: { min: 2, mean: 2, max: 2 },
          threshold: 10,
          pValue: 0.25,
          state: 'anomalous',
          frozen: null,
        },
      ],
    },
  ]);
});

test('thins to the number of points asked for, keeping least, mean, most and the newest state', () => {
  const store = storeIn(temporaryFolder());
  [1, 5, 3].forEach((score, index) => {
    const state = index === 2 ? 'anomalous' : 'normal';
    store.addVerdict(
      sampleVerdict({ endMs: NOON + index * 100, score, statistic: score * 2, pValue: 1 / score, state }),
    );
  });
  store.flush();
  const [series] = store.scores({ feed: 'pump-00', fromMs: NOON, toMs: NOON + 1000, maxPoints: 1 });
  expect(series?.points).toEqual([
    {
      startMs: NOON,
      count: 3,
      score: { min: 1, mean: 3, max: 5 },
      statistic: { min: 2, mean: 6, max: 10 },
      threshold: 10,
      pValue: 0.2,
      state: 'anomalous',
      frozen: null,
    },
  ]);
});

test('separates feeds, and finds them by machine', () => {
  const store = storeIn(temporaryFolder());
  store.addVerdict(sampleVerdict({ feed: 'a', machine: 'pump' }));
  store.addVerdict(sampleVerdict({ feed: 'b', machine: 'pump' }));
  store.addVerdict(sampleVerdict({ feed: 'c', machine: 'fan' }));
  store.flush();
  const feeds = (filter: object) => store.scores({ ...everything, ...filter, maxPoints: 10 }).map(({ feed }) => feed);
  expect(feeds({})).toEqual(['c', 'a', 'b']);
  expect(feeds({ machine: 'pump' })).toEqual(['a', 'b']);
  expect(feeds({ feed: 'b' })).toEqual(['b']);
  expect(feeds({ machine: 'nothing' })).toEqual([]);
});

test('leaves out a score that is not a number, and counts it, rather than losing the batch', () => {
  const store = storeIn(temporaryFolder());
  store.addVerdict(sampleVerdict({ score: Number.NaN }));
  store.addVerdict(sampleVerdict({ endMs: NOON + 1 }));
  store.flush();
  expect(store.scores({ ...everything, maxPoints: 10_000 })[0]?.points).toHaveLength(1);
  expect(store.health().droppedScores).toBe(1);
});

test('a roll-up to minutes changes no minimum, mean, maximum or count', () => {
  const window = fc.record({ at: fc.integer({ min: 0, max: 5 * MINUTE }), score: fc.integer({ min: -50, max: 50 }) });
  fc.assert(
    fc.property(fc.uniqueArray(window, { selector: ({ at }) => at, maxLength: 60 }), (windows) => {
      let now = NOON;
      const store = storeIn(temporaryFolder(), { nowMs: () => now, reserveBytes: 0 });
      for (const { at, score } of windows)
        store.addVerdict(sampleVerdict({ endMs: NOON + at, score, statistic: score / 2 }));
      store.flush();
      const ask = () => store.scores({ fromMs: NOON, toMs: NOON + 6 * MINUTE, maxPoints: 6 });
      const before = ask();
      now = NOON + DAY + 3 * MINUTE;
      store.flush();
      const close = before.map((series) => ({
        ...series,
        points: series.points.map((point) => ({
          ...point,
          score: { ...point.score, mean: expect.closeTo(point.score.mean, 9) },
          statistic: { ...point.statistic, mean: expect.closeTo(point.statistic.mean, 9) },
          threshold: expect.closeTo(point.threshold, 9),
        })),
      }));
      expect(ask()).toEqual(close);
    }),
    { numRuns: 30 },
  );
});

test('rolls up only what is older than a day, and merges windows that come late into their minute', () => {
  let now = NOON;
  const store = storeIn(temporaryFolder(), { nowMs: () => now });
  const points = () => store.scores({ fromMs: NOON, toMs: NOON + 10_000, maxPoints: 10_000 })[0]?.points ?? [];
  for (const [endMs, score] of [
    [NOON + 1000, 1],
    [NOON + 2000, 3],
  ] as const)
    store.addVerdict(sampleVerdict({ endMs, score }));
  now = NOON + DAY;
  store.flush();
  expect(points()).toHaveLength(2);
  now += 2 * MINUTE;
  store.flush();
  expect(points()).toMatchObject([{ startMs: NOON, count: 2, score: { min: 1, mean: 2, max: 3 } }]);
  store.addVerdict(sampleVerdict({ endMs: NOON + 3000, score: 8 }));
  now += 2 * MINUTE;
  store.flush();
  expect(points()).toMatchObject([{ startMs: NOON, count: 3, score: { min: 1, mean: 4, max: 8 } }]);
});

test('catches up in steps of an hour after a long time off', () => {
  let now = NOON;
  const store = storeIn(temporaryFolder(), { nowMs: () => now });
  for (let hour = 0; hour < 5; hour++) store.addVerdict(sampleVerdict({ endMs: NOON + hour * HOUR + 1 }));
  store.flush();
  now = NOON + 3 * DAY;
  for (let step = 0; step < 5; step++) store.flush();
  const [series] = store.scores({ fromMs: NOON, toMs: NOON + 5 * HOUR, maxPoints: 5 });
  expect(series?.points.map(({ startMs }) => startMs)).toEqual([0, 1, 2, 3, 4].map((hour) => NOON + hour * HOUR));
  const [fine] = store.scores({ fromMs: NOON, toMs: NOON + 2, maxPoints: 10 });
  expect(fine?.points[0]?.startMs).toBe(NOON);
});

test('deletes minutes past their age', () => {
  let now = NOON;
  const store = storeIn(temporaryFolder(), {
    nowMs: () => now,
    retention: { windowScoresMs: HOUR, minuteScoresMs: DAY },
  });
  store.addVerdict(sampleVerdict({ endMs: NOON }));
  now = NOON + 2 * HOUR;
  store.flush();
  expect(store.scores({ ...everything, maxPoints: 10 })[0]?.points).toHaveLength(1);
  now = NOON + 2 * DAY;
  store.flush();
  expect(store.scores({ ...everything, maxPoints: 10 })[0]?.points).toEqual([]);
});

test('upkeep looks through no table of scores as a whole, however many years it holds', async () => {
  const folder = temporaryFolder();
  await storeIn(folder).close();
  const run: string[] = [];
  const path = join(folder, 'auscult.db');
  const db = new SqliteDatabase(path, { verbose: (sql) => run.push(String(sql)) });
  onTestFinished(() => {
    db.close();
  });
  const table = new ScoreTable(db);
  table.add([sampleVerdict({ endMs: NOON })]);
  run.length = 0;
  table.rollUp(NOON + DAY);
  table.expire(NOON);
  table.dropOldest();
  const work = run.filter((sql) => /_scores/.test(sql));
  const plans = work.flatMap((sql) => db.prepare<[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`).all());
  expect(work.some((sql) => sql.startsWith('DELETE FROM minute_scores'))).toBe(true);
  expect(plans.filter(({ detail }) => /^SCAN (window|minute)_scores/.test(detail))).toEqual([]);
});

test('remembers states and mutes over a restart', async () => {
  const folder = temporaryFolder();
  const first = storeIn(folder);
  first.setState('pump', 'normal', NOON);
  first.setState('pump', 'normal', NOON + 1000);
  first.setState('fan', 'normal', NOON);
  first.setState('fan', 'muted', NOON + 5);
  first.mute('fan', NOON + HOUR);
  first.mute('pump', NOON + HOUR);
  first.unmute('pump');
  await first.close();
  const second = storeIn(folder);
  expect(second.states()).toEqual([
    { machine: 'fan', state: 'muted', sinceMs: NOON + 5 },
    { machine: 'pump', state: 'normal', sinceMs: NOON },
  ]);
  expect(second.mutes(NOON)).toEqual([{ machine: 'fan', untilMs: NOON + HOUR }]);
  expect(second.mutes(NOON + HOUR)).toEqual([]);
});

test('keeps the commissioned score beside one that follows drift, by window and by minute', () => {
  const store = storeIn(temporaryFolder());
  const [old, young] = [NOON - 3 * DAY, NOON];
  for (const endMs of [old, young]) {
    store.addVerdict(sampleVerdict({ endMs, score: 3, frozenScore: 5 }));
    store.addVerdict(sampleVerdict({ endMs: endMs + 500, score: 3, frozenScore: 8 }));
    store.addVerdict(sampleVerdict({ endMs: endMs + 900, score: 3 }));
  }
  store.flush();
  store.flush();
  const [series] = store.scores({ ...everything, maxPoints: 10_000 });
  const frozen = { min: 5, mean: 6.5, max: 8 };
  expect(series?.points.map((point) => point.count)).toEqual([3, 3]);
  expect(series?.points[1]?.frozen).toEqual(frozen);
  expect(series?.points[0]?.frozen).toMatchObject({ min: 5, max: 8 });
});

test('keeps what drift has come to, the newest of each feed, to the bit', () => {
  const folder = temporaryFolder();
  const store = storeIn(folder);
  expect(store.drift('pump')).toBeNull();
  const state = Float64Array.of(0.1, -1e-300, Number.MAX_VALUE);
  store.keepDrift({ feed: 'pump', model: 'before', state: Float64Array.of(1) });
  store.keepDrift({ feed: 'pump', model: 'now', state });
  expect(store.drift('pump')).toEqual({ feed: 'pump', model: 'now', state });
});
