const PERIOD_MS = 1_000;
/** A score may come this much early, or a feed of one window a second would lose every second one to jitter. */
const JITTER_MS = 200;

/** Lets one score a second through for each feed: n seconds let at most n + 1 through. */
export class ScoreGate {
  readonly #dueMs = new Map<string, number>();

  /** @param nowMs of a clock that is never set, in milliseconds */
  admits(feed: string, nowMs: number): boolean {
    const due = this.#dueMs.get(feed) ?? nowMs;
    if (nowMs < due - JITTER_MS) return false;
    this.#dueMs.set(feed, Math.max(due, nowMs - JITTER_MS) + PERIOD_MS);
    return true;
  }
}
