/**
 * A mixture of z = [z_c, z_r, x]: the latent of a trained DAGMM, and beside it the whole row as the encoder sees it. Where
 * normal sound has several ways of being normal, it tells them apart in directions that the code leaves out.
 */
import * as tf from '@tensorflow/tfjs-core';
import { type DagmmModel, energyUnder, latentFunction } from '../dagmm-model.js';
import type { FitOptions } from '../method.js';
import { fitByEm, kMeansMemberships, type Mixture } from '../mixture-fit.js';
import { latentSize } from '../network-shape.js';
import { openRandom } from '../random.js';
import { mapRows } from '../recorded.js';
import { type RowMatrix, rowsOf } from '../row-matrix.js';
import { transformInGraph, vector } from '../transform-graph.js';

/** Rows that stand behind each component, at least. */
const ROWS_PER_COMPONENT = 150;
/** EM stops after so many rounds: a round over 6,000 rows takes half a second. */
const ROUNDS = 20;

/** By EM from k-means, in float64. @param rows raw   @param most components */
export async function fitWideMixture(
  model: DagmmModel,
  rows: RowMatrix,
  most: number,
  { seed, threads, cancelled }: Pick<FitOptions, 'seed' | 'threads' | 'cancelled'>,
): Promise<Mixture> {
  const { epsilon, shrink, shrinkTo } = model.settings;
  const count = rowsOf(rows);
  const size = latentSize(model.shape) + model.shape.width;
  const inputs = [{ data: rows.data, shape: [count, rows.width] }];
  const data = Float64Array.from(await mapRows(inputs, ([r]) => [wideLatent(r as tf.Tensor2D, model)], size, threads));
  const components = Math.max(1, Math.min(most, Math.floor(count / ROWS_PER_COMPONENT)));
  const start = kMeansMemberships({ data, size }, components, openRandom(seed, 'k-means', components));
  return fitByEm({ data, size }, start, components, {
    ...{ epsilon, shrink, shrinkTo, maxIterations: ROUNDS, tolerance: 1e-3, cancelled },
  });
}

/** Raw rows (N, W) → energy (N) */
export function wideEnergy(model: DagmmModel, mixture: Mixture): (rows: tf.Tensor2D) => tf.Tensor1D {
  return (rows) => energyUnder(mixture, wideLatent(rows, model));
}

/** Raw rows (N, W) → [standardised z, x] (N, D + P) */
function wideLatent(rows: tf.Tensor2D, model: DagmmModel): tf.Tensor2D {
  const seen = transformInGraph(rows, model.transform);
  const [z] = latentFunction(model)(seen);
  const { mean, scale } = model.latentScale;
  const standard = tf.mul(tf.sub(z as tf.Tensor, vector(mean)), vector(scale));
  return tf.concat([standard, seen[0] as tf.Tensor], 1) as tf.Tensor2D;
}
