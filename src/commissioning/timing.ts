import type { FeatureSpec } from '../contracts.js';
import { hopMs, isSound, windowMs } from '../features/spec-sizes.js';
import type { Segment } from './hold-out.js';

export interface Timing {
  readonly windowMs: number;
  readonly hopMs: number;
}

/** Pictures and rows whose times say nothing count as one a second. */
const DEFAULT_INTERVAL_MS = 1_000;
/** Pictures that follow each other faster have the times of a copy, not of a camera. */
const LEAST_PICTURE_MS = 30;

/** Length of a window and distance of two: from the spec for sound, else the median interval of the recordings. */
export function timingOf(spec: FeatureSpec, segments: readonly Segment[]): Timing {
  if (isSound(spec)) return { windowMs: windowMs(spec), hopMs: hopMs(spec) };
  const intervals = segments
    .flatMap(({ windows }) => windows.slice(1).map(({ startMs }, i) => startMs - (windows[i]?.startMs ?? startMs)))
    .filter((interval) => interval > 0)
    .sort((a, b) => a - b);
  const median = intervals[intervals.length >> 1] ?? DEFAULT_INTERVAL_MS;
  const isCopy = spec.kind === 'image-flat' && median < LEAST_PICTURE_MS;
  const interval = isCopy ? DEFAULT_INTERVAL_MS : median;
  return { windowMs: interval, hopMs: interval };
}
