import type { SignalStats } from '../contracts.js';

/** Samples whose health was measured together, `covered` of which count. */
export interface MeasuredStretch {
  readonly signal: SignalStats;
  readonly covered: number;
}

/**
 * Health of a stretch of sound from those that it touches, each counted by the samples of it that it covers. A stuck value is
 * followed from one stretch into the next; a share of a stretch that is only partly covered is taken as even.
 */
export function joinSignalStats(stretches: readonly MeasuredStretch[]): SignalStats {
  const total = stretches.reduce((sum, s) => sum + s.covered, 0);
  const mean = (of: (signal: SignalStats) => number): number =>
    total === 0 ? 0 : stretches.reduce((sum, s) => sum + of(s.signal) * s.covered, 0) / total;
  return {
    rms: Math.sqrt(mean((s) => s.rms ** 2)),
    peak: stretches.reduce((peak, s) => Math.max(peak, s.signal.peak), 0),
    dc: mean((s) => s.dc),
    clippedShare: mean((s) => s.clippedShare),
    stuckShare: total === 0 ? 0 : Math.min(1, longestRun(stretches) / total),
    nonFinite: stretches.reduce((sum, s) => sum + s.signal.nonFinite, 0),
  };
}

/** Longest run of one value, in samples: wholly stuck stretches of the same value are one run. */
function longestRun(stretches: readonly MeasuredStretch[]): number {
  let longest = 0;
  let run = 0;
  let value = Number.NaN;
  for (const { signal, covered } of stretches) {
    const stuck = signal.stuckShare === 1;
    run = stuck && signal.dc === value ? run + covered : signal.stuckShare * covered;
    value = stuck ? signal.dc : Number.NaN;
    longest = Math.max(longest, run);
  }
  return longest;
}
