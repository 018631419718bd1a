import * as tf from '@tensorflow/tfjs-core';
import type { FitOptions, FittedModel } from '../method.js';
import { principalAxes } from '../principal-axes.js';
import { type RowMatrix, rowsOf } from '../row-matrix.js';
import { sampleRows } from '../row-samples.js';
import { vector } from '../transform-graph.js';
import type { PCA } from './defaults.js';
import { recordEnergy, squaredNorms } from './energy-graph.js';
import { fittedModel, standardise } from './rows.js';
import type { Values } from './settings.js';

/** Least variance of an axis, of columns with variance 1: as the ε of a mixture. */
const LEAST_VARIANCE = 1e-3;

/** Legend: W columns, Q principal axes. */
interface PrincipalModel {
  readonly centre: Float32Array;
  /** (Q, W) unit vectors. */
  readonly axes: Float32Array;
  /** (Q) variance along each. */
  readonly variances: Float64Array;
  /** Variance along each of the other W − Q axes: their mean. */
  readonly rest: number;
}

/**
 * Mahalanobis distance in the principal axes, all minor axes sharing one variance σ²:
 *   −log p(x) = ½ [Σ_q y_q²/λ_q + ‖r‖²/σ² + Σ_q log λ_q + (W − Q) log σ² + W log 2π], nats,
 * with y the row along the axes and r what they leave over, the reconstruction error.
 */
export function fitPca(rows: RowMatrix, settings: Values<typeof PCA>, options: FitOptions): FittedModel {
  const { transform, scaled } = standardise(rows);
  const sample = sampleRows(scaled, settings.rows, options.seed);
  const model = principalModel(sample, settings.explained);
  const onnx = recordEnergy('pca', transform, (x) => inGraph(x, model));
  const found = { rows: rowsOf(sample), axes: model.variances.length, restVariance: model.rest };
  return fittedModel(rows, options, onnx, { ...settings, ...found });
}

function principalModel(rows: RowMatrix, explained: number): PrincipalModel {
  const { centre, axes, totalVariance } = principalAxes(rows, rows.width);
  const variances = axes.map((axis) => varianceAlong(rows, centre, axis));
  let count = 0;
  let share = 0;
  while (count < variances.length && share < explained * totalVariance) share += variances[count++] as number;
  const left = rows.width - count;
  return {
    centre,
    axes: Float32Array.from(axes.slice(0, count).flatMap((axis) => [...axis])),
    variances: Float64Array.from(variances.slice(0, count), (v) => Math.max(v, LEAST_VARIANCE)),
    rest: Math.max(left > 0 ? (totalVariance - share) / left : 0, LEAST_VARIANCE),
  };
}

function varianceAlong({ data, width }: RowMatrix, centre: Float32Array, axis: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < data.length; at += width) {
    let y = 0;
    for (let j = 0; j < width; j++) y += ((data[at + j] as number) - (centre[j] as number)) * (axis[j] as number);
    sum += y * y;
  }
  return sum / (data.length / width);
}

function inGraph(x: tf.Tensor2D, { centre, axes, variances, rest }: PrincipalModel): tf.Tensor {
  const [width, count] = [centre.length, variances.length];
  const centred = tf.sub(x, vector(centre)) as tf.Tensor2D;
  const logs = variances.reduce((sum, v) => sum + Math.log(v), 0) + (width - count) * Math.log(rest);
  const constant = 0.5 * (logs + width * Math.log(2 * Math.PI));
  if (count === 0) return tf.add(tf.mul(squaredNorms(centred), 0.5 / rest), constant);
  const basis = tf.tensor2d(axes, [count, width]);
  const along = tf.matMul(centred, basis, false, true) as tf.Tensor2D;
  const over = tf.sub(centred, tf.matMul(along, basis)) as tf.Tensor2D;
  const major = squaredNorms(tf.mul(along, vector(variances.map((v) => 1 / Math.sqrt(v)))) as tf.Tensor2D);
  return tf.add(tf.mul(tf.add(major, tf.mul(squaredNorms(over), 1 / rest)), 0.5), constant);
}
