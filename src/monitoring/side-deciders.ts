/** One stream of scores, several budgets: every decider is told the same, one of them decides for the feed. */
import type { Calibration } from '../contracts.js';
import { createDecider, type Decider, type DeciderInput, type Decision } from '../decision/decider.js';
import type { DeciderSettings } from '../decision/settings.js';
import type { Budget } from '../decision/threshold.js';

/** An anomaly that a budget's decider raised; clearedMs is null while it is open. */
export interface Alarm {
  readonly raisedMs: number;
  readonly clearedMs: number | null;
}

/** What the feed's own decider would have said with another budget. */
export class SideDecider {
  readonly #decider: Decider;
  readonly #alarms: { raisedMs: number; clearedMs: number | null }[] = [];

  constructor(calibration: Calibration, settings: DeciderSettings, budget: Budget) {
    this.#decider = createDecider(calibration, { ...settings, budget });
  }

  /** In the order in which they were raised. */
  get alarms(): readonly Alarm[] {
    return this.#alarms;
  }

  step(input: DeciderInput): void {
    for (const { kind, change, raisedMs, atMs } of this.#decider.step(input).changes) {
      if (kind !== 'anomaly') continue;
      if (change === 'raised') this.#alarms.push({ raisedMs, clearedMs: null });
      const last = this.#alarms.at(-1);
      if (change === 'cleared' && last) last.clearedMs = atMs;
    }
  }
}

/** A decider that also tells others what it is told. */
export function withSideDeciders(main: Decider, others: readonly SideDecider[]): Decider {
  return {
    settings: main.settings,
    thresholds: main.thresholds,
    step(input): Decision {
      for (const other of others) other.step(input);
      return main.step(input);
    },
  };
}
