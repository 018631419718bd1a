import * as tf from '@tensorflow/tfjs-core';
import { energyUnder } from '../dagmm-model.js';
import type { TransformedRows } from '../input-transform.js';
import type { FitOptions, FittedModel } from '../method.js';
import { fitByEm, kMeansMemberships, type Mixture } from '../mixture-fit.js';
import { openRandom } from '../random.js';
import { type RowMatrix, rowsOf } from '../row-matrix.js';
import { sampleRows } from '../row-samples.js';
import type { GMM } from './defaults.js';
import { recordEnergy } from './energy-graph.js';
import { fittedModel, narrowed } from './rows.js';
import type { Values } from './settings.js';

/**
 * Gaussian mixture with full covariances on standardised rows, by EM from k-means. Energy: −log p(x), nats.
 * Covariances are shrunk towards the whole set's with the weight of W + 2 rows, so that few rows are enough. Of rows
 * wider than `widest`, the first `axes` principal axes are modelled, whitened, and the log of what lies outside them.
 */
export function fitGmm(rows: RowMatrix, settings: Values<typeof GMM>, options: FitOptions): FittedModel {
  const { transform, scaled: seen } = narrowed(rows, settings.widest, settings.axes);
  const scaled = settings.outside ? seen : { ...seen, outside: null };
  const outside = outsideScale(scaled);
  const sample = sampleRows(joined(scaled, outside), settings.rows, options.seed);
  const components = Math.min(settings.components, rowsOf(sample));
  const mixture = fitMixture(sample, components, settings.epsilon, options.seed);
  const onnx = recordEnergy('gmm', transform, (x, beyond) => {
    const part = scaled.outside && beyond && tf.mul(tf.sub(beyond, outside.mean), 1 / outside.deviation);
    return energyUnder(mixture, (part ? tf.concat([x, part], 1) : x) as tf.Tensor2D);
  });
  const hyperparameters = { ...settings, components, rows: rowsOf(sample), modelledWidth: sample.width };
  return { ...fittedModel(rows, options, onnx, hyperparameters), singularRetries: mixture.singularRetries };
}

interface OutsideScale {
  readonly mean: number;
  readonly deviation: number;
}

function outsideScale({ outside }: TransformedRows): OutsideScale {
  if (!outside) return { mean: 0, deviation: 1 };
  const mean = outside.reduce((sum, x) => sum + x, 0) / outside.length;
  const variance = outside.reduce((sum, x) => sum + (x - mean) ** 2, 0) / outside.length;
  return { mean, deviation: Math.max(Math.sqrt(variance), 1e-3) };
}

/** What lies outside as one more column. */
function joined({ data, width, outside }: TransformedRows, { mean, deviation }: OutsideScale): RowMatrix {
  if (!outside) return { data, width };
  const out = new Float32Array(data.length + outside.length);
  outside.forEach((log, n) => {
    out.set(data.subarray(n * width, (n + 1) * width), n * (width + 1));
    out[(n + 1) * (width + 1) - 1] = (log - mean) / deviation;
  });
  return { data: out, width: width + 1 };
}

function fitMixture({ data, width }: RowMatrix, components: number, epsilon: number, seed: number): Mixture {
  const rows = { data: Float64Array.from(data), size: width };
  const memberships = kMeansMemberships(rows, components, openRandom(seed, 'k-means', components));
  return fitByEm(rows, memberships, components, { epsilon, shrink: true });
}
