/** Training rows as the networks see them: standardised pictures, and which of them are learnt from. */
import type { HostTensor } from '../../engine/index.js';
import type { InputTransform } from '../input-transform.js';
import { openRandom } from '../random.js';
import { type RowMatrix, rowsOf } from '../row-matrix.js';
import type { PictureShape } from './picture-shape.js';

/** Values that share a mean and a deviation: a band of sound, a channel of a picture. */
export type Scope = 'band' | 'channel';

/** Every value by the mean and deviation of its band or channel over all rows. @param clip ± deviations */
export function standardise(
  { data, width }: RowMatrix,
  { width: columns, channels }: Pick<PictureShape, 'width' | 'channels'>,
  scope: Scope,
  clip: number,
): InputTransform {
  const groups = scope === 'band' ? columns * channels : channels;
  const { mean, deviation } = momentsOf(data, groups);
  const each = (values: Float64Array): Float32Array =>
    Float32Array.from({ length: width }, (_, at) => values[at % groups] as number);
  const scale = deviation.map((d, g) => (d > 1e-6 * Math.max(Math.abs(mean[g] as number), 1e-6) ? 1 / d : 1));
  return { width, shift: each(mean), scale: each(scale), curves: null, clip, whitening: null };
}

/** Of every value whose place is the same modulo `groups`. */
function momentsOf(data: Float32Array, groups: number): { mean: Float64Array; deviation: Float64Array } {
  const [mean, square] = [new Float64Array(groups), new Float64Array(groups)];
  const count = data.length / groups;
  for (let at = 0, g = 0; at < data.length; at++, g = g + 1 === groups ? 0 : g + 1)
    mean[g] = (mean[g] as number) + (data[at] as number) / count;
  for (let at = 0, g = 0; at < data.length; at++, g = g + 1 === groups ? 0 : g + 1)
    square[g] = (square[g] as number) + ((data[at] as number) - (mean[g] as number)) ** 2 / count;
  return { mean, deviation: square.map(Math.sqrt) };
}

/** Neighbours in time are alike, and stay together. */
const BLOCKS = 20;

/** Row numbers, ascending, of those that are learnt from and those that are held out: one block at least. */
export function heldOutBlocks(rows: number, share: number, seed: number): { learnt: number[]; heldOut: number[] } {
  const blocks = Math.min(BLOCKS, rows);
  const count = Math.max(1, Math.round(share * blocks));
  const spread = openRandom(seed, 'held-out').below(blocks);
  const held = new Set(Array.from({ length: count }, (_, i) => (spread + Math.floor((i * blocks) / count)) % blocks));
  const all = Array.from({ length: rows }, (_, n) => n);
  const isHeld = (n: number): boolean => held.has(Math.floor((n * blocks) / rows));
  return { learnt: all.filter((n) => !isHeld(n)), heldOut: all.filter(isHeld) };
}

export const asPictures = (rows: RowMatrix, { height, width, channels }: PictureShape): HostTensor => ({
  data: rows.data,
  shape: [rowsOf(rows), height, width, channels],
});
