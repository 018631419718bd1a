/** The training steps of a convolutional DAGMM as pure functions of state, batch and randomness. */
import * as tf from '@tensorflow/tfjs-core';
import { mixtureObjective } from '../mixture.js';
import { estimate, pack, standardiseBatch, unpackLayers } from '../networks.js';
import { type AdamState, adamStep } from '../optimiser.js';
import type { Step } from '../training-steps.js';
import { byBatch, followed, watching } from './batch-norm.js';
import {
  autoencodePictures,
  autoencoderSize,
  estimatorWidths,
  latentOf,
  normsOf,
  pixelErrors,
  unpackPictureAutoencoder,
} from './network.js';
import { latentSize, type PictureShape } from './picture-shape.js';
import type { PictureSettings } from './settings.js';

/**
 * Reconstruction alone: the mean square of a pixel's error. State: Adam's, and running statistics where the network
 * normalises. batch: [pictures (N, H, W, C)]; perStep: [noise (N, H·W·C)] where there is input noise.
 */
export function pretrainStep(shape: PictureShape, settings: PictureSettings): Step {
  return (state, [x], [noise]) => {
    const pictures = x as tf.Tensor4D;
    const seen = withNoise(pictures, noise);
    const tensors = unpackPictureAutoencoder(state[0] as tf.Tensor, shape);
    const { value, grads } = tf.valueAndGrads(
      (...own: tf.Tensor[]) =>
        tf.mean(pixelErrors(autoencodePictures(pictures, shape, own, byBatch, seen))) as tf.Scalar,
    )(tensors);
    const running = runningAfter(state, shape, tensors, pictures, seen);
    return advance(state, grads, value as tf.Scalar, settings, running);
  };
}

/**
 * The mean square of a pixel's error + λ1·E/D + λ2·mean 1/Σ_jj of z, standardised by the batch. perStep: [mask (N, hidden)]
 * and then [noise], each where the recipe has it.
 */
export function jointStep(shape: PictureShape, settings: PictureSettings): Step {
  const size = latentSize(shape);
  const weights = {
    energy: settings.lambdaEnergy / size,
    penalty: settings.lambdaPenalty / (size * shape.components),
    epsilon: settings.epsilon,
  };
  return (state, [x], perStep) => {
    const pictures = x as tf.Tensor4D;
    const mask = settings.dropout > 0 ? perStep[0] : undefined;
    const seen = withNoise(pictures, perStep[settings.dropout > 0 ? 1 : 0]);
    const { autoencoder, estimator } = bothOf(state[0] as tf.Tensor, shape);
    const { value, grads } = tf.valueAndGrads((...tensors: tf.Tensor[]) => {
      const made = autoencodePictures(pictures, shape, tensors.slice(0, autoencoder.length), byBatch, seen);
      const z = standardiseBatch(latentOf(made));
      const gamma = estimate(z, tensors.slice(autoencoder.length), mask);
      return tf.add(tf.mean(pixelErrors(made)), mixtureObjective(z, gamma, weights)) as tf.Scalar;
    })([...autoencoder, ...estimator]);
    const running = runningAfter(state, shape, autoencoder, pictures, seen);
    return advance(state, grads, value as tf.Scalar, settings, running);
  };
}

/** Tensors of both networks out of one vector. */
function bothOf(vector: tf.Tensor, shape: PictureShape) {
  const size = autoencoderSize(shape);
  const [first, second] = tf.split(vector, [size, (vector.shape[0] as number) - size]) as [tf.Tensor, tf.Tensor];
  const layers = unpackLayers(second, [estimatorWidths(shape)]).flat();
  return {
    autoencoder: unpackPictureAutoencoder(first, shape),
    estimator: layers.flatMap(({ weights, bias }) => [weights, bias]),
  };
}

function withNoise(pictures: tf.Tensor4D, noise: tf.Tensor | undefined): tf.Tensor4D {
  return noise ? tf.add(pictures, tf.reshape(noise, pictures.shape)) : pictures;
}

/** Place of the running statistics in the state. */
const RUNNING = 5;

/** What a batch was like in each normalisation: the forward pass once more, which a recording keeps once. */
function runningAfter(
  state: tf.Tensor[],
  shape: PictureShape,
  tensors: readonly tf.Tensor[],
  pictures: tf.Tensor4D,
  seen: tf.Tensor4D,
): ((went: tf.Tensor) => tf.Tensor) | null {
  if (normsOf(shape).length === 0) return null;
  const batch: tf.Tensor[] = [];
  autoencodePictures(pictures, shape, tensors, watching(batch), seen);
  return (went) => followed(state[RUNNING] as tf.Tensor, batch, went);
}

function advance(
  state: tf.Tensor[],
  grads: tf.Tensor[],
  loss: tf.Scalar,
  settings: PictureSettings,
  running: ((went: tf.Tensor) => tf.Tensor) | null,
) {
  const before = state.slice(0, RUNNING) as unknown as AdamState;
  const next = adamStep(before, pack(grads), loss, settings);
  const went = tf.sub(next[3], before[3]);
  return { state: [...next, ...(running ? [running(went)] : [])], metrics: [loss] };
}
