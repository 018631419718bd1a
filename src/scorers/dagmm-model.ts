/** A trained flat DAGMM, and the functions of it that are recorded as graphs. */
import * as tf from '@tensorflow/tfjs-core';
import { type InputTransform, transformedWidth } from './input-transform.js';
import { mixtureEnergy } from './mixture.js';
import type { Mixture } from './mixture-fit.js';
import type { NetworkShape } from './network-shape.js';
import { estimate, latent, unpackAutoencoder, unpackEstimator } from './networks.js';
import type { DagmmSettings } from './recipes.js';

/** Whole-set mean and 1/deviation of z; zeros and ones where the recipe does not standardise. */
export interface LatentScale {
  readonly mean: Float64Array;
  readonly scale: Float64Array;
}

export interface DagmmNetworks {
  readonly settings: DagmmSettings;
  readonly shape: NetworkShape;
  readonly autoencoder: Float32Array;
  readonly estimator: Float32Array;
}

export interface DagmmModel extends DagmmNetworks {
  readonly transform: InputTransform;
  readonly latentScale: LatentScale;
  readonly mixture: Mixture;
}

type Recorded = (inputs: tf.Tensor[]) => tf.Tensor[];
const vector = (values: ArrayLike<number>): tf.Tensor1D => tf.tensor1d(Float32Array.from(values));

/** [x (N, P)] → [z (N, D)], before standardisation. */
export function latentFunction({ settings, shape, autoencoder }: DagmmNetworks): Recorded {
  return ([x]) => [latent(x as tf.Tensor2D, unpackAutoencoder(vector(autoencoder), shape), settings.residual).z];
}

/** [standardised z (N, D)] → [γ (N, K)], dropout off. */
export function membershipFunction({ shape, estimator }: DagmmNetworks): Recorded {
  return ([z]) => [estimate(z as tf.Tensor2D, unpackEstimator(vector(estimator), shape))];
}

/** [raw rows (N, W)] → [standardised z (N, D), energy (N)]: everything that scoring needs. */
export function scoringFunction(model: DagmmModel): Recorded {
  const { components: k, size: d, mean, inverse, offset } = model.mixture;
  const toLatent = latentFunction(model);
  return ([rows]) => {
    const [z] = toLatent([transformInGraph(rows as tf.Tensor2D, model.transform)]);
    const { mean: shift, scale } = model.latentScale;
    const standard = tf.mul(tf.sub(z as tf.Tensor, vector(shift)), vector(scale)) as tf.Tensor2D;
    const means = tf.tensor2d(Float32Array.from(mean), [k, d]);
    const factors = tf.tensor3d(Float32Array.from(inverse), [k, d, d]);
    return [standard, mixtureEnergy(standard, means, factors, vector(offset))];
  };
}

function transformInGraph(rows: tf.Tensor2D, transform: InputTransform): tf.Tensor2D {
  const { shift, scale, clip, whitening } = transform;
  const scaled = tf.clipByValue(tf.mul(tf.sub(rows, vector(shift)), vector(scale)), -clip, clip);
  if (!whitening) return scaled as tf.Tensor2D;
  const basis = tf.tensor2d(whitening.basis, [transform.width, transformedWidth(transform)]);
  return tf.matMul(tf.sub(scaled, vector(whitening.centre)), basis) as tf.Tensor2D;
}
