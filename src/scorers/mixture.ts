/**
 * The Gaussian mixture of a DAGMM as TensorFlow.js functions, for the training step.
 * Legend: N rows, K components, D latent size, γ (N, K) memberships, φ (K), μ (K, D), Σ (K, D, D), Σ = L Lᵀ, W = L⁻¹.
 */
import * as tf from '@tensorflow/tfjs-core';

export interface MixtureWeights {
  /** Factor of the mean energy: λ1, or λ1 / D in the robust recipe. */
  readonly energy: number;
  /** Factor of Σ_k Σ_j 1 / Σ_kjj: λ2, or λ2 / (K·D) for its mean. */
  readonly penalty: number;
  /** ε added to the diagonal of every Σ. */
  readonly epsilon: number;
}

export interface Moments {
  /** Σ_n γ_nk (K, 1, 1) */
  readonly mass: tf.Tensor;
  /** γᵀ (K, N, 1) */
  readonly weights: tf.Tensor;
  /** z − μ_k (K, N, D) */
  readonly centred: tf.Tensor;
  readonly covariance: tf.Tensor3D;
}

/** φ, μ and Σ of the rows of one batch. Zong et al., ICLR 2018, eq. 5. Two batched products, no loop over K. */
export function moments(z: tf.Tensor2D, gamma: tf.Tensor2D): Moments {
  const [n, d] = z.shape;
  const k = gamma.shape[1];
  const weights = tf.reshape(tf.transpose(gamma), [k, n, 1]);
  const mass = tf.sum(weights, 1, true);
  const mean = tf.div(tf.reshape(tf.matMul(gamma, z, true, false), [k, 1, d]), mass);
  const centred = tf.sub(tf.reshape(z, [1, n, d]), mean);
  const scatter = tf.matMul(tf.mul(centred, weights), centred, true, false);
  return { mass, weights, centred, covariance: tf.div(scatter, mass) as tf.Tensor3D };
}

/**
 * W with W Σ Wᵀ = 1 (lower triangular, the inverse of the Cholesky factor) and log det Σ, for K matrices at once.
 * Elimination of [Σ | 1] without square roots (Σ = L̃ D L̃ᵀ), six nodes a column whatever K is; a matrix that is not
 * positive definite gives NaN, which the training step's guard skips.
 * @param sigma (K, D, D)   @returns inverse (K, D, D), logDeterminant (K)
 */
export function inverseCholesky(sigma: tf.Tensor3D): { inverse: tf.Tensor3D; logDeterminant: tf.Tensor1D } {
  const [k, d] = sigma.shape;
  const identity = tf.reshape(tf.eye(d), [1, d, d]);
  let rest: tf.Tensor = tf.concat([sigma, tf.tile(identity, [k, 1, 1])], 2);
  const rows: tf.Tensor[] = [];
  for (let j = 0; j < d - 1; j++) {
    const [row, below] = tf.split(rest, [1, d - j - 1], 1) as [tf.Tensor, tf.Tensor];
    const pivot = tf.slice(row, [0, 0, j], [k, 1, 1]);
    const column = tf.slice(below, [0, 0, j], [k, d - j - 1, 1]);
    rest = tf.sub(below, tf.mul(tf.div(column, pivot), row));
    rows.push(row);
  }
  const [upper, lower] = tf.split(tf.concat([...rows, rest], 1), 2, 2) as [tf.Tensor, tf.Tensor];
  const pivots = tf.sum(tf.mul(upper, identity), 2, true);
  return {
    inverse: tf.mul(lower, tf.rsqrt(pivots)) as tf.Tensor3D,
    logDeterminant: tf.sum(tf.log(pivots), [1, 2]) as tf.Tensor1D,
  };
}

/**
 * log φ_k + log N(z_n | μ_k, Σ_k) without its constant −½ D log 2π.
 * @returns scaled W(z − μ) (K, N, D) and logDensity (K, N)
 */
function logDensities(centred: tf.Tensor, inverse: tf.Tensor3D, logDeterminant: tf.Tensor1D, logPhi: tf.Tensor1D) {
  const scaled = tf.matMul(centred, inverse, false, true);
  const offset = tf.sub(logPhi, tf.mul(logDeterminant, 0.5));
  const distance = tf.sum(tf.square(scaled), 2);
  return { scaled, logDensity: tf.sub(tf.reshape(offset, [-1, 1]), tf.mul(distance, 0.5)) as tf.Tensor2D };
}

/** log Σ_k exp over the first axis (1, N), and the softmax ρ (K, N) that is its gradient. */
function logSumExp(logDensity: tf.Tensor2D) {
  const top = tf.max(logDensity, 0, true);
  const exponentials = tf.exp(tf.sub(logDensity, top));
  const sum = tf.sum(exponentials, 0, true);
  return { value: tf.add(tf.log(sum), top), responsibilities: tf.div(exponentials, sum) };
}

/**
 * Sample energy of each row under a finished mixture; higher = more anomalous.
 * E(z) = −log Σ_k φ_k N(z | μ_k, Σ_k). Zong et al., ICLR 2018, eq. 6.
 * @param z (N, D)   @param mean (K, D)   @param inverse L_k⁻¹ (K, D, D)
 * @param offset (K) log φ_k − Σ_j log L_jj − ½ D log 2π   @returns (N) nats
 */
