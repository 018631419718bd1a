import { ModelError } from '../contracts.js';
import type { LogMelPicture } from './log-mel.js';
import { Scratch } from './scratch.js';

/** Row-major `shape`. */
export interface Rows {
  readonly data: Float32Array;
  readonly shape: readonly [number, number];
}

/**
 * Every stack of `stackFrames` consecutive frames, once: row r is frames r … r + stackFrames − 1 one after the other.
 * @param scratch where they lie; without it they are the caller's own
 * @returns (frames − stackFrames + 1, stackFrames · bands), no rows when the picture is shorter than a stack
 */
export function frameStacks(picture: LogMelPicture, stackFrames: number, scratch = new Scratch()): Rows {
  const { data, frames, bands } = picture;
  const width = stackFrames * bands;
  const rows = Math.max(0, frames - stackFrames + 1);
  const stacks = scratch.lend(rows * width);
  for (let row = 0; row < rows; row++) stacks.set(data.subarray(row * bands, row * bands + width), row * width);
  return { data: stacks, shape: [rows, width] };
}

/**
 * One row a window of `windowFrames` frames, a new one every `hopFrames`: (windows, windowFrames · bands).
 * @throws {ModelError} for a length below 1
 */
export function flatWindows(picture: LogMelPicture, windowFrames: number, hopFrames: number): Rows {
  if (windowFrames < 1 || hopFrames < 1)
    throw new ModelError(`window: expected lengths ≥ 1, got ${windowFrames}, ${hopFrames}`);
  const { data, frames, bands } = picture;
  const width = windowFrames * bands;
  const rows = frames < windowFrames ? 0 : 1 + Math.floor((frames - windowFrames) / hopFrames);
  const flat = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    const from = row * hopFrames * bands;
    flat.set(data.subarray(from, from + width), row * width);
  }
  return { data: flat, shape: [rows, width] };
}
