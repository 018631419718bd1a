import * as tf from '@tensorflow/tfjs-core';
import { inverseCholesky, type MixtureWeights, moments } from '../mixture.js';

/** Keeps log γ finite where the softmax gives 0. */
const TINY = 1e-12;

/**
 * λ1/N Σ_n Σ_k γ_nk [log γ_nk − log φ_k − log N(z_n | μ_k, Σ_k)] + λ2 Σ_k Σ_j 1/Σ_kjj: the negative evidence lower
 * bound in place of the energy, Zong et al., ICLR 2018, eq. 10. As the moments are those of γ, a component's distances
 * add up to tr(Σ_k,ε⁻¹ Σ_k), Σ_k,ε = Σ_k + ε1, and no row but its entropy is left:
 *   Σ_k φ_k [½ log det Σ_k,ε + ½ tr(Σ_k,ε⁻¹ Σ_k) − log φ_k] + ½ D log 2π + (1/N) Σ_n Σ_k γ_nk log γ_nk
 * @param z (N, D)   @param gamma memberships (N, K)
 */
export function evidenceBound(z: tf.Tensor2D, gamma: tf.Tensor2D, weights: MixtureWeights): tf.Scalar {
  const [n, d] = z.shape;
  const identity = tf.reshape(tf.eye(d), [1, d, d]);
  const { mass, covariance } = moments(z, gamma);
  const loaded = tf.add(covariance, tf.mul(identity, weights.epsilon)) as tf.Tensor3D;
  const { inverse, logDeterminant } = inverseCholesky(loaded);
  const distance = tf.sum(tf.mul(tf.matMul(inverse, covariance), inverse), [1, 2]);
  const phi = tf.div(tf.reshape(mass, [-1]), n);
  const component = tf.sub(tf.mul(tf.add(logDeterminant, distance), 0.5), tf.log(phi));
  const entropy = tf.div(tf.sum(tf.mul(gamma, tf.log(tf.add(gamma, TINY)))), n);
  const bound = tf.add(tf.add(tf.sum(tf.mul(phi, component)), entropy), 0.5 * d * Math.log(2 * Math.PI));
  const precisions = tf.div(1, tf.sum(tf.mul(loaded, identity), 2));
  return tf.add(tf.mul(bound, weights.energy), tf.mul(tf.sum(precisions), weights.penalty)) as tf.Scalar;
}
