import * as tf from '@tensorflow/tfjs-core';
import { factorise } from '../cholesky.js';
import type { FitOptions, FittedModel } from '../method.js';
import { mapRows, recordScoring } from '../recorded.js';
import type { RowMatrix } from '../row-matrix.js';
import { thinnedRows } from '../row-samples.js';
import { fittedStack } from './stack-autoencoder.js';
import type { StackSettings } from './stack-settings.js';
import { residualOf, type TrainedStack, trainStack, wholeStack } from './stack-training.js';

/** The covariance is that of so many rows at most, evenly spaced. */
const COVARIANCE_ROWS = 10_000;
/** Loaded on the diagonal of Σ: share of the mean variance. */
const LOADING = 1e-3;

/**
 * The autoencoder of `dcase-ae`, judged by eᵀΣ⁻¹e of what it leaves, e = x − x', with Σ of the training rows. The published
 * score is the least over the domains' Σ_d of a clip's mean: with the one domain of a machine on site, this.
 */
export async function fitSelectiveMahalanobis(
  rows: RowMatrix,
  settings: StackSettings,
  options: FitOptions,
): Promise<FittedModel> {
  const network = { ...settings, inputs: rows.width, outputs: rows.width };
  const trained = await trainStack(rows, network, wholeStack, settings, options);
  const residuals = await trainingResiduals(rows, trained, options.threads);
  const { inverse, retries } = inverseFactor(residuals);
  const factor = Float32Array.from(inverse);
  const residual = residualOf(trained);
  const energy = ([raw]: tf.Tensor[]): tf.Tensor[] => {
    const e = residual(raw as tf.Tensor2D);
    const white = tf.matMul(e, tf.tensor2d(factor, [rows.width, rows.width]), false, true);
    return [tf.sum(tf.square(white), 1)];
  };
  const onnx = recordScoring('selective-mahalanobis', rows.width, energy, ['energy']);
  return { ...fittedStack(settings, trained, onnx), singularRetries: retries };
}

async function trainingResiduals(rows: RowMatrix, trained: TrainedStack, threads?: number): Promise<RowMatrix> {
  const { data, width } = thinnedRows(rows, COVARIANCE_ROWS);
  const residual = residualOf(trained);
  const input = { data, shape: [data.length / width, width] };
  return { data: await mapRows([input], ([raw]) => [residual(raw as tf.Tensor2D)], width, threads), width };
}

/** L⁻¹ of the covariance of the residuals about 0. */
function inverseFactor({ data, width }: RowMatrix) {
  const sigma = new Float64Array(width * width);
  for (let at = 0; at < data.length; at += width) {
    for (let i = 0; i < width; i++) {
      const e = data[at + i] as number;
      const row = i * width;
      for (let j = 0; j <= i; j++) sigma[row + j] = (sigma[row + j] as number) + e * (data[at + j] as number);
    }
  }
  const count = data.length / width;
  let trace = 0;
  for (let i = 0; i < width; i++) {
    for (let j = 0; j <= i; j++) {
      const covariance = (sigma[i * width + j] as number) / count;
      sigma[i * width + j] = covariance;
      sigma[j * width + i] = covariance;
    }
    trace += sigma[i * width + i] as number;
  }
  return factorise(sigma, width, Math.max((LOADING * trace) / width, 1e-9));
}
