/** The training steps of a flat DAGMM as pure functions of state, batch and randomness. */
import * as tf from '@tensorflow/tfjs-core';
import { type MixtureWeights, mixtureObjective } from './mixture.js';
import type { NetworkShape } from './network-shape.js';
import { parameterCounts } from './network-shape.js';
import {
  autoencode,
  estimate,
  latent,
  pack,
  residualMoments,
  standardiseBatch,
  unpackAutoencoder,
  unpackEstimator,
} from './networks.js';
import { type AdamOptions, type AdamState, adamStep } from './optimiser.js';
import { type DagmmSettings, mixtureWeights } from './recipes.js';

export type Step = (
  state: tf.Tensor[],
  batch: tf.Tensor[],
  perStep: tf.Tensor[],
) => { state: tf.Tensor[]; metrics: tf.Tensor[] };

/** What the joint objective is made of, where it is not the paper's J. */
export interface JointObjective {
  /** Whether ‖x − x'‖² is a part; true by default. */
  readonly reconstruction?: boolean;
  /** Of latent rows (N, D) and their memberships (N, K); the energy and its penalty by default. */
  readonly mixture?: (z: tf.Tensor2D, gamma: tf.Tensor2D, weights: MixtureWeights) => tf.Scalar;
}

/** Reconstruction alone: (1/N) Σ‖x − x'‖². perStep: [noise (N, W)] where the recipe has input noise. */
export function pretrainStep(shape: NetworkShape, settings: DagmmSettings): Step {
  return (state, [x], perStep) => {
    const rows = x as tf.Tensor2D;
    const layers = unpackAutoencoder(state[0] as tf.Tensor, shape);
    const noisy = withNoise(rows, perStep[0]);
    const { value, grads } = tf.valueAndGrads((...tensors: tf.Tensor[]) => {
      const { reconstruction } = autoencode(noisy, tensors);
      return tf.mean(tf.slice(residualMoments(rows, reconstruction), [0, 0], [-1, 1])) as tf.Scalar;
    })(layers);
    return advance(state as AdamState, grads, value as tf.Scalar, settings);
  };
}

/** The whole objective J. perStep: [mask (N, hidden)] and then [noise (N, W)], each where the recipe has it. */
export function jointStep(shape: NetworkShape, settings: DagmmSettings, objective: JointObjective = {}): Step {
  const { reconstruction: reconstruct = true, mixture = mixtureObjective } = objective;
  const counts = parameterCounts(shape);
  const weights = mixtureWeights(settings, shape);
  return (state, [x, outside], perStep) => {
    const rows = x as tf.Tensor2D;
    const mask = settings.dropout > 0 ? perStep[0] : undefined;
    const noisy = withNoise(rows, perStep[settings.dropout > 0 ? 1 : 0]);
    const [first, second] = tf.split(state[0] as tf.Tensor, [counts.autoencoder, counts.estimator]) as [
      tf.Tensor,
      tf.Tensor,
    ];
    const autoencoder = unpackAutoencoder(first, shape);
    const { value, grads } = tf.valueAndGrads((...tensors: tf.Tensor[]) => {
      const { moments, z } = latent(
        rows,
        tensors.slice(0, autoencoder.length),
        settings.residual,
        outside ?? null,
        noisy,
      );
      const standard = settings.standardiseLatent ? standardiseBatch(z) : z;
      const gamma = estimate(standard, tensors.slice(autoencoder.length), mask);
      const energy = mixture(standard, gamma, weights);
      return reconstruct ? (tf.add(tf.mean(tf.slice(moments, [0, 0], [-1, 1])), energy) as tf.Scalar) : energy;
    })([...autoencoder, ...unpackEstimator(second, shape)]);
    return advance(state as AdamState, grads, value as tf.Scalar, settings);
  };
}

/**
 * The energy and its penalty of given latent rows, by the estimator alone: the autoencoder's part of the parameters
 * stays. batch: [z (N, D)]; perStep: [mask (N, hidden)] where the recipe has dropout.
 */
export function estimatorStep(shape: NetworkShape, settings: DagmmSettings): Step {
  const counts = parameterCounts(shape);
  const weights = mixtureWeights(settings, shape);
  return (state, [z], [mask]) => {
    const [, own] = tf.split(state[0] as tf.Tensor, [counts.autoencoder, counts.estimator]) as [tf.Tensor, tf.Tensor];
    const { value, grads } = tf.valueAndGrads((...tensors: tf.Tensor[]) =>
      mixtureObjective(z as tf.Tensor2D, estimate(z as tf.Tensor2D, tensors, mask), weights),
    )(unpackEstimator(own, shape));
    const gradients = [tf.zeros([counts.autoencoder]), ...grads];
    return advance(state as AdamState, gradients, value as tf.Scalar, { ...settings, weightDecay: 0 });
  };
}

const withNoise = (rows: tf.Tensor2D, noise: tf.Tensor | undefined): tf.Tensor2D =>
  noise ? tf.add(rows, noise) : rows;

/** Adam on all parameters at once; those whose gradient is 0 stay where they are unless weights decay. */
export function advance(state: AdamState, grads: tf.Tensor[], loss: tf.Scalar, settings: AdamOptions) {
  const next = adamStep(state, pack(grads), loss, settings);
  return { state: [...next], metrics: [loss] };
}