export function mixtureEnergy(
  z: tf.Tensor2D,
  mean: tf.Tensor2D,
  inverse: tf.Tensor3D,
  offset: tf.Tensor1D,
): tf.Tensor1D {
  const [k, d] = mean.shape;
  const centred = tf.sub(tf.expandDims(z, 0), tf.reshape(mean, [k, 1, d]));
  const scaled = tf.matMul(centred, inverse, false, true);
  const distance = tf.sum(tf.square(scaled), 2);
  const { value } = logSumExp(tf.sub(tf.reshape(offset, [k, 1]), tf.mul(distance, 0.5)) as tf.Tensor2D);
  return tf.reshape(tf.neg(value), [-1]) as tf.Tensor1D;
}

/** The forward pass that the plain and the closed-form objective share. */
function evaluate(z: tf.Tensor2D, gamma: tf.Tensor2D, weights: MixtureWeights) {
  const [n, d] = z.shape;
  const k = gamma.shape[1];
  const m = moments(z, gamma);
  const loaded = tf.add(m.covariance, tf.mul(tf.reshape(tf.eye(d), [1, d, d]), weights.epsilon)) as tf.Tensor3D;
  const { inverse, logDeterminant } = inverseCholesky(loaded);
  const logPhi = tf.log(tf.div(tf.reshape(m.mass, [k]), n)) as tf.Tensor1D;
  const { scaled, logDensity } = logDensities(m.centred, inverse, logDeterminant, logPhi);
  const { value, responsibilities } = logSumExp(logDensity);
  const energy = tf.add(tf.neg(tf.mean(value)), 0.5 * d * Math.log(2 * Math.PI));
  const precisions = tf.div(1, tf.sum(tf.mul(loaded, tf.reshape(tf.eye(d), [1, d, d])), 2, true));
  const objective = tf.add(tf.mul(energy, weights.energy), tf.mul(tf.sum(precisions), weights.penalty)) as tf.Scalar;
  return { ...m, inverse, scaled, responsibilities, precisions, objective };
}

/**
 * λ1/N Σ_n E(z_n) + λ2 Σ_k Σ_j 1/Σ_kjj with the moments of this batch, differentiated by tfjs. The reference
 * for {@link mixtureObjective}.
 */
export function plainMixtureObjective(z: tf.Tensor2D, gamma: tf.Tensor2D, weights: MixtureWeights): tf.Scalar {
  return evaluate(z, gamma, weights).objective;
}

/**
 * The same value with its gradient in closed form: a fifth of the nodes that autodiff records.
 * With A = Σ⁻¹, c = z − μ, u = A c, ρ the responsibilities, w = λ1/N:
 *   h_k = −w Σρ/φ_k (so h_k/N = −w Σρ/N_k),  g_k = −w Σρu,  G_k = ½w[(Σρ)A − Σρuuᵀ] − λ2 diag(1/Σ_jj²)
 *   ∂J/∂z = w Σ_k ρu + Σ_k (γ/N_k)(g + 2Gc),  ∂J/∂γ = h/N + [gᵀc + cᵀGc − ⟨G, Σ⟩]/N_k
 */
export function mixtureObjective(z: tf.Tensor2D, gamma: tf.Tensor2D, weights: MixtureWeights): tf.Scalar {
  const objective = tf.customGrad((...args) => {
    const [rows, memberships, save] = args as unknown as [tf.Tensor2D, tf.Tensor2D, tf.GradSaveFunc];
    const e = evaluate(rows, memberships, weights);
    save([e.mass, e.weights, e.centred, e.covariance, e.inverse, e.scaled, e.responsibilities, e.precisions]);
    return {
      value: e.objective,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => closedFormGradients(dy, saved, weights),
    };
  });
  return objective(z, gamma) as tf.Scalar;
}

function closedFormGradients(dy: tf.Tensor, saved: tf.Tensor[], weights: MixtureWeights): tf.Tensor[] {
  const [mass, gamma, c, covariance, inverse, scaled, responsibilities, precisions] = saved as [
    tf.Tensor,
    tf.Tensor,
    tf.Tensor,
    tf.Tensor3D,
    tf.Tensor3D,
    tf.Tensor,
    tf.Tensor,
    tf.Tensor,
  ];
  const [k, n, d] = c.shape as [number, number, number];
  const w = weights.energy / n;
  const rho = tf.reshape(responsibilities, [k, n, 1]);
  const u = tf.matMul(scaled, inverse);
  const rhoU = tf.mul(tf.mul(rho, w), u);
  const rhoSum = tf.mul(tf.sum(rho, 1, true), w);
  const g = tf.neg(tf.sum(rhoU, 1, true));
  const scatter = tf.sub(tf.mul(tf.matMul(inverse, inverse, true, false), rhoSum), tf.matMul(rhoU, u, true, false));
  const penalty = tf.mul(tf.reshape(tf.eye(d), [1, d, d]), tf.mul(tf.square(precisions), weights.penalty));
  const G = tf.sub(tf.mul(scatter, 0.5), penalty);
  const Gc = tf.matMul(c, G);
  const gPlusGc = tf.add(Gc, g);
  const dz = tf.add(rhoU, tf.mul(tf.div(gamma, mass), tf.add(gPlusGc, Gc)));
  const inner = tf.sub(tf.sum(tf.mul(c, gPlusGc), 2, true), tf.sum(tf.mul(G, covariance), [1, 2], true));
  const dGamma = tf.div(tf.sub(inner, rhoSum), mass);
  return [tf.mul(tf.sum(dz, 0), dy), tf.mul(tf.transpose(tf.reshape(dGamma, [k, n])), dy)];
}
