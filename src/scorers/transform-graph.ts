import * as tf from '@tensorflow/tfjs-core';
import { cutsOff, type InputTransform, LEAST_OUTSIDE, MOST_UNBENT, type Whitening } from './input-transform.js';
import type { PowerCurves } from './power-curve.js';

export const vector = (values: ArrayLike<number>): tf.Tensor1D => tf.tensor1d(Float32Array.from(values));

/** Raw rows (N, W) → [x (N, P)] or [x, outside (N, 1)], as {@link applyTransform} on the host. */
export const transformInGraph = (rows: tf.Tensor2D, transform: InputTransform): tf.Tensor[] =>
  projectedInGraph(scaledInGraph(rows, transform), transform);

/** Raw rows (N, W) → scaled, bent and clipped (N, W). */
export function scaledInGraph(rows: tf.Tensor2D, { shift, scale, curves, clip }: InputTransform): tf.Tensor2D {
  const plain = tf.mul(tf.sub(rows, vector(shift)), vector(scale));
  return tf.clipByValue(curves ? bent(plain, curves) : plain, -clip, clip) as tf.Tensor2D;
}

/** Scaled rows (N, W) → [x (N, P)] or [x, outside (N, 1)]; the same rows where they are not whitened. */
export function projectedInGraph(scaled: tf.Tensor2D, transform: InputTransform): tf.Tensor[] {
  const { whitening } = transform;
  if (!whitening) return [scaled];
  const centred = tf.sub(scaled, vector(whitening.centre));
  const x = alongAxes(centred, whitening);
  if (!cutsOff(transform)) return [x];
  const whole = tf.sum(tf.square(centred), 1, true);
  const inside = tf.sum(tf.mul(tf.square(x), vector(whitening.variances)), 1, true);
  const least = tf.add(tf.mul(whole, LEAST_OUTSIDE), 1e-12);
  return [x, tf.mul(tf.log(tf.maximum(tf.sub(whole, inside), least)), 0.5)];
}

/** Scaled rows (N, W) → (N, P), whatever the encoder sees. */
export const whitenedInGraph = (scaled: tf.Tensor2D, whitening: Whitening): tf.Tensor2D =>
  alongAxes(tf.sub(scaled, vector(whitening.centre)), whitening) as tf.Tensor2D;

const alongAxes = (centred: tf.Tensor, { basis, centre, components }: Whitening): tf.Tensor =>
  tf.matMul(centred, tf.tensor2d(basis, [centre.length, components]));

/** Both sides of 0 by the same curve: what lies on the other side counts as 0, where the curve is 0. */
function bent(x: tf.Tensor, { power, shift, scale }: PowerCurves): tf.Tensor {
  const side = (distance: tf.Tensor, exponent: Float32Array): tf.Tensor => {
    const grown = tf.exp(tf.mul(tf.log(tf.add(distance, 1)), vector(exponent)));
    return tf.mul(tf.sub(grown, 1), vector(exponent.map((p) => 1 / p)));
  };
  const above = side(tf.clipByValue(x, 0, MOST_UNBENT), power);
  const below = side(
    tf.clipByValue(tf.neg(x), 0, MOST_UNBENT),
    power.map((p) => 2 - p),
  );
  return tf.mul(tf.sub(tf.sub(above, below), vector(shift)), vector(scale));
}
