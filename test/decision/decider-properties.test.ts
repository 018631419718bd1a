import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calibrate } from '../../src/decision/calibration.js';
import {
  type Change,
  createDecider,
  type Decider,
  type DeciderInput,
  type OpenEvent,
  type Resume,
} from '../../src/decision/decider.js';
import type { DeciderSettings } from '../../src/decision/settings.js';
import { HEALTHY, HOP_MS, Run, repeat, scores, WEEK_MS, WINDOW_MS } from './simulate.js';

const levelsDb = Array.from({ length: 3000 }, (_, i) => -30 + Math.sin(i));
const calibration = calibrate({ segments: [scores(1, 0.5, 3000)], windowMs: WINDOW_MS, hopMs: HOP_MS, levelsDb });
const make = (settings: Partial<DeciderSettings>, resume?: Resume): Decider => {
  const base = { feed: 'mic', machine: 'pump', budget: { falseAlarms: 1, perMs: WEEK_MS }, staleAfterMs: 5000 };
  return createDecider(calibration, { ...base, ...settings }, resume);
};

/** What may happen: long stretches of the same, so that every state is reached, and every other input between. */
type Happening =
  | { what: 'windows'; score: number; levelDb: number; dead: boolean; count: number; gap: boolean }
  | { what: 'pause'; ms: number }
  | { what: 'mute'; forMs: number }
  | { what: 'trouble'; down: boolean }
  | { what: 'acknowledge' }
  | { what: 'learning'; on: boolean }
  | { what: 'running'; on: boolean };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      what: fc.constant('windows' as const),
      score: fc.constantFrom(0.5, 1, 3, 50, 1000, Number.NaN, Number.POSITIVE_INFINITY),
      levelDb: fc.constantFrom(-30, -30, -30, -36, -60),
      dead: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
      count: fc.integer({ min: 1, max: 40 }),
      gap: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ what: fc.constant('pause' as const), ms: fc.integer({ min: -2000, max: 20_000 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ what: fc.constant('mute' as const), forMs: fc.integer({ min: -1, max: 40_000 }) }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('trouble' as const), down: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant({ what: 'acknowledge' as const }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('learning' as const), on: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('running' as const), on: fc.boolean() }) },
);

const settings: fc.Arbitrary<Partial<DeciderSettings>> = fc.record({
  latch: fc.boolean(),
  warmUpMs: fc.constantFrom(0, 5000),
  cooldownMs: fc.constantFrom(0, 30_000),
  operating: fc.constantFrom('level' as const, 'topic' as const, 'always' as const),
  judgeLevel: fc.boolean(),
});

/** Turns happenings into inputs by a fake clock. */
function inputs(happenings: readonly Happening[]): DeciderInput[] {
  let atMs = 0;
  let sequence = 0;
  const toInputs = (one: Happening): DeciderInput[] => {
    switch (one.what) {
      case 'windows':
        return repeat(one.score, one.count).map((score, i) => {
          const signal = one.dead ? { ...HEALTHY, rms: 0, peak: 0, stuckShare: 1 } : HEALTHY;
          const levelDb = one.dead ? -120 : one.levelDb;
          const span = { startMs: atMs, endMs: atMs + WINDOW_MS, sequence: sequence++, gap: one.gap && i === 0 };
          atMs += HOP_MS;
          return { kind: 'window', window: { score, levelDb, signal, ...span } };
        });
      case 'pause':
        atMs += one.ms;
        return [{ kind: 'tick', atMs }];
      case 'mute':
        return [{ kind: 'mute', untilMs: atMs + one.forMs, atMs }];
      case 'trouble':
        return [{ kind: 'trouble', trouble: { code: 'device-gone', down: one.down, message: 'gone', atMs } }];
      case 'acknowledge':
        return [{ kind: 'acknowledge', event: null, atMs }];
      case 'learning':
        return [{ kind: 'learning', on: one.on, atMs }];
      case 'running':
        return [{ kind: 'operating', running: one.on, atMs }];
    }
  };
  return happenings.flatMap(toInputs);
}

const story = fc.array(happening, { maxLength: 40 }).map(inputs);
const key = ({ kind, code }: Pick<Change, 'kind' | 'code'>) => `${kind}/${code}`;

/** Follows the events as a store would. */
function apply(open: Map<string, OpenEvent>, change: Change): void {
  if (change.change === 'cleared') open.delete(key(change));
  else open.set(key(change), change);
}

