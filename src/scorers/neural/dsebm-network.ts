/**
 * A fully connected deep structured energy based model. Zhai et al., ICML 2016, §2–3.
 * Legend: N rows, W input width, L layers, h_0 = x, a_l = h_{l−1} W_l + b_l, h_l = softplus(a_l), b' a bias (W).
 */
import * as tf from '@tensorflow/tfjs-core';
import { initialise, type Layer, unpackLayers } from '../networks.js';
import type { Random } from '../random.js';

/** Layers and, behind them, b' = 0. @param widths [W, …hidden] */
export function initialEnergyNetwork(widths: readonly number[], random: Random): Float32Array {
  return Float32Array.from([...initialise(widths, random), ...new Array<number>(widths[0] as number).fill(0)]);
}

export interface EnergyNetwork {
  readonly layers: readonly Layer[];
  /** b' (W) */
  readonly centre: tf.Tensor;
}

export function unpackEnergyNetwork(parameters: tf.Tensor, widths: readonly number[]): EnergyNetwork {
  const width = widths[0] as number;
  const size = parameters.size - width;
  const [weights, centre] = tf.split(parameters, [size, width]) as [tf.Tensor, tf.Tensor];
  return { layers: unpackLayers(weights, [widths])[0] ?? [], centre };
}

function activations(x: tf.Tensor, layers: readonly Layer[]): tf.Tensor[] {
  let h = x;
  return layers.map(({ weights, bias }) => {
    const a = tf.add(tf.matMul(h as tf.Tensor2D, weights), bias);
    h = tf.softplus(a);
    return a;
  });
}

/** E(x) = ½‖x − b'‖² − Σ_j h_L,j of each row (N): higher = more anomalous. */
export function structuredEnergy(x: tf.Tensor2D, { layers, centre }: EnergyNetwork): tf.Tensor1D {
  const top = activations(x, layers).at(-1);
  const base = tf.mul(tf.sum(tf.square(tf.sub(x, centre)), 1), 0.5);
  return (top ? tf.sub(base, tf.sum(tf.softplus(top), 1)) : base) as tf.Tensor1D;
}

/**
 * f(x) = x − ∂E/∂x = b' + u_1 W_1ᵀ, u_L = σ(a_L), u_l = (u_{l+1} W_{l+1}ᵀ) ∘ σ(a_l) (N, W): one step down the energy,
 * written out, so that a training step differentiates it once.
 */
export function reconstruct(x: tf.Tensor2D, { layers, centre }: EnergyNetwork): tf.Tensor2D {
  const slopes = activations(x, layers).map((a) => tf.sigmoid(a));
  let down: tf.Tensor = slopes.at(-1) ?? tf.zerosLike(x);
  for (let l = layers.length - 1; l >= 0; l--) {
    const back = tf.matMul(down as tf.Tensor2D, (layers[l] as Layer).weights, false, true);
    down = l > 0 ? tf.mul(back, slopes[l - 1] as tf.Tensor) : back;
  }
  return tf.add(down, centre) as tf.Tensor2D;
}
