/** What a picture of log-mel says of each band over time: mean, deviation, and how much it changes from frame to frame. */
import * as tf from '@tensorflow/tfjs-core';
import type { RowMatrix } from '../row-matrix.js';
import type { Picture } from './pseudo-classes.js';
import { STATISTICS } from './settings.js';

/** dB²: keeps roots smooth where a band does not move. */
const TINY = 1e-4;

/** Pictures (N, frames · bands) → (N, 3 · bands): means, deviations, changes. */
export function pictureStatistics({ data, width }: RowMatrix, { frames, bands }: Picture): RowMatrix {
  const count = data.length / width;
  const out = new Float32Array(count * STATISTICS * bands);
  for (let n = 0; n < count; n++) {
    for (let band = 0; band < bands; band++) {
      const at = (frame: number): number => data[n * width + frame * bands + band] as number;
      const [mean, deviation, change] = statisticsOf(at, frames);
      const to = n * STATISTICS * bands + band;
      out[to] = mean;
      out[to + bands] = deviation;
      out[to + 2 * bands] = change;
    }
  }
  return { data: out, width: STATISTICS * bands };
}

function statisticsOf(
  at: (frame: number) => number,
  frames: number,
): [mean: number, deviation: number, change: number] {
  let mean = 0;
  for (let t = 0; t < frames; t++) mean += at(t) / frames;
  let variance = 0;
  let change = 0;
  for (let t = 0; t < frames; t++) {
    variance += (at(t) - mean) ** 2 / frames;
    if (t > 0) change += (at(t) - at(t - 1)) ** 2 / (frames - 1);
  }
  return [mean, Math.sqrt(variance + TINY), Math.sqrt(change + TINY)];
}

/** The same in a graph. */
export function statisticsInGraph(rows: tf.Tensor2D, { frames, bands }: Picture): tf.Tensor2D {
  const count = rows.shape[0];
  const pictures = tf.reshape(rows, [count, frames, bands]);
  const mean = tf.mean(pictures, 1, true);
  const variance = tf.mean(tf.square(tf.sub(pictures, mean)), 1);
  const later = tf.slice(pictures, [0, 1, 0], [count, frames - 1, bands]);
  const earlier = tf.slice(pictures, [0, 0, 0], [count, frames - 1, bands]);
  const change = tf.mean(tf.square(tf.sub(later, earlier)), 1);
  const root = (x: tf.Tensor): tf.Tensor => tf.sqrt(tf.add(x, TINY));
  return tf.concat([tf.reshape(mean, [count, bands]), root(variance), root(change)], 1) as tf.Tensor2D;
}
