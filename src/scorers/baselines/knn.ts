import * as tf from '@tensorflow/tfjs-core';
import type { FitOptions, FittedModel } from '../method.js';
import { type RowMatrix, rowsOf } from '../row-matrix.js';
import { sampleRows, withoutCopies } from '../row-samples.js';
import type { KNN } from './defaults.js';
import { recordEnergy, squaredNorms } from './energy-graph.js';
import { fittedModel, standardise } from './rows.js';
import type { Values } from './settings.js';

/** Less than any x·r − ½‖r‖². */
const NEVER = -3e38;

/**
 * Distance to the k-th nearest training row, in standard deviations. Equal rows are kept at most k times, which changes
 * no distance; of more rows than `rows` a sample is kept. ‖x − r‖² is least where x·r − ½‖r‖² is greatest: one matrix
 * product finds the neighbours, and their distances are then computed from the differences, without cancellation.
 */
export function fitKnn(rows: RowMatrix, settings: Values<typeof KNN>, options: FitOptions): FittedModel {
  const { transform, scaled } = standardise(rows);
  const different = withoutCopies(scaled, settings.k);
  const kept = sampleRows(different, settings.rows, options.seed);
  const k = Math.min(settings.k, rowsOf(kept));
  const onnx = recordEnergy('knn', transform, (x) => distance(x, kept, k));
  return fittedModel(rows, options, onnx, { k, rows: rowsOf(kept), differentRows: rowsOf(different) });
}

/** (N, W) → (N, 1). The k nearest one after the other: each found one is then left out. */
function distance(x: tf.Tensor2D, { data, width }: RowMatrix, k: number): tf.Tensor {
  const count = data.length / width;
  const references = tf.tensor2d(data, [count, width]);
  const halfNorms = tf.mul(squaredNorms(references), 0.5);
  const places = tf.tensor2d(
    Int32Array.from({ length: count }, (_, i) => i),
    [1, count],
    'int32',
  );
  let likeness = tf.sub(tf.matMul(x, references, false, true), tf.reshape(halfNorms, [1, count]));
  let farthest: tf.Tensor | null = null;
  for (let i = 0; i < k; i++) {
    const nearest = tf.argMax(likeness, 1) as tf.Tensor1D;
    const squared = squaredNorms(tf.sub(x, tf.gather(references, nearest)) as tf.Tensor2D);
    farthest = farthest ? tf.maximum(farthest, squared) : squared;
    if (i < k - 1) likeness = tf.where(tf.equal(tf.expandDims(nearest, 1), places), tf.scalar(NEVER), likeness);
  }
  return tf.sqrt(farthest as tf.Tensor);
}
