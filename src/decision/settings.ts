import type { Budget } from './threshold.js';

/** When samples, not the machine, are wrong. */
export interface SensorLimits {
  /** Louder than this at its quietest is any live microphone; an idle 16-bit one hisses near −90 dBFS. */
  readonly silenceDb: number;
  readonly clippedShare: number;
  /** |mean| of the samples. */
  readonly dc: number;
  readonly stuckShare: number;
  /** Windows in a row that raise and that clear a fault. */
  readonly raiseWindows: number;
  readonly clearWindows: number;
}

export interface DeciderSettings {
  readonly feed: string;
  readonly machine: string;
  readonly budget: Budget;
  /** Windows in a row at or below the clear level that clear an anomaly. */
  readonly clearAfterWindows: number;
  /** No new anomaly for this long after one cleared. */
  readonly cooldownMs: number;
  /** true: an anomaly stays until somebody acknowledges it. */
  readonly latch: boolean;
  /** Nothing is judged for this long after the machine, or the feed, starts. */
  readonly warmUpMs: number;
  /** A growing event is reported again at most this often. */
  readonly updateEveryMs: number;
  /** How the machine is known to run. `level` needs a calibrated level and is `always` without one. */
  readonly operating: 'level' | 'topic' | 'always';
  /** Quiet for this long is off; and a machine that is getting quiet is given this long to stop before it is judged. */
  readonly offAfterMs: number;
  /** Windows come at a steady pace, so that a longer time between two is a gap. Pictures are taken when they are taken. */
  readonly steady: boolean;
  /** Judge the level as a part of its own: for level policy `match`, where the score does not hear it. */
  readonly judgeLevel: boolean;
  /** No window for this long, by the ticks, is a sensor fault (`no-data`); null: windows come when they come. */
  readonly staleAfterMs: number | null;
  /** A window that ends this long before the time it is decided at is late; null: not checked (replay). */
  readonly lateAfterMs: number | null;
  readonly sensor: SensorLimits;
}

export const DEFAULTS: Omit<DeciderSettings, 'feed' | 'machine' | 'budget'> = {
  clearAfterWindows: 10,
  cooldownMs: 30_000,
  latch: false,
  warmUpMs: 5_000,
  updateEveryMs: 10_000,
  operating: 'level',
  offAfterMs: 3_000,
  steady: true,
  judgeLevel: false,
  staleAfterMs: null,
  lateAfterMs: null,
  sensor: { silenceDb: -100, clippedShare: 0.01, dc: 0.1, stuckShare: 0.5, raiseWindows: 3, clearWindows: 5 },
};
