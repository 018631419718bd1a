/** The two training steps of a flat DAGMM as pure functions of state, batch and randomness. */
import * as tf from '@tensorflow/tfjs-core';
import { mixtureObjective } from './mixture.js';
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
import { type AdamState, adamStep } from './optimiser.js';
import { type DagmmSettings, mixtureWeights } from './recipes.js';

export type Step = (
  state: tf.Tensor[],
  batch: tf.Tensor[],
  perStep: tf.Tensor[],
) => { state: tf.Tensor[]; metrics: tf.Tensor[] };

/** Randomness a step is fed with. */
export interface StepInputs {
  readonly mask: boolean;
  readonly noise: boolean;
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
export function jointStep(shape: NetworkShape, settings: DagmmSettings): Step {
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
      const reconstruction = tf.mean(tf.slice(moments, [0, 0], [-1, 1]));
      return tf.add(reconstruction, mixtureObjective(standard, gamma, weights)) as tf.Scalar;
    })([...autoencoder, ...unpackEstimator(second, shape)]);
    return advance(state as AdamState, grads, value as tf.Scalar, settings);
  };
}

const withNoise = (rows: tf.Tensor2D, noise: tf.Tensor | undefined): tf.Tensor2D =>
  noise ? tf.add(rows, noise) : rows;

function advance(state: AdamState, grads: tf.Tensor[], loss: tf.Scalar, settings: DagmmSettings) {
  const next = adamStep(state, pack(grads), loss, settings);
  return { state: [...next], metrics: [loss] };
}
