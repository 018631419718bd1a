/** A trained flat DAGMM, and the functions of it that are recorded as graphs. */
import * as tf from '@tensorflow/tfjs-core';
import type { InputTransform } from './input-transform.js';
import { mixtureEnergy } from './mixture.js';
import type { Mixture } from './mixture-fit.js';
import type { NetworkShape } from './network-shape.js';
import { estimate, latent, unpackAutoencoder, unpackEstimator } from './networks.js';
import type { DagmmSettings } from './recipes.js';
import type { Recorded } from './recorded.js';
import { transformInGraph, vector } from './transform-graph.js';

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
  /** Of [standardised z, x]: the row as the encoder sees it, beside its latent. */
  readonly wide?: Mixture;
}

/** [x (N, P)] or [x, outside (N, 1)] → [z (N, D)], before standardisation. */
export function latentFunction({ settings, shape, autoencoder }: Omit<DagmmNetworks, 'estimator'>): Recorded {
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
  const energy = energyFunction(model);
  return ([rows]) => energy(transformInGraph(rows as tf.Tensor2D, model.transform));
}

/** [raw rows (N, W)] → [the first model's z (N, D), mean energy (N)]. @param models of one transform */
export function meanEnergyFunction(models: readonly DagmmModel[]): Recorded {
  const [first] = models;
  if (!first || models.length === 1) return scoringFunction(first as DagmmModel);
  return ([rows]) => {
    const x = transformInGraph(rows as tf.Tensor2D, first.transform);
    const parts = models.map((model) => energyFunction(model)(x));
    const sum = tf.addN(parts.map(([, energy]) => energy as tf.Tensor));
    return [parts[0]?.[0] as tf.Tensor, tf.mul(sum, 1 / models.length)];
  };
}

/** [x] or [x, outside] → [standardised z (N, D), energy (N)] */
function energyFunction(model: DagmmModel): Recorded {
  const toLatent = latentFunction(model);
  return (x) => latentEnergy(toLatent(x)[0] as tf.Tensor2D, model);
}

/** z (N, D) before standardisation → [standardised z (N, D), energy (N)] */
export function latentEnergy(
  z: tf.Tensor2D,
  { latentScale, mixture }: Pick<DagmmModel, 'latentScale' | 'mixture'>,
): tf.Tensor[] {
  const standard = tf.mul(tf.sub(z, vector(latentScale.mean)), vector(latentScale.scale)) as tf.Tensor2D;
  return [standard, energyUnder(mixture, standard)];
}

/** Rows (N, D) → energy (N), the mixture as constants. */
export function energyUnder(
  { components: k, size: d, mean, inverse, offset }: Mixture,
  rows: tf.Tensor2D,
): tf.Tensor1D {
  const means = tf.tensor2d(Float32Array.from(mean), [k, d]);
  const factors = tf.tensor3d(Float32Array.from(inverse), [k, d, d]);
  return mixtureEnergy(rows, means, factors, vector(offset));
}
