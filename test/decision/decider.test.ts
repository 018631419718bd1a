import { describe, expect, it } from 'vitest';
import type { Calibration, HorizonCalibration, SignalStats } from '../../src/contracts.js';
import { calibrate } from '../../src/decision/calibration.js';
import { createDecider, type Resume } from '../../src/decision/decider.js';
import type { DeciderSettings } from '../../src/decision/settings.js';
import { longSmoothing, smoothRun } from '../../src/decision/smoothing.js';
import { thresholdFor } from '../../src/decision/threshold.js';
import { SampleClock } from '../../src/sources/sample-clock.js';
import { HEALTHY, HOP_MS, Run, repeat, scores, WEEK_MS, WINDOW_MS } from './simulate.js';

const budget = { falseAlarms: 1, perMs: WEEK_MS };
const base = { feed: 'mic', machine: 'pump', budget, warmUpMs: 0 };
const times = { windowMs: WINDOW_MS, hopMs: HOP_MS };
const levelsDb = Array.from({ length: 15_000 }, (_, i) => -30 + Math.sin(i));
const calibration = calibrate({ segments: [scores(1, 0.8, 15_000)], ...times, levelsDb });

function run(settings: Partial<DeciderSettings> = {}, resume?: Resume, from: Calibration = calibration): Run {
  return new Run(createDecider(from, { ...base, ...settings }, resume));
}
/** The long horizon as packages without a cap have it: the bangs were calibrated whole. */
function horizonWithoutCap(segment: Float64Array): HorizonCalibration {
  const smoothing = longSmoothing(WINDOW_MS, HOP_MS);
  const mean = smoothRun(segment, smoothing);
  const { long } = calibration;
  if (!long) throw new Error('expected a long horizon');
  const { cap: _, ...rest } = long;
  const sorted = [...mean].sort((a, b) => a - b).filter((_, i) => i % 10 === 0);
  return { ...rest, sorted, maximum: Math.max(...mean), tail: null };
}
const minute = (value: number) => repeat(value, 125);

