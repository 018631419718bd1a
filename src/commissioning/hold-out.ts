import { type FeatureSpec, ModelError, type Window } from '../contracts.js';
import { HELD_OUT_SHARE } from '../decision/threshold.js';
import { isSound } from '../features/spec-sizes.js';

/** What commissioning keeps of a window. */
export type KeptWindow = Pick<Window, 'data' | 'shape' | 'origin' | 'sequence' | 'startMs' | 'endMs' | 'levelDb'>;

/** Windows of one contiguous stretch of normal running, in order: a file, a run, the time between two gaps. */
export interface Segment {
  readonly name: string;
  readonly windows: KeptWindow[];
}

/** Normals that the network learns from, and normals it never sees, for calibration. */
export interface Split {
  /** Row-major (rows, width), each stretch of time once, in order. */
  readonly training: Float32Array<SharedArrayBuffer>;
  readonly width: number;
  /** Contiguous runs of held-out windows. */
  readonly heldOut: readonly Segment[];
}

const EVERY = Math.round(1 / HELD_OUT_SHARE);
/** With so many segments, whole ones are held out; with fewer, the end of each, if most of it can still be learnt. */
const MANY_SEGMENTS = 10;

/**
 * Sets normals aside by itself: every fifth file of many, else the last fifth of each stretch of time. Rows whose data
 * overlaps the border are dropped; where that is most of them, every fifth of five stretches and more.
 * @throws {ModelError} when nothing would be left to learn from
 */
export function splitNormals(segments: readonly Segment[], spec: FeatureSpec): Split {
  const width = segments[0]?.windows[0]?.shape[1] ?? 0;
  const rowsOf = (i: number, until: number): Float32Array[] => {
    const segment = segments[i];
    return segment ? uniqueRows(segment, until, spec) : [];
  };
  const lengths = segments.map(({ windows }) => windows.length);
  const learnt = windowsLearnt(lengths, (i, until) => rowsOf(i, until).reduce((sum, { length }) => sum + length, 0));
  const rows = learnt.flatMap((until, i) => rowsOf(i, until));
  const heldOut = segments
    .map(({ name, windows }, i) => ({ name, windows: windows.slice(learnt[i] ?? 0) }))
    .filter(({ windows }) => windows.length > 0);
  if (rows.length === 0 || heldOut.length === 0) {
    const found = segments.reduce((sum, { windows }) => sum + windows.length, 0);
    throw new ModelError(
      `recordings: expected enough normal data to learn from and to hold out, found ${found} windows`,
    );
  }
  const training = new Float32Array(new SharedArrayBuffer(rows.reduce((sum, row) => sum + row.byteLength, 0)));
  let at = 0;
  for (const row of rows) {
    training.set(row, at);
    at += row.length;
  }
  return { training, width, heldOut: spec.kind === 'image-flat' ? [joined(heldOut)] : heldOut };
}

/**
 * How many windows of each segment are learnt; the rest is held out. A segment of one window cannot be parted: it is
 * learnt.
 * @param lengths windows of each segment
 * @param size what a segment gives to learn from if its windows from `until` on are held out, in any unit
 */
export function windowsLearnt(
  lengths: readonly number[],
  size: (segment: number, until: number) => number,
): readonly number[] {
  const whole = lengths.map((length, i) => (i % EVERY === EVERY - 1 ? 0 : length));
  if (lengths.length >= MANY_SEGMENTS) return whole;
  const ends = lengths.map((length) => length - Math.min(length - 1, Math.max(1, Math.round(length * HELD_OUT_SHARE))));
  if (lengths.length < EVERY) return ends;
  const total = (learnt: readonly number[]): number => learnt.reduce((sum, until, i) => sum + size(i, until), 0);
  return LOSS * total(ends) < total(whole) ? whole : ends;
}

/** Ends are not worth it where long windows overlap so far over their borders that whole segments would leave this many times as much. */
const LOSS = 2;

/** Pictures come one after the other: the held-out ones make one run. */
const joined = (segments: readonly Segment[]): Segment => ({
  name: 'pictures',
  windows: segments.flatMap(({ windows }) => windows),
});

/**
 * The rows of the windows before `until`, without the repeats of overlapping windows, and without those that share
 * samples with the first held-out window.
 */
export function uniqueRows(segment: Segment, until: number, spec: FeatureSpec): Float32Array[] {
  const windows = segment.windows.slice(0, until);
  if (spec.kind !== 'mel-frames') {
    const border = isSound(spec)
      ? (segment.windows[until]?.startMs ?? Number.POSITIVE_INFINITY)
      : Number.POSITIVE_INFINITY;
    const clear = windows.filter(({ endMs }) => endMs <= border + 1);
    return clear.map(({ data }) => data);
  }
  const last =
    until < segment.windows.length ? until * spec.hopFrames - overlappingFrames(spec) : Number.POSITIVE_INFINITY;
  return windows.flatMap((window, i) => {
    const first = i * spec.hopFrames;
    const own = i + 1 < windows.length ? Math.min(spec.hopFrames, window.shape[0]) : window.shape[0];
    return firstRows(window, Math.min(own, last - first - spec.stackFrames + 1));
  });
}

/** Frames before a border whose samples reach over it. */
const overlappingFrames = ({ mel }: Extract<FeatureSpec, { kind: 'mel-frames' }>): number =>
  Math.ceil(mel.fftSize / mel.hopSamples) - 1;

function firstRows({ data, shape }: KeptWindow, count: number): Float32Array[] {
  return count > 0 ? [data.subarray(0, count * shape[1])] : [];
}
