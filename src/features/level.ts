import type { LevelPolicy } from '../contracts.js';
import { sums } from '../sources/audio/pcm-kernel.js';

/** Digital silence is called −120 dBFS. */
export const SILENCE_DB = -120;

/** RMS level of the samples, dBFS (0 for a full-scale square wave), never below −120. */
export function levelDb(samples: Float32Array): number {
  const meanSquare = samples.length === 0 ? 0 : sums(samples).squares / samples.length;
  return Math.max(10 * Math.log10(meanSquare), SILENCE_DB);
}

/** What the policy adds to every band of a window of this level, dB: a gain is an offset of the logarithm. */
export function levelOffsetDb(level: LevelPolicy, windowLevelDb: number): number {
  return level.policy === 'keep' ? 0 : level.referenceLevelDb - windowLevelDb;
}
