/**
 * Other machines made from one: pictures of log-mel (frames × bands, dB) changed in ways that its faults might be. A network
 * that must tell them from the machine itself learns what is particular about it.
 */
import { openRandom } from '../random.js';
import { type RowMatrix, rowsOf } from '../row-matrix.js';

export interface Picture {
  readonly frames: number;
  readonly bands: number;
}

/** One pseudo-class: the same change of every row. @returns the value in dB of a frame and a band */
type Change = (at: (frame: number, band: number) => number, size: Picture) => (frame: number, band: number) => number;

/** Bands that a pitch is moved by, of 64: a quarter of an octave and more. */
const PITCH_SHARE = 1 / 16;
const STRETCH = 1.25;
const GAIN_DB = 6;

const pitch =
  (direction: 1 | -1): Change =>
  (at, { bands }) =>
  (frame, band) =>
    at(frame, clamp(band - direction * Math.max(1, Math.round(bands * PITCH_SHARE)), bands));

/** Slower or faster; at the end of the window the picture runs back. */
const stretch =
  (factor: number): Change =>
  (at, { frames }) =>
  (frame, band) => {
    const time = reflected(frame / factor, frames);
    const before = Math.min(frames - 1, Math.floor(time));
    const share = time - before;
    return (1 - share) * at(before, band) + share * at(Math.min(frames - 1, before + 1), band);
  };

/** One third of the bands is louder. */
const gain =
  (third: 0 | 1 | 2): Change =>
  (at, { bands }) =>
  (frame, band) =>
    at(frame, band) + (Math.floor((3 * band) / bands) === third ? GAIN_DB : 0);

const CHANGES: Readonly<Record<string, Change>> = {
  'pitch up': pitch(1),
  'pitch down': pitch(-1),
  slower: stretch(STRETCH),
  faster: stretch(1 / STRETCH),
  'lows louder': gain(0),
  'middle louder': gain(1),
  'highs louder': gain(2),
};

/** Names of the pseudo-classes; the last is a mixture of each row with another. */
export const PSEUDO_CLASSES: readonly string[] = [...Object.keys(CHANGES), 'mixed'];

/** The rows of one pseudo-class, as many as there are. */
export function pseudoClass(rows: RowMatrix, size: Picture, name: string, seed: number): RowMatrix {
  const change = CHANGES[name];
  return change ? changed(rows, size, change) : mixed(rows, seed);
}

function changed({ data, width }: RowMatrix, size: Picture, change: Change): RowMatrix {
  const out = new Float32Array(data.length);
  for (let from = 0; from < data.length; from += width) {
    const decibels = change((frame, band) => data[from + frame * size.bands + band] as number, size);
    for (let frame = 0; frame < size.frames; frame++)
      for (let band = 0; band < size.bands; band++) out[from + frame * size.bands + band] = decibels(frame, band);
  }
  return { data: out, width };
}

/** Mean power of two rows, dB. */
function mixed(rows: RowMatrix, seed: number): RowMatrix {
  const { data, width } = rows;
  const count = rowsOf(rows);
  const random = openRandom(seed, 'mixed');
  const out = new Float32Array(data.length);
  for (let n = 0; n < count; n++) {
    const other = (n + 1 + random.below(Math.max(1, count - 1))) % count;
    for (let j = 0; j < width; j++) {
      const power = 10 ** ((data[n * width + j] as number) / 10) + 10 ** ((data[other * width + j] as number) / 10);
      out[n * width + j] = 10 * Math.log10(power / 2);
    }
  }
  return { data: out, width };
}

const clamp = (index: number, length: number): number => Math.min(length - 1, Math.max(0, index));

/** 0, 1, …, n−1, n−2, …, 0, 1, … */
function reflected(time: number, length: number): number {
  const last = Math.max(1, length - 1);
  const turn = time % (2 * last);
  return turn <= last ? turn : 2 * last - turn;
}
