/**
 * Every column by itself: equally heavy Gaussians at its quantiles, and a floor, so that one wild value does not outweigh a row that
 * is a little unusual everywhere.
 * p_j(x) = 1/C Σ_c N(x | q_jc, h_j²) + ε.   Legend: C centres, W columns, h_j Silverman's bandwidth.
 */
import * as tf from '@tensorflow/tfjs-core';
import { type RowMatrix, rowsOf } from '../row-matrix.js';

export interface ColumnDensities {
  readonly width: number;
  /** (W, C) quantiles (c + ½)/C of each column. */
  readonly centres: Float32Array;
  /** (W) */
  readonly bandwidth: Float32Array;
}

/** ε: the density where nothing was seen, per unit. */
export const UNSEEN_DENSITY = Math.exp(-8) / Math.sqrt(2 * Math.PI);

const LEAST_BANDWIDTH = 0.05;
/** Very wide rows have fewer centres a column: scoring makes (rows, W, C) numbers. */
const MOST_CENTRES = 32_000;
const LEAST_CENTRES = 8;

/** @param rows standardised   @param most centres a column */
export function fitColumnDensities(rows: RowMatrix, most: number): ColumnDensities {
  const { width } = rows;
  const count = Math.min(most, Math.max(LEAST_CENTRES, Math.floor(MOST_CENTRES / width)));
  const centres = new Float32Array(width * count);
  const bandwidth = new Float32Array(width);
  for (let j = 0; j < width; j++) {
    const sorted = sortedColumn(rows, j);
    for (let c = 0; c < count; c++) centres[j * count + c] = quantile(sorted, (c + 0.5) / count);
    bandwidth[j] = Math.max(LEAST_BANDWIDTH, silverman(sorted));
  }
  return { width, centres, bandwidth };
}

/** Rows (N, W) → −Σ_j log p_j(x_j) (N), nats. */
export function columnEnergy({ centres, bandwidth, width }: ColumnDensities): (rows: tf.Tensor2D) => tf.Tensor1D {
  const count = centres.length / width;
  const height = bandwidth.map((h) => 1 / (count * h * Math.sqrt(2 * Math.PI)));
  return (rows) => {
    const away = tf.sub(tf.expandDims(rows, 2), tf.tensor3d(centres, [1, width, count]));
    const scaled = tf.mul(
      away,
      tf.tensor3d(
        bandwidth.map((h) => 1 / h),
        [1, width, 1],
      ),
    );
    const near = tf.sum(tf.exp(tf.mul(tf.square(scaled), -0.5)), 2);
    const density = tf.add(tf.mul(near, tf.tensor2d(height, [1, width])), UNSEEN_DENSITY);
    return tf.neg(tf.sum(tf.log(density), 1)) as tf.Tensor1D;
  };
}

function sortedColumn(rows: RowMatrix, j: number): Float64Array {
  return Float64Array.from({ length: rowsOf(rows) }, (_, n) => rows.data[n * rows.width + j] as number).sort();
}

/** Between the two nearest values, linearly. @param share 0…1 */
function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const [from, to] = [sorted[below] as number, sorted[Math.min(below + 1, sorted.length - 1)] as number];
  return from + (place - below) * (to - from);
}

/** 1.06 · min(deviation, interquartile range / 1.34) · n^−⅕. Silverman, Density Estimation, 1986, eq. 3.30. */
function silverman(sorted: Float64Array): number {
  const count = sorted.length;
  const mean = sorted.reduce((sum, value) => sum + value, 0) / count;
  const deviation = Math.sqrt(sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count);
  const range = (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / 1.34;
  return 1.06 * (range > 0 ? Math.min(deviation, range) : deviation) * count ** -0.2;
}
