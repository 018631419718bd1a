/**
 * A Gaussian on every different training row: the mixture with a component for each row. What is normal in scattered places,
 * which no few components cover, it knows. Parzen, Annals of Mathematical Statistics 33, 1962.
 * p(x) = 1/M Σ_m N(x | c_m, h²·1).   Legend: M centres, W columns, h bandwidth.
 */
import * as tf from '@tensorflow/tfjs-core';
import { minimise } from '../golden-section.js';
import { type RowMatrix, rowsOf } from '../row-matrix.js';
import { evenPlaces, sampleRows, withoutCopies } from '../row-samples.js';
import { UNSEEN_DENSITY } from './column-densities.js';

export interface KernelDensity {
  readonly width: number;
  /** (M, W) */
  readonly centres: Float32Array;
  /** In the units of the rows. */
  readonly bandwidth: number;
  /** Energies of some of the centres under those of other stretches of time, nats. */
  readonly unseen: Float64Array;
}

/** Neighbours in time are alike: a row is judged by the centres of other blocks. */
const BLOCKS = 20;
/** Rows are standardised. */
const BANDWIDTHS = [0.05, 2] as const;
const SECTIONS = 12;
/** Rows that the bandwidth is chosen for; and numbers of all centres, at most. */
const JUDGED = 2_000;
const MOST_VALUES = 2_000_000;

/**
 * h is the likeliest for rows of other blocks of time (Duin, IEEE Trans. Computers 25, 1976). Equal rows count once: they would
 * want no width at all.
 * @param rows standardised, in order of time   @param most centres   @returns null for fewer than 20 different rows
 */
export function fitKernelDensity(rows: RowMatrix, most: number, seed: number): KernelDensity | null {
  const { width } = rows;
  const centres = sampleRows(withoutCopies(rows, 1), Math.min(most, Math.floor(MOST_VALUES / width)), seed);
  if (rowsOf(centres) < BLOCKS) return null;
  const judged = evenPlaces(rowsOf(centres), JUDGED);
  const squared = squaredDistances(centres, judged);
  const bandwidth = likeliestBandwidth(squared, width);
  return { width, centres: centres.data, bandwidth, unseen: energiesFrom(squared, bandwidth, width) };
}

/** Of so many independent Gaussian rows with variance 1: (4/(W + 2))^(1/(W + 4)) M^(−1/(W + 4)). Silverman 1986, eq. 4.14. */
export const usualBandwidth = (rows: number, width: number): number => (4 / ((width + 2) * rows)) ** (1 / (width + 4));

/** Rows (N, W) → −log p(x) (N), nats. */
export function kernelEnergy({ centres, width, bandwidth }: KernelDensity): (rows: tf.Tensor2D) => tf.Tensor1D {
  const count = centres.length / width;
  const constant = Math.log(count) + width * Math.log(bandwidth * Math.sqrt(2 * Math.PI));
  return (rows) => {
    const c = tf.mul(tf.tensor2d(centres, [count, width]), 1 / bandwidth) as tf.Tensor2D;
    const x = tf.mul(rows, 1 / bandwidth) as tf.Tensor2D;
    const halfNorms = (a: tf.Tensor): tf.Tensor => tf.mul(tf.sum(tf.square(a), 1), 0.5);
    const likeness = tf.sub(tf.matMul(x, c, false, true), tf.reshape(halfNorms(c), [1, count]));
    const top = tf.max(likeness, 1, true);
    const sum = tf.sum(tf.exp(tf.sub(likeness, top)), 1);
    const log = tf.add(tf.log(sum), tf.reshape(top, [-1]));
    return tf.add(tf.sub(halfNorms(x), log), constant) as tf.Tensor1D;
  };
}

/** Rows that dependence is measured on, and exponentials that it takes, at most. */
const MEASURED = 1_000;
const MOST_EXPONENTIALS = 1e8;

/**
 * How much better columns are foretold together than each by itself: mean log-likelihood of unseen rows under a kernel density of
 * the row less that under one for each column with the same h, nats a column. It estimates the total correlation (Watanabe, IBM
 * Journal 4, 1960) as far as so many rows show it; below 0 they do not show any.
 */
