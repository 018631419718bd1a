/** A window or clip of sound → the rows that a scorer sees, for every kind of sound features. */
import { type AudioFeatureSpec, ModelError } from '../contracts.js';
import { flatWindows, frameStacks, type Rows } from './frame-stacks.js';
import { levelDb } from './level.js';
import type { LogMelPicture } from './log-mel.js';
import { pooledWindows } from './pooled.js';
import type { Scratch } from './scratch.js';

/** One stretch of sound, seen as log-mel and as samples. */
export interface SoundStretch {
  /** Floored and with the level policy applied. */
  readonly picture: LogMelPicture;
  /** As recorded; the picture's frames lie on its grid. */
  readonly samples: Float32Array;
  /** What the level policy adds, dB. */
  readonly offsetDb: number;
}

/**
 * All frame stacks once, or one row a window. No rows when the stretch is shorter than one.
 * @param scratch where stacks may lie until it lends again
 */
export function soundRows(spec: AudioFeatureSpec, stretch: SoundStretch, scratch?: Scratch): Rows {
  const { picture, samples, offsetDb } = stretch;
  switch (spec.kind) {
    case 'mel-frames':
      return frameStacks(picture, spec.stackFrames, scratch);
    case 'mel-flat':
      return flatWindows(picture, spec.windowFrames, spec.hopFrames);
    case 'mel-pooled':
      return pooledWindows(picture, spec);
    case 'raw-flat':
      return sampleWindows(spec, picture.frames, samples, 10 ** (offsetDb / 20));
    case 'level':
      return levelWindows(spec, picture.frames, samples, offsetDb);
  }
}

/** Samples that one window covers. */
export const windowSamples = ({ windowFrames, mel }: AudioFeatureSpec): number =>
  (windowFrames - 1) * mel.hopSamples + mel.fftSize;

/** Windows that so many frames hold. */
function windowStarts({ windowFrames, hopFrames, mel }: AudioFeatureSpec, frames: number): number[] {
  if (windowFrames < 1 || hopFrames < 1)
    throw new ModelError(`window: expected lengths ≥ 1, got ${windowFrames}, ${hopFrames}`);
  const count = frames < windowFrames ? 0 : 1 + Math.floor((frames - windowFrames) / hopFrames);
  return Array.from({ length: count }, (_, i) => i * hopFrames * mel.hopSamples);
}

function sampleWindows(spec: AudioFeatureSpec, frames: number, samples: Float32Array, gain: number): Rows {
  const width = windowSamples(spec);
  const starts = windowStarts(spec, frames);
  const data = new Float32Array(starts.length * width);
  starts.forEach((start, row) => {
    data.set(samples.subarray(start, start + width), row * width);
  });
  if (gain !== 1) for (let i = 0; i < data.length; i++) data[i] = (data[i] as number) * gain;
  return { data, shape: [starts.length, width] };
}

/** Steps of a level, dB: rounding noise of clips that were scaled to one level must not tell them apart. */
const LEVEL_STEPS_PER_DB = 1000;

function levelWindows(spec: AudioFeatureSpec, frames: number, samples: Float32Array, offsetDb: number): Rows {
  const width = windowSamples(spec);
  const levels = windowStarts(spec, frames).map((start) => {
    const level = levelDb(samples.subarray(start, start + width)) + offsetDb;
    return Math.round(level * LEVEL_STEPS_PER_DB) / LEVEL_STEPS_PER_DB;
  });
  return { data: Float32Array.from(levels), shape: [levels.length, 1] };
}
