import type { LevelPolicy } from '../contracts.js';
import { sums } from '../sources/audio/pcm-kernel.js';

/** Digital silence is called −120 dBFS. */
export const SILENCE_DB = -120;

/**
 * RMS level of the samples about their mean, dBFS (0 for a full-scale square wave), never below −120. An offset of the
 * converter is no sound: with it, a machine at rest would be as loud as one that runs.
 */
export function levelDb(samples: Float32Array): number {
  if (samples.length === 0) return SILENCE_DB;
  const { sum, squares } = sums(samples);
  const variance = squares / samples.length - (sum / samples.length) ** 2;
  return Math.max(10 * Math.log10(Math.max(0, variance)), SILENCE_DB);
}

/** What the policy adds to every band of a window of this level, dB: a gain is an offset of the logarithm. */
export function levelOffsetDb(level: LevelPolicy, windowLevelDb: number): number {
  return level.policy === 'keep' ? 0 : level.referenceLevelDb - windowLevelDb;
}
