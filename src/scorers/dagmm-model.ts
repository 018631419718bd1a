/** A trained flat DAGMM, and the functions of it that are recorded as graphs. */
import * as tf from '@tensorflow/tfjs-core';
import { cutsOff, type InputTransform, LEAST_OUTSIDE, transformedWidth } from './input-transform.js';
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

/** [x (N, P)] or [x, outside (N, 1)] → [z (N, D)], before standardisation. */
export function latentFunction({ settings, shape, autoencoder }: DagmmNetworks): Recorded {
  return ([x, outside]) => {
    const layers = unpackAutoencoder(vector(autoencoder), shape);
    return [latent(x as tf.Tensor2D, layers, settings.residual, outside ?? null).z];
  };
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
    const [z] = toLatent(transformInGraph(rows as tf.Tensor2D, model.transform));
    const { mean: shift, scale } = model.latentScale;
    const standard = tf.mul(tf.sub(z as tf.Tensor, vector(shift)), vector(scale)) as tf.Tensor2D;
    const means = tf.tensor2d(Float32Array.from(mean), [k, d]);
    const factors = tf.tensor3d(Float32Array.from(inverse), [k, d, d]);
    return [standard, mixtureEnergy(standard, means, factors, vector(offset))];
  };
}

/** [x] or [x, outside], as {@link applyTransform} on the host. */
function transformInGraph(rows: tf.Tensor2D, transform: InputTransform): tf.Tensor[] {
  const { shift, scale, clip, whitening } = transform;
  const scaled = tf.clipByValue(tf.mul(tf.sub(rows, vector(shift)), vector(scale)), -clip, clip);
  if (!whitening) return [scaled];
  const basis = tf.tensor2d(whitening.basis, [transform.width, transformedWidth(transform)]);
  const centred = tf.sub(scaled, vector(whitening.centre));
  const x = tf.matMul(centred, basis);
  if (!cutsOff(transform)) return [x];
  const whole = tf.sum(tf.square(centred), 1, true);
  const inside = tf.sum(tf.mul(tf.square(x), vector(whitening.variances)), 1, true);
  const least = tf.add(tf.mul(whole, LEAST_OUTSIDE), 1e-12);
  return [x, tf.mul(tf.log(tf.maximum(tf.sub(whole, inside), least)), 0.5)];
}
