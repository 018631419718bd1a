import type { SignalStats } from '../../contracts.js';
import { sums } from './pcm-kernel.js';

/** The largest 16-bit value: at or beyond it a sample is clipped. */
const fullScale = 32767 / 32768;

/**
 * Health of raw samples, gathered block by block and handed out once an observation. A run of one value goes on from
 * block to block; runs shorter than a 1,024th of a block are not told apart and count as that long.
 */
export class SignalMeter {
  #count = 0;
  #sum = 0;
  #squares = 0;
  #peak = 0;
  #clipped = 0;
  #nonFinite = 0;
  #longestRun = 0;
  #run = 0;
  #last = Number.NaN;

  /** Adds a block; NaN and infinite samples are counted and set to 0 in place. */
  add(samples: Float32Array): void {
    const { sum, squares, peak } = sums(samples);
    if (!Number.isFinite(squares)) {
      this.#nonFinite += silenceNonFinite(samples);
      this.add(samples);
      return;
    }
    if (peak >= fullScale) this.#clipped += countClipped(samples);
    this.#count += samples.length;
    this.#sum += sum;
    this.#squares += squares;
    this.#peak = Math.max(this.#peak, peak);
    this.#followRuns(samples);
  }

  /** Statistics of all samples since the last call; zeros when there were none. */
  take(): SignalStats {
    const n = Math.max(1, this.#count);
    const stats = {
      rms: Math.sqrt(this.#squares / n),
      peak: this.#peak,
      dc: this.#sum / n,
      clippedShare: this.#clipped / n,
      stuckShare: Math.min(1, this.#longestRun / n),
      nonFinite: this.#nonFinite,
    };
    this.#count = this.#sum = this.#squares = this.#peak = this.#clipped = this.#nonFinite = 0;
    this.#longestRun = this.#run = 0;
    return stats;
  }

  #followRuns(samples: Float32Array): void {
    const n = samples.length;
    let first = 0;
    while (first < n && samples[first] === this.#last) first++;
    this.#run += first;
    let longest = Math.max(this.#longestRun, this.#run);
    if (first < n) {
      longest = longestRun(samples, first, Math.max(1, longest, n >> 10));
      const last = samples[n - 1] ?? 0;
      let start = n - 1;
      while (start > first && samples[start - 1] === last) start--;
      this.#run = n - start;
      this.#last = last;
    }
    this.#longestRun = longest;
  }
}

/**
 * Length of the longest run of one value from `first` on, or `atLeast` if none is longer. A longer run that starts at i
 * reaches i + atLeast, so each step looks back from there and skips to the last change.
 */
function longestRun(samples: Float32Array, first: number, atLeast: number): number {
  let longest = atLeast;
  let start = first;
  while (start + longest < samples.length) {
    let i = start + longest;
    while (i > start && samples[i] === samples[i - 1]) i--;
    if (i === start) {
      let end = start + longest + 1;
      while (end < samples.length && samples[end] === samples[start]) end++;
      longest = end - start;
      i = end;
    }
    start = i;
  }
  return longest;
}

/** Statistics of one block; NaN and infinite samples are set to 0 in place. */
export function measureSignal(samples: Float32Array): SignalStats {
  const meter = new SignalMeter();
  meter.add(samples);
  return meter.take();
}

function silenceNonFinite(samples: Float32Array): number {
  let count = 0;
  for (let i = 0; i < samples.length; i++) {
    if (Number.isFinite(samples[i])) continue;
    samples[i] = 0;
    count++;
  }
  return count;
}

function countClipped(samples: Float32Array): number {
  let count = 0;
  for (let i = 0; i < samples.length; i++) if (Math.abs(samples[i] ?? 0) >= fullScale) count++;
  return count;
}
