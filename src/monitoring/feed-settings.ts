/** A feed's configuration and what the store remembers of it → what its decider needs. */
import type { FeedConfig } from '../config/load.js';
import type { Resume } from '../decision/decider.js';
import type { Store } from '../store/types.js';
import type { FeedSettings } from './feed-model.js';
import { isLive, modalityOf } from './open-source.js';

/** Lengths of a budget's time, milliseconds; a month and a year are mean ones. */
export const perMs = {
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
  month: 2_629_800_000,
  year: 31_557_600_000,
} as const;

/** A live feed without a window for this long delivers nothing, unless its source may be silent for longer. */
const leastStaleMs = 15_000;
const lateAfterMs = 5_000;

export function settingsOf(config: FeedConfig): FeedSettings {
  const { name, machine, alerts, operating } = config;
  const heard = modalityOf(config) === 'audio' || operating.from === 'topic';
  return {
    feed: name,
    machine,
    budget: { falseAlarms: alerts.falseAlarms, perMs: perMs[alerts.per] },
    clearAfterWindows: alerts.clearAfterWindows,
    cooldownMs: alerts.cooldownSeconds * 1000,
    latch: alerts.latch,
    warmUpMs: alerts.warmUpSeconds * 1000,
    operating: heard ? operating.from : 'always',
    staleAfterMs: isLive(config) ? staleAfterMs(config) : null,
    lateAfterMs: isLive(config) ? lateAfterMs : null,
  };
}

function staleAfterMs({ source }: FeedConfig): number {
  return 'staleSeconds' in source ? Math.max(leastStaleMs, source.staleSeconds * 1000) : leastStaleMs;
}

/** What a feed was in the middle of when the service ended. */
export function resumeOf({ name, machine }: FeedConfig, store: Store): Resume {
  const open = store.openEvents().filter((event) => event.feed === name && event.kind !== 'test');
  const last = store.events({ machine, kind: 'anomaly', open: false, limit: 50 }).find((event) => event.feed === name);
  const muted = store.mutes(Date.now()).find((mute) => mute.machine === machine);
  return { open, clearedMs: last?.clearedMs ?? null, mutedUntilMs: muted?.untilMs ?? null };
}