describe('an anomaly', () => {
  it('is raised at the fourth loud window and cleared after ten calm ones', () => {
    const feed = run().feed(repeat(1, 30)).feed(repeat(50, 3));
    expect(feed.story).toEqual([]);
    feed.feed([50]);
    expect(feed.changes[0]).toMatchObject({ kind: 'anomaly', code: null, change: 'raised', part: 'short', peak: 50 });
    expect(feed.changes[0]?.atMs).toBe(feed.last.verdict?.endMs);
    expect(feed.last.state).toBe('anomalous');
    feed.feed(repeat(1, 11)); // two of them still have four loud windows among the last six
    expect(feed.last.verdict?.state).toBe('anomalous');
    feed.feed([1]);
    expect(feed.story).toEqual(['anomaly raised', 'anomaly cleared']);
    expect(feed.last.state).toBe('normal');
  });

  it('is not raised by a bang, however loud, on either horizon', () => {
    expect(run().feed(repeat(1, 30)).feed(repeat(1e6, 3)).feed(repeat(1, 30)).story).toEqual([]);
  });

  it('holds through a dip that is shorter than the calm it needs', () => {
    const feed = run().feed(repeat(1, 30)).feed(repeat(50, 10)).feed(repeat(1, 8)).feed(repeat(50, 10));
    expect(feed.story).toEqual(['anomaly raised']);
  });

  it('reports a growing peak, but not too often', () => {
    const feed = run().feed(repeat(1, 30));
    feed.feed(Array.from({ length: 125 }, (_, i) => 50 + i));
    const updates = feed.changes.filter(({ change }) => change === 'updated');
    expect(updates.length).toBeGreaterThanOrEqual(4);
    expect(updates.length).toBeLessThanOrEqual(6);
    expect(updates.at(-1)?.peak).toBeGreaterThan(140);
    expect(updates.at(-1)?.raisedMs).toBe(feed.changes[0]?.atMs);
  });

  it('is not raised again within the cooldown, and is after it', () => {
    const feed = run({ cooldownMs: 60_000 }).feed(repeat(1, 30)).feed(repeat(50, 10)).feed(repeat(1, 20));
    expect(feed.story).toEqual(['anomaly raised', 'anomaly cleared']);
    feed.feed(repeat(50, 20));
    expect(feed.changes).toHaveLength(2);
    feed.feed(minute(50));
    expect(feed.story.slice(2)).toContain('anomaly raised');
  });

  it('with a latch stays until somebody acknowledges it', () => {
    const feed = run({ latch: true }).feed(repeat(1, 30)).feed(repeat(50, 10)).feed(minute(1));
    expect(feed.story).toEqual(['anomaly raised']);
    feed.keep(feed.decider.step({ kind: 'acknowledge', event: 'anomaly', atMs: feed.startMs }));
    expect(feed.changes.at(-1)).toMatchObject({ change: 'updated', acknowledgedMs: feed.startMs });
    expect(feed.keep(feed.decider.step({ kind: 'acknowledge', event: null, atMs: feed.startMs })).changes).toEqual([]);
    expect(feed.feed([1]).story.at(-1)).toBe('anomaly cleared');
  });

  it('that is slow is raised on the long horizon', () => {
    const long = calibration.long;
    const feed = run().feed(repeat(1, 60));
    const [short, slow] = [feed.decider.thresholds.get('short'), feed.decider.thresholds.get('long')];
    expect(long && slow && short && slow.threshold < short.threshold).toBe(true);
    feed.feed(repeat(((slow?.threshold ?? 0) + (short?.threshold ?? 0)) / 2, 60));
    expect(feed.changes[0]).toMatchObject({ change: 'raised', part: 'long', threshold: slow?.threshold });
  });

  describe('with bangs among the normals', () => {
    const banging = scores(1, 0.8, 15_000).map((score, i) => (i % 1_000 < 3 ? 500 : score));
    const from = calibrate({ segments: [banging], ...times });

    it('that is slow is raised on the long horizon all the same', () => {
      const cap = from.long?.cap ?? Number.NaN;
      const feed = run({}, undefined, from).feed(repeat(1, 60));
      const slow = feed.decider.thresholds.get('long')?.threshold ?? Number.NaN;
      expect(slow).toBeLessThan(cap);
      feed.feed(repeat((slow + cap) / 2, 60));
      expect(feed.changes[0]).toMatchObject({ change: 'raised', part: 'long', threshold: slow });
    });

    it('is judged on the long horizon by the very statistic that was calibrated', () => {
      const feed = run({}, undefined, from).feed(banging);
      const seen = feed.decisions.flatMap(({ verdict }) => (verdict?.long ? [verdict.long.statistic] : []));
      expect(Math.max(...seen)).toBe(from.long?.maximum);
      const sorted = seen.sort((a, b) => a - b);
      expect(from.long?.sorted[1024]).toBeCloseTo(sorted[Math.round((1024 / 2047) * (sorted.length - 1))] ?? 0, 3);
    });

    it('spends the whole budget on the short horizon where a package without a cap has the long one out of reach', () => {
      const long = horizonWithoutCap(banging);
      const { thresholds } = run({}, undefined, { ...from, long }).decider;
      expect(thresholds.get('short')?.threshold).toBe(thresholdFor(from.short, { ...from, ...budget }).threshold);
      expect(thresholds.get('long')?.threshold).toBeGreaterThan(thresholds.get('short')?.threshold ?? 0);
      const halves = run().decider.thresholds.get('short')?.threshold;
      expect(halves).toBe(thresholdFor(calibration.short, { ...calibration, ...budget, share: 0.5 }).threshold);
    });
  });

  it('is raised no more often by bangs that calibration has not heard, at a large budget either', () => {
    const from = calibrate({ segments: [scores(6, 0.8, 15_000)], ...times });
    const raised = (bang: number) => {
      const feed = run({ budget: { falseAlarms: 70, perMs: WEEK_MS } }, undefined, from);
      feed.feed(
        scores(7, 0.8, 8_000).map((score, i) => (i % 200 > 50 && i % 200 < 54 ? Math.max(score, bang) : score)),
      );
      return feed.changes.filter(({ change }) => change === 'raised').map(({ atMs }) => atMs);
    };
    expect(raised(1e6)).toEqual(raised(0));
  });

  it('does not smooth across a gap, said or seen', () => {
    const deaf: Calibration = { ...calibration, long: null };
    const said = run({}, undefined, deaf).feed(repeat(1, 30)).feed(repeat(50, 3)).feed([50], { gap: true });
    expect(said.story).toEqual([]);
    const seen = run({}, undefined, deaf).feed(repeat(1, 30)).feed(repeat(50, 3));
    seen.startMs += 4 * HOP_MS;
    expect(seen.feed(repeat(50, 3)).story).toEqual([]);
    expect(seen.feed([50]).story).toEqual(['anomaly raised']);
  });

  it('is raised, too, by windows that come ten times as slowly as those that were learnt', () => {
    const feed = run();
    for (const score of [...repeat(1, 10), ...repeat(50, 4)]) {
      feed.feed([score]);
      feed.startMs += 9 * HOP_MS;
    }
    expect(feed.story).toEqual(['anomaly raised']);
  });

  it('of the level alone is raised where the score does not hear it', () => {
    const feed = (judgeLevel: boolean) => {
      const one = run({ judgeLevel }).feed(repeat(1, 40), { levelDb: -30 });
      return one.feed(repeat(1, 40), { levelDb: -18 }).feed(repeat(1, 60), { levelDb: -30 });
    };
    expect(feed(false).story).toEqual([]);
    expect(feed(true).story).toEqual(['anomaly raised', 'anomaly cleared']);
    expect(feed(true).changes[0]).toMatchObject({ part: 'level', peak: expect.closeTo(12, 1) });
  });
});

