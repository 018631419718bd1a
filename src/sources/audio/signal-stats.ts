import type { SignalStats } from '../../contracts.js';

/** The largest 16-bit value: at or beyond it a sample is clipped. */
const fullScale = 32767 / 32768;

/**
 * Health of raw samples, gathered block by block and handed out once an observation. A run of one value goes on from
 * block to block.
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
    let sum = 0;
    let squares = 0;
    let high = 0;
    let low = 0;
    for (let i = 0; i < samples.length; i++) {
      const x = samples[i] ?? 0;
      sum += x;
      squares += x * x;
      if (x > high) high = x;
      if (x < low) low = x;
    }
    if (!Number.isFinite(squares)) {
      this.#nonFinite += silenceNonFinite(samples);
      this.add(samples);
      return;
    }
    const peak = Math.max(high, -low);
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
    let run = this.#run;
    let longest = this.#longestRun;
    let last = this.#last;
    for (let i = 0; i < samples.length; i++) {
      const x = samples[i] ?? 0;
      if (x === last) {
        run++;
        if (run > longest) longest = run;
      } else {
        run = 1;
        last = x;
      }
    }
    this.#run = run;
    this.#longestRun = Math.max(longest, run);
    this.#last = last;
  }
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