export function dependence(rows: RowMatrix, seed: number): number {
  const { width } = rows;
  const most = Math.min(MEASURED, Math.floor(Math.sqrt(MOST_EXPONENTIALS / width)));
  const sample = sampleRows(withoutCopies(rows, 1), Math.max(2 * BLOCKS, most), seed);
  const count = rowsOf(sample);
  if (count < BLOCKS) return 0;
  const squared = squaredDistances(
    sample,
    Int32Array.from({ length: count }, (_, i) => i),
  );
  const h = likeliestBandwidth(squared, width);
  const together = -meanOf(energiesFrom(squared, h, width));
  let apart = 0;
  for (let j = 0; j < width; j++) apart += columnLikelihood(sample, j, h);
  return (together - apart) / width;
}

/** Mean log-likelihood of a column's values under a kernel density of those of other blocks. */
function columnLikelihood({ data, width }: RowMatrix, j: number, h: number): number {
  const values = Float64Array.from({ length: data.length / width }, (_, n) => (data[n * width + j] as number) / h);
  const count = values.length;
  const constant = h * Math.sqrt(2 * Math.PI);
  let total = 0;
  for (let n = 0; n < count; n++) {
    const block = blockOf(n, count);
    let [sum, others] = [0, 0];
    for (let m = 0; m < count; m++) {
      if (blockOf(m, count) === block) continue;
      others++;
      const distance = (values[n] as number) - (values[m] as number);
      sum += Math.exp(-0.5 * distance * distance);
    }
    total += Math.log(sum / (others * constant) + UNSEEN_DENSITY);
  }
  return total / count;
}

const blockOf = (n: number, count: number): number => Math.floor((n * BLOCKS) / count);

interface Distances {
  /** (Q, M) ‖x − c‖², infinite within a block. */
  readonly squared: Float32Array;
  readonly centres: number;
}

/** @param judged Q rows among the centres */
function squaredDistances(centres: RowMatrix, judged: Int32Array): Distances {
  const { data, width } = centres;
  const count = rowsOf(centres);
  const squared = new Float32Array(judged.length * count).fill(Number.POSITIVE_INFINITY);
  judged.forEach((n, q) => {
    const block = blockOf(n, count);
    const row = data.subarray(n * width, (n + 1) * width);
    for (let m = 0; m < count; m++)
      if (blockOf(m, count) !== block) squared[q * count + m] = distanceTo(data, m * width, row);
  });
  return { squared, centres: count };
}

function distanceTo(data: Float32Array, from: number, row: Float32Array): number {
  let sum = 0;
  for (let j = 0; j < row.length; j++) {
    const d = (data[from + j] as number) - (row[j] as number);
    sum += d * d;
  }
  return sum;
}

function likeliestBandwidth(squared: Distances, width: number): number {
  const [least, most] = BANDWIDTHS.map(Math.log) as [number, number];
  const loss = (logBandwidth: number): number => meanOf(energiesFrom(squared, Math.exp(logBandwidth), width));
  return Math.exp(minimise(loss, least, most, SECTIONS));
}

/** Beyond so many nats a term adds nothing to a sum. */
const NEGLIGIBLE = 40;

/** −log p of the judged rows, nats. */
function energiesFrom({ squared, centres }: Distances, h: number, width: number): Float64Array {
  const factor = 1 / (2 * h * h);
  const constant = width * Math.log(h * Math.sqrt(2 * Math.PI));
  return Float64Array.from({ length: squared.length / centres }, (_, q) => {
    const own = squared.subarray(q * centres, (q + 1) * centres);
    let [nearest, others] = [Number.POSITIVE_INFINITY, 0];
    for (const distance of own) {
      if (distance < nearest) nearest = distance;
      if (distance !== Number.POSITIVE_INFINITY) others++;
    }
    let sum = 0;
    for (const distance of own) {
      const beyond = (distance - nearest) * factor;
      if (beyond < NEGLIGIBLE) sum += Math.exp(-beyond);
    }
    return nearest * factor - Math.log(sum / others) + constant;
  });
}

const meanOf = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;
