import * as tf from '@tensorflow/tfjs-core';

export interface AdamOptions {
  readonly learningRate: number;
  readonly weightDecay: number;
  /** Largest norm of the gradient; 0 never clips. */
  readonly clipNorm: number;
  /** Steps over which the rate rises to its full size, while the moments are still those of a few batches; none by default. */
  readonly warmUpSteps?: number;
}

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/** Parameters, both moments (P) each, the steps taken and the steps skipped (scalars). */
export type AdamState = [parameters: tf.Tensor, m: tf.Tensor, v: tf.Tensor, taken: tf.Tensor, skipped: tf.Tensor];

/**
 * One Adam step (Kingma and Ba, 2015) on one flat vector. Where the loss or the gradient's norm is not finite, nothing
 * moves and `skipped` counts it: the gradient becomes 0 and every rate is multiplied by 0, to the bit.
 */
export function adamStep(state: AdamState, gradient: tf.Tensor, loss: tf.Scalar, options: AdamOptions): AdamState {
  const [parameters, m, v, taken, skipped] = state;
  const norm = tf.sqrt(tf.sum(tf.square(gradient)));
  const finite = tf.logicalAnd(tf.isFinite(norm), tf.isFinite(loss));
  const go = tf.cast(finite, 'float32');
  const clipped =
    options.clipNorm > 0 ? tf.mul(gradient, tf.minimum(1, tf.div(options.clipNorm, tf.add(norm, 1e-6)))) : gradient;
  const safe = tf.where(finite, clipped, tf.zerosLike(gradient));
  const g = options.weightDecay > 0 ? tf.add(safe, tf.mul(parameters, options.weightDecay)) : safe;
  const steps = tf.add(taken, go);
  const nextM = tf.add(m, tf.mul(tf.sub(g, m), tf.mul(go, 1 - BETA1)));
  const nextV = tf.add(v, tf.mul(tf.sub(tf.square(g), v), tf.mul(go, 1 - BETA2)));
  // (1 − β^t) corrections; a first step that is skipped has t = 0, where they would be 0.
  const age = tf.maximum(steps, 1);
  const correction1 = tf.sub(1, tf.exp(tf.mul(age, Math.log(BETA1))));
  const correction2 = tf.sub(1, tf.exp(tf.mul(age, Math.log(BETA2))));
  const { learningRate, warmUpSteps = 0 } = options;
  const full = warmUpSteps > 0 ? tf.mul(learningRate, tf.minimum(1, tf.div(age, warmUpSteps))) : learningRate;
  const rate = tf.div(tf.mul(go, full), correction1);
  const denominator = tf.add(tf.sqrt(tf.div(nextV, correction2)), EPSILON);
  const nextParameters = tf.sub(parameters, tf.mul(rate, tf.div(nextM, denominator)));
  return [nextParameters, nextM, nextV, steps, tf.add(skipped, tf.sub(1, go))];
}
