/** Wall-clock corrections smaller than this are spread over time; larger ones (a clock that was set) are taken at once. */
const stepMs = 5_000;
/** How long the smallest delay between sampling and arrival is looked for before the clock is corrected. */
const observationSeconds = 30;
/** Fastest correction: 1 ms a second, twenty times what a poor sound card drifts. */
const slewMsPerSecond = 1;

/**
 * Time from the sample count, anchored to the wall clock (UTC milliseconds).
 *
 * A file's clock is anchored once. A device's clock is told when samples arrived: its crystal drifts by seconds a day
 * and the wall clock may be set, so the anchor follows the wall clock slowly, and at once when the clock was set
 * forward by more than 5 s. Time never moves backwards: a wall clock set back is approached by 1 ms a second.
 */
export class SampleClock {
  readonly sampleRateHz: number;
  #anchorMs: number;
  #samples = 0;
  #lastEndMs: number;
  #smallestLagMs = Number.POSITIVE_INFINITY;
  #observedFrom = 0;

  /** @param sampleRateHz samples (or frames) a second, > 0   @param startMs time of sample 0, UTC milliseconds */
  constructor(sampleRateHz: number, startMs: number) {
    this.sampleRateHz = sampleRateHz;
    this.#anchorMs = startMs;
    this.#lastEndMs = startMs;
  }

  /** End of the last sample taken, UTC milliseconds. */
  get nowMs(): number {
    return this.#lastEndMs;
  }

  /** First and last instant of the next `count` samples; successive spans never overlap and never go back. */
  take(count: number): { startMs: number; endMs: number } {
    const startMs = Math.max(this.#lastEndMs, this.#timeOf(this.#samples));
    this.#samples += count;
    const endMs = Math.max(startMs, this.#timeOf(this.#samples));
    this.#lastEndMs = endMs;
    return { startMs, endMs };
  }

  /** After lost samples: the next sample was taken at `startMs`, or when the last one ended if that is later. */
  restart(startMs: number): void {
    this.#anchorMs = Math.max(startMs, this.#lastEndMs);
    this.#samples = 0;
    this.#forgetLag();
  }

  /**
   * Live sources, before `take`: `pending` more samples have arrived at `arrivedMs`. Arrival lags behind sampling by a
   * varying delay, so the smallest lag of 30 s is what the anchor is corrected by.
   */
  arrived(pending: number, arrivedMs: number): void {
    const end = this.#samples + pending;
    this.#smallestLagMs = Math.min(this.#smallestLagMs, arrivedMs - this.#timeOf(end));
    const seconds = (end - this.#observedFrom) / this.sampleRateHz;
    if (seconds < observationSeconds) return;
    const limit = seconds * slewMsPerSecond;
    const lag = this.#smallestLagMs;
    this.#anchorMs += lag > stepMs ? lag : Math.max(-limit, Math.min(limit, lag));
    this.#forgetLag();
  }

  #timeOf(sample: number): number {
    return this.#anchorMs + (sample * 1000) / this.sampleRateHz;
  }

  #forgetLag(): void {
    this.#smallestLagMs = Number.POSITIVE_INFINITY;
    this.#observedFrom = this.#samples;
  }
}
