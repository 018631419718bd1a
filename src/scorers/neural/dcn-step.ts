import * as tf from '@tensorflow/tfjs-core';
import type { NetworkShape } from '../network-shape.js';
import { autoencode, unpackAutoencoder } from '../networks.js';
import type { AdamState } from '../optimiser.js';
import { advance, type Step } from '../training-steps.js';
import type { ClusterSettings } from './settings.js';

/** ‖h − m_k‖² of every code and centre (N, K). */
export function squaredDistances(codes: tf.Tensor2D, centres: tf.Tensor2D): tf.Tensor2D {
  const [k, d] = centres.shape;
  const apart = tf.sub(tf.expandDims(codes, 1), tf.reshape(centres, [1, k, d]));
  return tf.sum(tf.square(apart), 2) as tf.Tensor2D;
}

/**
 * Networks with the clustering held, then centres with the networks held: Yang et al., ICML 2017, algorithm 1.
 *   (1/N) Σ_n ‖x_n − x'_n‖² + (λ/2) ‖h(x_n) − m_s(n)‖², s(n) the nearest centre;
 *   c_k ← c_k + N_k, m_k ← m_k + Σ_{s(n)=k} (h(x_n) − m_k) / c_k: the batch at once where they go row by row.
 * State behind Adam's: centres (K, D) and the rows that each has seen, c (K).
 */
export function dcnStep(shape: NetworkShape, settings: ClusterSettings): Step {
  return (state, [x]) => {
    const rows = x as tf.Tensor2D;
    const [centres, seen] = state.slice(5) as [tf.Tensor2D, tf.Tensor1D];
    const layers = unpackAutoencoder(state[0] as tf.Tensor, shape);
    const { code: held } = autoencode(rows, layers);
    const nearest = tf.argMin(squaredDistances(held, centres), 1) as tf.Tensor1D;
    const own = tf.cast(tf.oneHot(nearest, centres.shape[0]), 'float32') as tf.Tensor2D;
    const target = tf.matMul(own, centres);
    const { value, grads } = tf.valueAndGrads((...tensors: tf.Tensor[]) => {
      const { code, reconstruction } = autoencode(rows, tensors);
      const apart = tf.mul(tf.sum(tf.square(tf.sub(code, target)), 1), settings.clusterWeight / 2);
      return tf.mean(tf.add(tf.sum(tf.square(tf.sub(rows, reconstruction)), 1), apart)) as tf.Scalar;
    })(layers);
    const next = advance(state.slice(0, 5) as AdamState, grads, value as tf.Scalar, settings);
    return { state: [...next.state, ...movedCentres(held, own, centres, seen)], metrics: next.metrics };
  };
}

/** Where a code is not finite, its centre stays. */
function movedCentres(codes: tf.Tensor2D, own: tf.Tensor2D, centres: tf.Tensor2D, seen: tf.Tensor1D): tf.Tensor[] {
  const rows = tf.sum(own, 0);
  const counts = tf.add(seen, rows);
  const pull = tf.sub(tf.matMul(own, codes, true, false), tf.mul(tf.reshape(rows, [-1, 1]), centres));
  const moved = tf.add(centres, tf.div(pull, tf.maximum(tf.reshape(counts, [-1, 1]), 1)));
  return [tf.where(tf.isFinite(moved), moved, centres), counts];
}
