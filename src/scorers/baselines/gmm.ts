import * as tf from '@tensorflow/tfjs-core';
import { type RowMatrix, rowsOf } from '../input-transform.js';
import type { FitOptions, FittedModel } from '../method.js';
import { mixtureEnergy } from '../mixture.js';
import { fitByEm, kMeansMemberships, type Mixture } from '../mixture-fit.js';
import { openRandom } from '../random.js';
import type { GMM } from './baselines.js';
import { recordEnergy, vector } from './energy-graph.js';
import type { Values } from './settings.js';
import { fittedModel, sampleRows, standardise } from './training-rows.js';

/**
 * Gaussian mixture with full covariances on standardised rows, by EM from k-means. Energy: −log p(x), nats.
 * Covariances are shrunk towards the whole set's with the weight of W + 2 rows, so that few rows are enough.
 */
export function fitGmm(rows: RowMatrix, settings: Values<typeof GMM>, options: FitOptions): FittedModel {
  const { transform, scaled } = standardise(rows);
  const sample = sampleRows(scaled, settings.rows, options.seed);
  const components = Math.min(settings.components, rowsOf(sample));
  const mixture = fitMixture(sample, components, settings.epsilon, options.seed);
  const onnx = recordEnergy('gmm', transform, (x) => inGraph(x, mixture));
  const hyperparameters = { ...settings, components, rows: rowsOf(sample) };
  return { ...fittedModel(rows, options, onnx, hyperparameters), singularRetries: mixture.singularRetries };
}

function fitMixture({ data, width }: RowMatrix, components: number, epsilon: number, seed: number): Mixture {
  const rows = { data: Float64Array.from(data), size: width };
  const memberships = kMeansMemberships(rows, components, openRandom(seed, 'k-means', components));
  return fitByEm(rows, memberships, components, { epsilon, shrink: true });
}

function inGraph(x: tf.Tensor2D, { components: k, size: d, mean, inverse, offset }: Mixture): tf.Tensor {
  const means = tf.tensor2d(Float32Array.from(mean), [k, d]);
  return mixtureEnergy(x, means, tf.tensor3d(Float32Array.from(inverse), [k, d, d]), vector(offset));
}
