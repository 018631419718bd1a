import * as tf from '@tensorflow/tfjs-core';
import { factorise } from '../cholesky.js';
import type { FitOptions, FittedModel } from '../method.js';
import { type RowMatrix, rowsOf } from '../row-matrix.js';
import { sampleRows } from '../row-samples.js';
import type { MAHALANOBIS } from './defaults.js';
import { recordEnergy, squaredNorms } from './energy-graph.js';
import { fittedModel, standardise } from './rows.js';
import type { Values } from './settings.js';
import { shrunkCovariance } from './shrunk-covariance.js';

/** ½ (x − μ)ᵀΣ⁻¹(x − μ) of standardised rows, Σ shrunk as Ledoit and Wolf do: a dozen rows of 64 columns are enough. */
export function fitMahalanobis(
  rows: RowMatrix,
  settings: Values<typeof MAHALANOBIS>,
  options: FitOptions,
): FittedModel {
  const { transform, scaled } = standardise(rows);
  const sample = sampleRows(scaled, settings.rows, options.seed);
  const { covariance, shrinkage } = shrunkCovariance(sample);
  const { width } = rows;
  const { inverse, retries } = factorise(covariance, width, settings.epsilon);
  const factor = Float32Array.from(inverse);
  const onnx = recordEnergy('mahalanobis', transform, (x) =>
    tf.mul(squaredNorms(tf.matMul(x, tf.tensor2d(factor, [width, width]), false, true)), 0.5),
  );
  const found = { rows: rowsOf(sample), shrinkage };
  return { ...fittedModel(rows, options, onnx, { ...settings, ...found }), singularRetries: retries };
}
