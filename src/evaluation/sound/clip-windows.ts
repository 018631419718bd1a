/** A clip → the windows that training and `auscult score` make of it, from its picture. */
import { type AudioFeatureSpec, SourceError } from '../../contracts.js';
import { floorDb } from '../../features/log-mel.js';
import type { Scratch } from '../../features/scratch.js';
import { soundRows, windowSamples } from '../../features/sound-rows.js';
import { rowsPerWindow, rowWidth } from '../../features/spec-sizes.js';
import { type ClipReader, rawPicture } from './clip-reader.js';
import type { KnownClip } from './sound-job.js';

/** A clip as the scorer will see it: level applied, repeated where it is shorter than a window. */
export interface HeardClip {
  /** Floored; empty for features that see samples alone. */
  readonly picture: Float32Array;
  readonly frames: number;
  /** As recorded; empty for features that see the picture alone. */
  readonly samples: Float32Array;
  readonly offsetDb: number;
  /** True when the picture is known to be finite. */
  readonly finite: boolean;
}

const seesSamples = ({ kind }: AudioFeatureSpec): boolean => kind === 'raw-flat' || kind === 'level';

/** Samples of a clip once it is repeated up to one window. */
export function heardSamples(clip: KnownClip, spec: AudioFeatureSpec): number {
  return Math.max(factsOf(clip, spec).samples, windowSamples(spec));
}

export const isShort = (clip: KnownClip, spec: AudioFeatureSpec): boolean =>
  factsOf(clip, spec).samples < windowSamples(spec);

/** Length and level of a clip at the rate of these features. @throws {SourceError} when it was not read at that rate */
export function factsOf({ path, at }: KnownClip, { mel }: AudioFeatureSpec) {
  const facts = at[mel.sampleRateHz];
  if (facts) return facts;
  throw new SourceError(`${path}: expected its length at ${mel.sampleRateHz} Hz to be known`);
}

/** Windows of so many samples, `hopFrames` apart. */
export function windowsIn(samples: number, spec: AudioFeatureSpec, hopFrames: number): number {
  const { fftSize, hopSamples } = spec.mel;
  const frames = samples < fftSize ? 0 : 1 + Math.floor((samples - fftSize) / hopSamples);
  return frames < spec.windowFrames ? 0 : 1 + Math.floor((frames - spec.windowFrames) / hopFrames);
}

/** @param referenceLevelDb the level that the whole clip is scaled to; null: as recorded   @throws {SourceError} */
export async function hear(
  reader: ClipReader,
  clip: KnownClip,
  spec: AudioFeatureSpec,
  referenceLevelDb: number | null,
): Promise<HeardClip> {
  const { mel } = spec;
  const facts = factsOf(clip, spec);
  const offsetDb = referenceLevelDb === null ? 0 : referenceLevelDb - facts.levelDb;
  const samples =
    isShort(clip, spec) || seesSamples(spec)
      ? repeated(await reader.samples(clip, mel.sampleRateHz), windowSamples(spec))
      : new Float32Array();
  if (seesSamples(spec)) {
    const picture = samples.subarray(0, 0);
    return { picture, frames: framesOf(samples, spec), samples, offsetDb, finite: false };
  }
  const { raw, frames } = isShort(clip, spec) ? await rawPicture(samples, mel) : await reader.picture(clip, mel);
  const finite = floorDb(raw, offsetDb);
  return { picture: raw, frames, samples, offsetDb, finite };
}

const framesOf = ({ length }: Float32Array, spec: AudioFeatureSpec): number =>
  1 + Math.floor((length - spec.mel.fftSize) / spec.mel.hopSamples);

function repeated(samples: Float32Array, atLeast: number): Float32Array {
  if (samples.length >= atLeast) return samples;
  return Float32Array.from({ length: atLeast }, (_, i) => samples[i % samples.length] as number);
}

/** Rows of one window: (rows, width). */
export interface WindowRows {
  readonly data: Float32Array;
  readonly shape: readonly [number, number];
  /** True when every number is known to be finite. */
  readonly finite?: boolean;
}

/**
 * The windows `from` to `to` (not included) that lie `hopFrames` apart, their rows as `soundRows` makes them of each
 * window by itself. Windows of frame stacks are views of the stacks of all, so that none is held twice.
 * @param scratch where they may lie until it lends again
 */
export function windowsOf(
  spec: AudioFeatureSpec,
  hopFrames: number,
  { picture, frames, samples, offsetDb, finite }: HeardClip,
  [from, to]: readonly [number, number],
  scratch?: Scratch,
): WindowRows[] {
  const { melBands: bands, hopSamples } = spec.mel;
  const first = from * hopFrames;
  const count = Math.min(frames - first, (to - 1 - from) * hopFrames + spec.windowFrames);
  const stretch = {
    picture: { data: picture.subarray(first * bands, (first + count) * bands), frames: count, bands },
    samples: samples.subarray(first * hopSamples),
    offsetDb,
  };
  const { data } = soundRows({ ...spec, hopFrames }, stretch, scratch);
  const [rows, width] = [rowsPerWindow(spec), rowWidth(spec)];
  const step = spec.kind === 'mel-frames' ? hopFrames : 1;
  return Array.from({ length: to - from }, (_, i) => ({
    data: data.subarray(i * step * width, (i * step + rows) * width),
    shape: [rows, width],
    finite,
  }));
}