describe('whatever happens', () => {
  it('an event is raised only when none like it is open, and updated or cleared only when one is', () => {
    fc.assert(
      fc.property(settings, story, (set, all) => {
        const decider = make(set);
        const open = new Map<string, OpenEvent>();
        for (const change of all.flatMap((input) => decider.step(input).changes)) {
          expect(open.has(key(change))).toBe(change.change !== 'raised');
          apply(open, change);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('an event never ends, peaks or is acknowledged before it began, and its peak never falls', () => {
    fc.assert(
      fc.property(settings, story, (set, all) => {
        const decider = make(set);
        const open = new Map<string, OpenEvent>();
        for (const change of all.flatMap((input) => decider.step(input).changes)) {
          const before = open.get(key(change));
          expect(change.atMs).toBeGreaterThanOrEqual(change.raisedMs);
          expect(change.peakMs).toBeGreaterThanOrEqual(change.raisedMs);
          expect(change.acknowledgedMs ?? change.raisedMs).toBeGreaterThanOrEqual(change.raisedMs);
          expect(change.peak).toBeGreaterThanOrEqual(before?.peak ?? Number.NEGATIVE_INFINITY);
          expect(change.raisedMs).toBe(before?.raisedMs ?? change.atMs);
          apply(open, change);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('nothing is raised while muted, and a latched anomaly clears only acknowledged', () => {
    fc.assert(
      fc.property(settings, story, (set, all) => {
        const decider = make(set);
        for (const input of all) {
          const { changes, state } = decider.step(input);
          if (state === 'muted') expect(changes.filter(({ change }) => change === 'raised')).toEqual([]);
          if (!set.latch) continue;
          const cleared = changes.filter(({ kind, change }) => kind === 'anomaly' && change === 'cleared');
          expect(cleared.filter(({ acknowledgedMs }) => acknowledgedMs === null)).toEqual([]);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('an anomaly is raised only while the machine runs and a window is judged above its threshold', () => {
    fc.assert(
      fc.property(settings, story, (set, all) => {
        const decider = make(set);
        for (const input of all) {
          const { changes, operating, state } = decider.step(input);
          const raised = changes.find(({ kind, change }) => kind === 'anomaly' && change === 'raised');
          if (!raised) continue;
          expect(input.kind).toBe('window');
          expect([operating, state]).toEqual(['running', 'anomalous']);
          expect(raised.peak).toBeGreaterThan(raised.threshold);
          expect(decider.thresholds.get(raised.part ?? 'short')?.threshold).toBe(raised.threshold);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('a crash anywhere raises nothing twice: the store sees each event once', () => {
    fc.assert(
      fc.property(settings, story, fc.nat(), (set, all, at) => {
        const crash = all.length === 0 ? 0 : at % all.length;
        const open = new Map<string, OpenEvent>();
        let decider = make(set);
        all.forEach((input, i) => {
          if (i === crash) decider = make(set, { open: [...open.values()] });
          for (const change of decider.step(input).changes) {
            expect(open.has(key(change))).toBe(change.change !== 'raised');
            apply(open, change);
          }
        });
        // However it was left, calm and an acknowledgement end it all.
        const end = new Run(decider, 10_000_000);
        decider.step({ kind: 'mute', untilMs: 0, atMs: end.startMs });
        decider.step({ kind: 'learning', on: false, atMs: end.startMs });
        for (const change of decider.step({ kind: 'acknowledge', event: null, atMs: end.startMs }).changes)
          apply(open, change);
        decider.step({ kind: 'operating', running: true, atMs: end.startMs });
        for (const change of end.feed(repeat(0.9, 200), { levelDb: -30, signal: HEALTHY }).changes) apply(open, change);
        expect([...open.keys()]).toEqual([]);
        expect(end.last.state).toBe('normal');
      }),
      { numRuns: 300 },
    );
  });

  it('an uninterrupted decider and one resumed in a long calm decide the same from then on', () => {
    const calm = repeat(1, 60);
    fc.assert(
      fc.property(fc.array(fc.constantFrom(0.8, 1, 50), { maxLength: 80 }), (after) => {
        const whole = new Run(make({ warmUpMs: 0 })).feed(calm);
        const resumed = new Run(make({ warmUpMs: 0 }), whole.startMs - 30 * HOP_MS).feed(repeat(1, 30));
        resumed.sequence = whole.sequence;
        const [from, again] = [whole.decisions.length, resumed.decisions.length];
        whole.feed(after);
        resumed.feed(after);
        expect(resumed.decisions.slice(again)).toEqual(whole.decisions.slice(from));
      }),
    );
  });

  it('the same inputs give the same decisions', () => {
    fc.assert(
      fc.property(settings, story, (set, all) => {
        const [one, other] = [make(set), make(set)];
        expect(all.map((input) => one.step(input))).toEqual(all.map((input) => other.step(input)));
      }),
      { numRuns: 50 },
    );
  });
});
