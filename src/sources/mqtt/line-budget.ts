const MINUTE_MS = 60_000;

/** So many lines a minute; what is beyond is counted, and the next line that may be said says how many. */
export class LineBudget {
  private since = Number.NEGATIVE_INFINITY;
  private said = 0;
  private unsaid = 0;

  constructor(private readonly perMinute = 10) {}

  /** @returns lines that were not said before this one; null when this one may not be said either */
  take(nowMs: number): number | null {
    if (nowMs - this.since >= MINUTE_MS) {
      this.since = nowMs;
      this.said = 0;
    }
    if (this.said >= this.perMinute) {
      this.unsaid++;
      return null;
    }
    this.said++;
    const { unsaid } = this;
    this.unsaid = 0;
    return unsaid;
  }
}