describe('mute and learning', () => {
  it('silences all until the stated time and raises then what is still wrong', () => {
    const feed = run().feed(repeat(1, 30));
    const untilMs = feed.startMs + 60_000;
    expect(feed.keep(feed.decider.step({ kind: 'mute', untilMs, atMs: feed.startMs })).state).toBe('muted');
    feed.feed(repeat(50, 100));
    feed.keep(
      feed.decider.step({
        kind: 'trouble',
        trouble: { code: 'device-gone', down: true, message: 'gone', atMs: feed.startMs },
      }),
    );
    expect(feed.story).toEqual([]);
    feed.feed(repeat(50, 100));
    const raised = feed.changes.filter(({ change }) => change === 'raised');
    expect(raised).toHaveLength(1);
    expect(raised[0]?.atMs).toBeGreaterThanOrEqual(untilMs);
  });

  it('goes by the clock where somebody tells it, not by what was recorded ahead of it', () => {
    const feed = run();
    const nowMs = -7_200_000;
    const loud = () =>
      Array.from({ length: 30 }, () => {
        const { startMs } = feed;
        feed.startMs += HOP_MS;
        const window = { score: 50, startMs, endMs: startMs + WINDOW_MS, sequence: startMs / HOP_MS };
        return feed.keep(feed.decider.step({ kind: 'window', window, nowMs: nowMs + startMs })).state;
      });
    feed.keep(feed.decider.step({ kind: 'mute', untilMs: nowMs + 60_000, atMs: nowMs }));
    expect(new Set(loud())).toEqual(new Set(['muted']));
    expect(feed.story).toEqual([]);
    feed.startMs += 60_000;
    loud();
    expect(feed.story).toEqual(['anomaly raised']);
  });

  it('can be ended early', () => {
    const feed = run().feed(repeat(1, 30));
    feed.decider.step({ kind: 'mute', untilMs: Number.MAX_SAFE_INTEGER, atMs: feed.startMs });
    expect(feed.decider.step({ kind: 'mute', untilMs: 0, atMs: feed.startMs }).state).toBe('normal');
    expect(feed.feed(repeat(50, 10)).story).toEqual(['anomaly raised']);
  });

  it('raises no anomaly while it learns, but says that the microphone is dead', () => {
    const feed = run().feed(repeat(1, 30));
    expect(feed.decider.step({ kind: 'learning', on: true, atMs: 0 }).state).toBe('learning');
    expect(feed.feed(repeat(50, 30)).story).toEqual([]);
    const dead = { ...HEALTHY, rms: 0, peak: 0, stuckShare: 1 };
    expect(feed.feed(repeat(1, 5), { signal: dead, levelDb: -120 }).story).toEqual(['silence raised']);
  });
});

