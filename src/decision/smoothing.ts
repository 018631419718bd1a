import type { Smoothing } from '../contracts.js';

/** The long horizon: one MIMII clip, or ten windows where windows are longer than a second. */
const LONG_MS = 10_000;
const LONG_WINDOWS = 10;

/**
 * The default statistic of the short horizon: m of n windows above.
 * m is one more than the windows that a single instant can fall into, so that one bang in the hall cannot raise an
 * alarm however loud it is; at least 3. n = m + 2 lets a fault flicker. 1-s windows every 0.48 s: 4 of 6, and a fault is
 * inside m whole windows after windowMs + m · hopMs = 2.9 s.
 */
export function defaultSmoothing(windowMs: number, hopMs: number): Smoothing {
  const m = Math.max(3, Math.ceil(windowMs / hopMs - 1e-9) + 1);
  return { kind: 'm-of-n', m, n: m + 2 };
}

/** Mean over as many windows as fit in ten seconds (19 of 1 s every 0.48 s: what a 10-s clip has), at least ten. */
export function longSmoothing(windowMs: number, hopMs: number): Smoothing {
  const fitting = Math.floor((LONG_MS - windowMs) / hopMs + 1e-9) + 1;
  return { kind: 'mean', windows: Math.max(LONG_WINDOWS, fitting) };
}

/** Windows that one value of the statistic looks at. */
export function smoothedWindows(smoothing: Smoothing): number {
  return smoothing.kind === 'mean' ? smoothing.windows : smoothing.n;
}

/** Hops after which the statistic shares no sample with its former value. */
export function independentHops(smoothing: Smoothing, windowMs: number, hopMs: number): number {
  return smoothedWindows(smoothing) - 1 + Math.max(1, Math.ceil(windowMs / hopMs - 1e-9));
}

/** The statistic of a run of windows. `reset` after every gap. */
export class Smoother {
  readonly #smoothing: Smoothing;
  readonly #ring: Float64Array;
  readonly #scratch: Float64Array;
  #count = 0;
  #next = 0;

  constructor(smoothing: Smoothing) {
    this.#smoothing = smoothing;
    this.#ring = new Float64Array(smoothedWindows(smoothing));
    this.#scratch = new Float64Array(this.#ring.length);
  }

  /** True once every window of the statistic has been seen. */
  get full(): boolean {
    return this.#count === this.#ring.length;
  }

  /** True when the statistic may raise: a mean needs all its windows, m-of-n needs m (the missing count as below). */
  get judgeable(): boolean {
    return this.#smoothing.kind === 'mean' ? this.full : this.#count >= this.#smoothing.m;
  }

  reset(): void {
    this.#count = 0;
    this.#next = 0;
  }

  /** @returns the statistic with this score; while not yet judgeable, the one over what there is, for the eye. */
  push(score: number): number {
    this.#ring[this.#next] = score;
    this.#next = (this.#next + 1) % this.#ring.length;
    this.#count = Math.min(this.#count + 1, this.#ring.length);
    return this.#smoothing.kind === 'mean' ? this.#mean() : this.#mthLargest(this.#smoothing.m);
  }

  /** Summed from the oldest on, so that it is the same to the bit wherever in the ring it began. */
  #mean(): number {
    const length = this.#ring.length;
    let sum = 0;
    for (let i = length - this.#count; i < length; i++) sum += this.#ring[(this.#next + i) % length] ?? 0;
    return sum / this.#count;
  }

  /** Insertion sort of at most a few dozen numbers, descending. */
  #mthLargest(m: number): number {
    const sorted = this.#scratch;
    for (let i = 0; i < this.#count; i++) {
      const value = this.#ring[i] ?? 0;
      let j = i;
      for (; j > 0 && (sorted[j - 1] ?? 0) < value; j--) sorted[j] = sorted[j - 1] ?? 0;
      sorted[j] = value;
    }
    return sorted[Math.min(m, this.#count) - 1] ?? 0;
  }
}

/** The full values of the statistic over one contiguous run of scores: (max(0, N − windows + 1)). */
export function smoothRun(scores: Float64Array, smoothing: Smoothing): Float64Array {
  const smoother = new Smoother(smoothing);
  const skip = smoothedWindows(smoothing) - 1;
  const out = new Float64Array(Math.max(0, scores.length - skip));
  scores.forEach((score, i) => {
    const statistic = smoother.push(score);
    if (i >= skip) out[i - skip] = statistic;
  });
  return out;
}
