/** Long enough that the grain of delivery (up to half a second) stays below the tolerance. */
const windowMs = 30_000;
/** A sound card drifts by parts in ten thousand; 44.1 for 48 kHz is off by 8 %. */
const tolerance = 0.03;

/** Measures the sample rate of a live device against a monotonic clock, 30 s at a time. */
export class RateCheck {
  readonly #expectedHz: number;
  #startedMs: number | null = null;
  #frames = 0;

  constructor(expectedHz: number) {
    this.#expectedHz = expectedHz;
  }

  /**
   * `frames` arrived at `nowMs` (performance.now()).
   * @returns the measured rate in Hz at the end of a window in which it was off by more than 3 %, else null
   */
  arrived(frames: number, nowMs: number): number | null {
    if (this.#startedMs === null) {
      // The first delivery was gathered before the clock was started.
      this.#startedMs = nowMs;
      this.#frames = 0;
      return null;
    }
    this.#frames += frames;
    const elapsedMs = nowMs - this.#startedMs;
    if (elapsedMs < windowMs) return null;
    const measuredHz = (this.#frames * 1000) / elapsedMs;
    this.#startedMs = nowMs;
    this.#frames = 0;
    return Math.abs(measuredHz / this.#expectedHz - 1) > tolerance ? measuredHz : null;
  }

  /** Samples were lost or held back: what was counted says nothing. */
  restart(): void {
    this.#startedMs = null;
  }
}
