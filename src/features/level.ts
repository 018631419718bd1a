import type { LevelPolicy } from '../contracts.js';

/** Digital silence is called −120 dBFS. */
export const SILENCE_DB = -120;

/** RMS level of the samples, dBFS (0 for a full-scale square wave), never below −120. */
export function levelDb(samples: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < samples.length; i++) sum += (samples[i] as number) ** 2;
  const meanSquare = samples.length === 0 ? 0 : sum / samples.length;
  return Math.max(10 * Math.log10(meanSquare), SILENCE_DB);
}

/** What the policy adds to every band of a window of this level, dB: a gain is an offset of the logarithm. */
export function levelOffsetDb(level: LevelPolicy, windowLevelDb: number): number {
  return level.policy === 'keep' ? 0 : level.referenceLevelDb - windowLevelDb;
}
