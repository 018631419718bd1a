/** Batch normalisation (Ioffe and Szegedy, ICML 2015): statistics of the batch while training, running ones after. */
import * as tf from '@tensorflow/tfjs-core';

const EPSILON = 1e-5;

/** How fast running statistics follow the batches'. */
const MOMENTUM = 0.1;

/** Channels to mean 0 and variance 1; called in the order of the layers. No affine part: the network has its own. */
export type Normaliser = (x: tf.Tensor4D) => tf.Tensor4D;

const OVER = [0, 1, 2];

/**
 * By the batch's own statistics, with the gradient in closed form: ∂x = (g − mean g − x̂·mean(g x̂)) / σ.
 * @param x (N, H, W, C)
 */
export const byBatch: Normaliser = (x) => {
  const normalise = tf.customGrad((...args) => {
    const [values, save] = args as unknown as [tf.Tensor4D, tf.GradSaveFunc];
    const { mean, variance } = statisticsOf(values);
    const inverse = tf.rsqrt(tf.add(variance, EPSILON));
    const value = tf.mul(tf.sub(values, mean), inverse);
    save([value, inverse]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor => {
      const [standard, scale] = saved as [tf.Tensor, tf.Tensor];
      const along = tf.mul(standard, tf.mean(tf.mul(dy, standard), OVER, true));
      return tf.mul(tf.sub(tf.sub(dy, tf.mean(dy, OVER, true)), along), scale);
    };
    return { value, gradFunc };
  });
  return normalise(x) as tf.Tensor4D;
};

/** (1, 1, 1, C) each */
function statisticsOf(x: tf.Tensor4D): { mean: tf.Tensor; variance: tf.Tensor } {
  const mean = tf.mean(x, OVER, true);
  return { mean, variance: tf.mean(tf.square(tf.sub(x, mean)), OVER, true) };
}

/** As {@link byBatch}, and leaves means and variances of each layer, (C) each, in `seen`. */
export function watching(seen: tf.Tensor[]): Normaliser {
  return (x) => {
    const { mean, variance } = statisticsOf(x);
    seen.push(tf.reshape(mean, [-1]), tf.reshape(variance, [-1]));
    return byBatch(x);
  };
}

/** By running statistics: [mean (C), variance (C)] of each layer in order, as one vector. */
export function byRunning(running: tf.Tensor, channels: readonly number[]): Normaliser {
  const pieces = channels.length > 0 ? tf.split(running, bothOf(channels)) : [];
  let next = 0;
  return (x) => {
    const [mean, variance] = [pieces[next], pieces[next + 1]] as [tf.Tensor, tf.Tensor];
    next += 2;
    return tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, EPSILON)));
  };
}

const bothOf = (channels: readonly number[]): number[] => channels.flatMap((count) => [count, count]);

/** Running statistics before the first step: mean 0, variance 1. */
export const initialRunning = (channels: readonly number[]): Float32Array =>
  Float32Array.from(channels.flatMap((count) => [...new Array(count).fill(0), ...new Array(count).fill(1)]));

/** Running statistics after a batch; a step that was skipped leaves them. @param went 1, or 0 for a skipped step */
export function followed(running: tf.Tensor, seen: readonly tf.Tensor[], went: tf.Tensor): tf.Tensor {
  const next = tf.add(running, tf.mul(tf.sub(tf.concat([...seen]), running), MOMENTUM));
  return tf.where(tf.greater(went, 0), next, running);
}