describe('operating state', () => {
  const on = { levelDb: -30, signal: HEALTHY };
  const hiss = { levelDb: -62, signal: { ...HEALTHY, rms: 0.0008 } };

  it('is off after several quiet seconds, and a quiet machine is no anomaly and no dead microphone', () => {
    const feed = run({ warmUpMs: 5000 }).feed(minute(1), on).feed(repeat(99, 100), hiss);
    expect(feed.story).toEqual([]);
    expect(feed.last).toMatchObject({ state: 'off', operating: 'off', verdict: { state: 'off', operating: 'off' } });
  });

  it('starts, warms up unjudged, and is judged again', () => {
    const feed = run({ warmUpMs: 5000 }).feed(minute(1), on).feed(repeat(1, 20), hiss).feed(repeat(50, 1), on);
    expect(feed.last).toMatchObject({ operating: 'starting', state: 'unknown' });
    feed.feed(repeat(50, 8), on);
    expect(feed.last.operating).toBe('starting');
    feed.feed(repeat(50, 4), on);
    expect(feed.last.operating).toBe('running');
    expect(feed.story).toEqual(['anomaly raised']);
  });

  it('does not take a thump in the hall for a start', () => {
    const feed = run({ warmUpMs: 5000 }).feed(minute(1), on).feed(repeat(1, 20), hiss);
    feed.feed(repeat(99, 2), on).feed(repeat(99, 1), hiss);
    expect(feed.last.operating).toBe('off');
    expect(feed.story).toEqual([]);
  });

  it('gives a machine that is running down the time to stop before it is judged', () => {
    const feed = run().feed(minute(1), on);
    for (const levelDb of [-34, -35, -36, -37, -38, -39]) feed.feed([99], { ...on, levelDb });
    feed.feed(repeat(99, 30), hiss);
    expect(feed.story).toEqual([]);
    const stays = run()
      .feed(minute(1), on)
      .feed(repeat(99, 11), { ...on, levelDb: -36 });
    expect(stays.story).toEqual(['anomaly raised']);
  });

  it('keeps an open anomaly open while the machine is off: a stopped pump proves nothing', () => {
    const feed = run().feed(minute(1), on).feed(repeat(50, 10), on).feed(minute(1), hiss);
    expect(feed.story).toEqual(['anomaly raised']);
    expect(feed.last).toMatchObject({ operating: 'off', state: 'anomalous' });
    expect(feed.feed(minute(1), on).story).toEqual(['anomaly raised', 'anomaly cleared']);
  });

  it('comes from a topic if so set, and the level is not asked', () => {
    const feed = run({ operating: 'topic', warmUpMs: 2000 }).feed(minute(1), hiss);
    expect(feed.last.operating).toBe('running');
    expect(feed.decider.step({ kind: 'operating', running: false, atMs: feed.startMs }).state).toBe('off');
    expect(feed.feed(repeat(99, 50), on).story).toEqual([]);
    expect(feed.decider.step({ kind: 'operating', running: true, atMs: feed.startMs }).operating).toBe('starting');
    expect(feed.feed(repeat(99, 20), on).story).toEqual(['anomaly raised']);
  });

  it('ignores the topic if not so set', () => {
    expect(run().feed(minute(1), on).decider.step({ kind: 'operating', running: false, atMs: 0 }).operating).toBe(
      'running',
    );
  });
});

