import type { SignalStats } from '../../src/contracts.js';
import type { Change, Decider, Decision, ScoredWindow } from '../../src/decision/decider.js';

export const WINDOW_MS = 1000;
export const HOP_MS = 480;
export const HOUR_MS = 3_600_000;
export const WEEK_MS = 604_800_000;
export const YEAR_MS = 31_557_600_000;

/** Mulberry32: written out because a simulated year takes 10^8 numbers and the project's generator is ten times slower. */
export function uniform(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Standard normals by Marsaglia's polar method. */
export function normal(seed: number): () => number {
  const u = uniform(seed);
  let spare: number | null = null;
  return () => {
    if (spare !== null) {
      const kept = spare;
      spare = null;
      return kept;
    }
    for (;;) {
      const x = 2 * u() - 1;
      const y = 2 * u() - 1;
      const r = x * x + y * y;
      if (r >= 1 || r === 0) continue;
      const f = Math.sqrt((-2 * Math.log(r)) / r);
      spare = y * f;
      return x * f;
    }
  };
}

/** A standard normal AR(1): each value remembers `memory` of the last one. */
export function latent(seed: number, memory: number): () => number {
  const n = normal(seed);
  const fresh = Math.sqrt(1 - memory * memory);
  let s = n();
  return () => {
    s = memory * s + fresh * n();
    return s;
  };
}

/** Skewed, autocorrelated scores: exp(0.5 · AR(1)); skewness 1.75, deviation 0.6. */
export const toScore = (s: number): number => Math.exp(0.5 * s);

export function scores(seed: number, memory: number, count: number): Float64Array {
  const next = latent(seed, memory);
  return Float64Array.from({ length: count }, () => toScore(next()));
}

export const HEALTHY: SignalStats = { rms: 0.1, peak: 0.3, dc: 0, clippedShare: 0, stuckShare: 0.001, nonFinite: 0 };

/** Feeds windows one hop apart and keeps all that was decided. */
export class Run {
  readonly changes: Change[] = [];
  readonly decisions: Decision[] = [];
  sequence = 0;
  constructor(
    readonly decider: Decider,
    public startMs = 0,
    readonly hopMs = HOP_MS,
  ) {}

  feed(values: Iterable<number>, extra: Partial<ScoredWindow> = {}): this {
    for (const score of values) {
      const { startMs } = this;
      const window = { score, startMs, endMs: startMs + WINDOW_MS, sequence: this.sequence++, ...extra };
      this.keep(this.decider.step({ kind: 'window', window }));
      this.startMs += this.hopMs;
    }
    return this;
  }

  keep(decision: Decision): Decision {
    this.decisions.push(decision);
    this.changes.push(...decision.changes);
    return decision;
  }

  get last(): Decision {
    const last = this.decisions.at(-1);
    if (!last) throw new Error('nothing decided yet');
    return last;
  }

  /** "anomaly raised", "silence cleared", … */
  get story(): string[] {
    return this.changes.map(({ kind, code, change }) => `${code ?? kind} ${change}`);
  }
}

export function repeat(value: number, count: number): number[] {
  return Array.from({ length: count }, () => value);
}
