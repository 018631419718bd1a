import * as tf from '@tensorflow/tfjs-core';

/** A vector shorter than this has no direction. */
const TINY = 1e-6;

const directions = (x: tf.Tensor2D): tf.Tensor2D =>
  tf.div(x, tf.sqrt(tf.add(tf.sum(tf.square(x), 1, true), TINY))) as tf.Tensor2D;

/** cos θ between each code (N, D) and each class (C, D): (N, C). */
export const cosines = (codes: tf.Tensor2D, classes: tf.Tensor2D): tf.Tensor2D =>
  tf.matMul(directions(codes), directions(classes), false, true) as tf.Tensor2D;

/**
 * Mean cross-entropy with an additive angular margin: the logit of a code's own class is s·cos(θ + m), of the others s·cos θ.
 * Deng et al., ArcFace: Additive Angular Margin Loss for Deep Face Recognition, CVPR 2019. Beyond θ + m = π, where
 * cos(θ + m) would rise again, it is cos θ + cos m − 1, which goes on from there and is above cos(θ + m) before.
 * @param cosine (N, C)   @param own (N, C) one-hot
 */
export function arcFaceLoss(cosine: tf.Tensor2D, own: tf.Tensor2D, scale: number, margin: number): tf.Scalar {
  const sine = tf.sqrt(tf.maximum(tf.sub(1, tf.square(cosine)), TINY));
  const turned = tf.sub(tf.mul(cosine, Math.cos(margin)), tf.mul(sine, Math.sin(margin)));
  const withMargin = tf.minimum(turned, tf.add(cosine, Math.cos(margin) - 1));
  const logits = tf.mul(tf.add(tf.mul(withMargin, own), tf.mul(cosine, tf.sub(1, own))), scale);
  const top = tf.max(logits, 1, true);
  const total = tf.add(tf.log(tf.sum(tf.exp(tf.sub(logits, top)), 1, true)), top);
  const right = tf.sum(tf.mul(logits, own), 1, true);
  return tf.mean(tf.sub(total, right)) as tf.Scalar;
}