describe('sensor faults', () => {
  const broken: [string, Partial<SignalStats>, number][] = [
    ['silence', { rms: 0, peak: 0, stuckShare: 1 }, -120],
    ['stuck', { rms: 0.25, peak: 0.25, dc: 0.25, stuckShare: 1 }, -12],
    ['clipping', { rms: 0.9, peak: 1, clippedShare: 0.2 }, -1],
    ['dc-offset', { rms: 0.3, dc: 0.28 }, -10],
    ['not-finite', { nonFinite: 3 }, -30],
  ];

  it.each(broken)(
    '%s is raised after three windows, apart from anomalies, and cleared after five good ones',
    (code, signal, levelDb) => {
      const feed = run().feed(repeat(1, 30), { signal: HEALTHY, levelDb: -30 });
      feed.feed(repeat(1, 2), { signal: { ...HEALTHY, ...signal }, levelDb });
      expect(feed.story).toEqual([]);
      feed.feed(repeat(1, 5), { signal: { ...HEALTHY, ...signal }, levelDb });
      expect(feed.changes[0]).toMatchObject({ kind: 'sensor-fault', code, change: 'raised', part: null });
      expect(feed.changes[0]?.message).toMatch(/expected .* found/);
      expect(feed.last.state).toBe('sensor-fault');
      feed.feed(repeat(1, 12), { signal: HEALTHY, levelDb: -30 });
      expect(feed.story).toEqual([`${code} raised`, `${code} cleared`]);
      expect(feed.last.state).toBe('normal');
    },
  );

  it('do not let a dead microphone be judged, nor one with an offset, nor a clipping one go unjudged', () => {
    const dead = { signal: { ...HEALTHY, rms: 0, peak: 0, stuckShare: 1 }, levelDb: -120 };
    const clips = { signal: { ...HEALTHY, clippedShare: 0.1 }, levelDb: -10 };
    const offset = { signal: { ...HEALTHY, rms: 0.25, dc: 0.2 }, levelDb: -12 };
    const healthy = { signal: HEALTHY, levelDb: -30 };
    expect(run().feed(minute(1), healthy).feed(repeat(99, 50), dead).story).toEqual(['silence raised']);
    expect(run().feed(minute(1), healthy).feed(repeat(99, 50), offset).story).toEqual(['dc-offset raised']);
    expect(run().feed(minute(1), healthy).feed(repeat(99, 50), clips).story).toContain('anomaly raised');
  });

  it('leave out the windows that have a part of the dead sound left, although the newest is well', () => {
    const healthy = { signal: HEALTHY, levelDb: -30 };
    const feed = run().feed(minute(1), healthy);
    feed.feed([99], { signal: { ...HEALTHY, rms: 0, peak: 0, stuckShare: 1 }, levelDb: -33 });
    const judged = Array.from({ length: 4 }, () => feed.feed([99], healthy).last.judged);
    expect(judged).toEqual([false, false, true, true]);
    expect(feed.story).toEqual([]);
  });

  it('say so when a score is no number, and give no verdict on it', () => {
    const feed = run().feed(repeat(1, 30)).feed(repeat(Number.NaN, 3));
    expect(feed.story).toEqual(['not-finite raised']);
    expect(feed.last.verdict).toBeNull();
  });

  it('come at once from a source that is down and go when windows come again', () => {
    const feed = run().feed(repeat(1, 30));
    const trouble = {
      code: 'device-gone',
      down: true,
      message: 'hw:1: expected a device, found none',
      atMs: feed.startMs,
    } as const;
    expect(feed.keep(feed.decider.step({ kind: 'trouble', trouble })).state).toBe('sensor-fault');
    feed.keep(feed.decider.step({ kind: 'trouble', trouble }));
    expect(feed.changes).toHaveLength(1);
    expect(feed.changes[0]).toMatchObject({ code: 'device-gone', message: trouble.message });
    feed.startMs += 60_000;
    expect(feed.feed(repeat(1, 10)).story).toEqual(['device-gone raised', 'device-gone cleared']);
  });

  it('do not come from one broken file, but from three in ten minutes', () => {
    const feed = run().feed(repeat(1, 30));
    const bad = (atMs: number) =>
      feed.keep(
        feed.decider.step({ kind: 'trouble', trouble: { code: 'bad-file', down: false, message: 'x.wav', atMs } }),
      );
    bad(100_000);
    bad(200_000);
    expect(feed.story).toEqual([]);
    bad(300_000);
    expect(feed.story).toEqual(['bad-file raised']);
    feed.keep(feed.decider.step({ kind: 'tick', atMs: 400_000 }));
    expect(feed.story).toEqual(['bad-file raised', 'bad-file cleared']);
  });

  it('say that no window comes, if windows are due, also when none ever came', () => {
    const feed = run({ staleAfterMs: 10_000 });
    for (let atMs = 1_000; atMs < 11_000; atMs += 1_000) feed.keep(feed.decider.step({ kind: 'tick', atMs }));
    expect(feed.keep(feed.decider.step({ kind: 'tick', atMs: 11_000 })).state).toBe('unknown');
    expect(feed.keep(feed.decider.step({ kind: 'tick', atMs: 11_500 })).state).toBe('sensor-fault');
    feed.startMs = 12_000;
    feed.feed(repeat(1, 10));
    expect(feed.story).toEqual(['no-data raised', 'no-data cleared']);
    expect(feed.changes[0]?.message).toBe('mic: expected a window every 10.0 s, found none for 10.5 s');
  });

  it('take a clock that is set for no silence, and notice one all the same', () => {
    const hour = 3_600_000;
    const feed = run({ staleAfterMs: 10_000 });
    feed.feed(repeat(1, 10));
    for (const atMs of [0, 1_000, hour, hour + 1_000, 0]) feed.keep(feed.decider.step({ kind: 'tick', atMs }));
    expect(feed.story).toEqual([]);
    for (let atMs = 1_000; atMs <= 10_000; atMs += 1_000) feed.keep(feed.decider.step({ kind: 'tick', atMs }));
    expect(feed.story).toEqual(['no-data raised']);
  });

  it('say that windows are decided too late', () => {
    const { decider } = run({ lateAfterMs: 5000 });
    const late = (i: number, lag: number) => {
      const startMs = i * HOP_MS;
      const window = { score: 1, startMs, endMs: startMs + WINDOW_MS, sequence: i };
      return decider.step({ kind: 'window', window, nowMs: window.endMs + lag }).changes;
    };
    expect([0, 1, 2, 3].flatMap((i) => late(i, 4000))).toEqual([]);
    expect([4, 5, 6].flatMap((i) => late(i, 6000))).toMatchObject([{ code: 'late', change: 'raised' }]);
  });
});

