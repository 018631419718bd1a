import * as tf from '@tensorflow/tfjs-core';
import { cutsOff, type InputTransform, LEAST_OUTSIDE, transformedWidth } from './input-transform.js';

export const vector = (values: ArrayLike<number>): tf.Tensor1D => tf.tensor1d(Float32Array.from(values));

/** Raw rows (N, W) → [x (N, P)] or [x, outside (N, 1)], as {@link applyTransform} on the host. */
export function transformInGraph(rows: tf.Tensor2D, transform: InputTransform): tf.Tensor[] {
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
