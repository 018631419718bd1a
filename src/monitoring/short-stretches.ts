import type { AudioObservation } from '../contracts.js';

/** Sound between two gaps that is too short for one window, as of a folder of short files: nothing would ever be judged. */
export class ShortStretches {
  #origin: string | null = null;
  #lengthMs = 0;
  #windows = 0;

  /**
   * @param windows that came of this observation   @param neededMs length of a window
   * @returns what the stretch before it was too short for, in one line; null when it was not, or goes on
   */
  add({ gap, origin, samples, sampleRateHz }: AudioObservation, windows: number, neededMs: number): string | null {
    const message = gap && this.#origin !== null && this.#windows === 0 ? this.#said(neededMs) : null;
    if (gap) {
      this.#origin = origin;
      this.#lengthMs = this.#windows = 0;
    }
    this.#lengthMs += (samples.length * 1000) / sampleRateHz;
    this.#windows += windows;
    return message;
  }

  #said(neededMs: number): string {
    const [found, needed] = [this.#lengthMs, neededMs].map((ms) => (ms / 1000).toFixed(2));
    return `${this.#origin}: not judged: expected sound of ${needed} s at least, one window of the model, found ${found} s`;
  }
}