describe('a live feed', () => {
  /** Seconds of sound as they arrive, with a tick each, by a clock on the wall that may be set. */
  function live(seconds: number, wallMs: (second: number) => number, lagMs: (second: number) => number) {
    const clock = new SampleClock(16_000, 0);
    const feed = run({ lateAfterMs: 5000, operating: 'always' });
    for (let second = 1; second <= seconds; second++) {
      const nowMs = wallMs(second) + lagMs(second);
      clock.arrived(16_000, nowMs - lagMs(second));
      const span = clock.take(16_000);
      const window = { score: 1, ...span, sequence: second };
      feed.keep(feed.decider.step({ kind: 'window', window, nowMs }));
      feed.keep(feed.decider.step({ kind: 'tick', atMs: nowMs }));
    }
    return feed.story;
  }
  const set = (second: number) => 1000 * second + (second > 40 ? 3_600_000 : 0);

  it('is not late because the clock was set forward', () => {
    expect(live(240, set, () => 0)).toEqual([]);
  });

  it('is late when that lasts, whether the clock was set or not', () => {
    const slow = (second: number, from = 20) => 200 * Math.min(Math.max(0, second - from), 30);
    expect(live(60, (second) => 1000 * second, slow)[0]).toBe('late raised');
    expect(live(240, set, (second) => (second > 40 ? 6000 : 0))[0]).toBe('late raised');
    const setBack = (second: number) => 1000 * second + (second > 40 && second < 60 ? 3_600_000 : 0);
    expect(live(240, setBack, (second) => slow(second, 120))[0]).toBe('late raised');
  });
});

describe('after a crash', () => {
  const open = {
    kind: 'anomaly',
    code: null,
    raisedMs: 1000,
    acknowledgedMs: null,
    peak: 60,
    peakMs: 2000,
    threshold: 9,
    pValue: 0.01,
  } as const;

  it('an open event goes on and is not raised twice', () => {
    const feed = run({}, { open: [open] }).feed(repeat(50, 30));
    expect(feed.story).toEqual([]);
    expect(feed.last.state).toBe('anomalous');
    feed.feed(repeat(1, 40));
    expect(feed.changes).toMatchObject([{ change: 'cleared', raisedMs: 1000, peak: 60, peakMs: 2000 }]);
  });

  it('an acknowledged latch, a cooldown, a mute and a sensor fault go on too', () => {
    const acknowledged = { ...open, acknowledgedMs: 1500 };
    expect(run({ latch: true }, { open: [acknowledged] }).feed(repeat(1, 40)).story).toEqual(['anomaly cleared']);
    expect(run({ latch: true }, { open: [open] }).feed(repeat(1, 40)).story).toEqual([]);
    expect(run({ cooldownMs: 60_000 }, { open: [], clearedMs: 0 }).feed(repeat(50, 100)).story).toEqual([]);
    expect(run({}, { open: [], mutedUntilMs: 60_000 }).feed(repeat(50, 100)).story).toEqual([]);
    const fault = { ...open, kind: 'sensor-fault', code: 'device-gone' } as const;
    expect(run({}, { open: [fault] }).feed(repeat(1, 40)).story).toEqual(['device-gone cleared']);
  });

  it('goes on with what another decider has left open, and forgets what is open here alone', () => {
    const feed = run({ cooldownMs: 0 }).feed(repeat(1, 30));
    const fault = { ...open, kind: 'sensor-fault', code: 'clipping' } as const;
    const over = { clearedMs: null, learning: false, atMs: feed.startMs };
    feed.keep(feed.decider.step({ kind: 'resume', open: [open, fault], ...over }));
    feed.feed(repeat(1, 40));
    expect(feed.changes).toMatchObject([
      { change: 'cleared', code: 'clipping' },
      { change: 'cleared', kind: 'anomaly', raisedMs: 1000, peak: 60 },
    ]);
    feed.feed(repeat(50, 30));
    const own = feed.changes.at(-1);
    feed.keep(feed.decider.step({ kind: 'resume', open: [open], ...over }));
    feed.keep(feed.decider.step({ kind: 'resume', open: [], ...over }));
    const again = feed.feed([50]).changes.at(-1);
    expect(again).toMatchObject({ change: 'raised', kind: 'anomaly' });
    expect(again?.raisedMs).toBeGreaterThan(own?.raisedMs ?? Number.POSITIVE_INFINITY);
  });

  it('goes on with the cooldown of what another decider has cleared', () => {
    const feed = run({ cooldownMs: 60_000 }).feed(repeat(1, 30));
    const atMs = feed.startMs;
    feed.keep(feed.decider.step({ kind: 'resume', open: [], clearedMs: atMs, learning: false, atMs }));
    feed.feed(repeat(50, 250));
    expect(feed.story).toEqual(['anomaly raised']);
    expect(feed.changes[0]?.raisedMs).toBeGreaterThanOrEqual(atMs + 60_000);
  });

  it('knows when a mute ends after its source has ended, and misses no window then', () => {
    const feed = run({ staleAfterMs: 15_000 }).feed(repeat(1, 30));
    const from = feed.startMs;
    feed.keep(feed.decider.step({ kind: 'mute', untilMs: from + 60_000, atMs: from }));
    for (let atMs = from; atMs <= from + 61_000; atMs += 1_000) {
      expect(feed.last.state).toBe(atMs > from + 60_000 ? 'normal' : 'muted');
      feed.keep(feed.decider.step({ kind: 'tick', atMs, ended: true }));
    }
    expect([feed.last.state, feed.story]).toEqual(['normal', []]);
  });
});
