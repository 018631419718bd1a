/**
 * The autoencoder and the estimator of a flat DAGMM, as functions of one flat parameter vector: an optimiser step on
 * one long vector is a dozen nodes where one on twenty tensors is hundreds.
 * Legend: N rows, W input width, D latent size, K components; z_c = h(x), x' = g(z_c), z_r = f(x, x'), z = [z_c, z_r].
 */
import * as tf from '@tensorflow/tfjs-core';
import { layerWidths, type NetworkShape, type ResidualKind } from './network-shape.js';
import type { Random } from './random.js';

/** Uniform ±√(6 / (in + out)) weights (Glorot and Bengio, 2010) and zero biases, in the order of {@link unpackLayers}. */
export function initialise(layers: readonly number[], random: Random): number[] {
  return layers.slice(1).flatMap((to, i) => {
    const from = layers[i] as number;
    const limit = Math.sqrt(6 / (from + to));
    const weights = Array.from({ length: from * to }, () => (2 * random.uniform() - 1) * limit);
    return [...weights, ...new Array<number>(to).fill(0)];
  });
}

/** Glorot's uniform weights, biases 0, of encoder and decoder in one vector. */
export function initialAutoencoder(shape: NetworkShape, random: Random): Float32Array {
  const { encoder, decoder } = layerWidths(shape);
  return Float32Array.from([...initialise(encoder, random), ...initialise(decoder, random)]);
}

/** The same of the estimation network. */
export function initialEstimator(shape: NetworkShape, random: Random): Float32Array {
  return Float32Array.from(initialise(layerWidths(shape).estimator, random));
}

export interface Layer {
  readonly weights: tf.Tensor2D;
  readonly bias: tf.Tensor1D;
}

/** Cuts (weights, bias, weights, bias, …) out of one vector, one Split for all of them. */
export function unpackLayers(parameters: tf.Tensor, stacks: readonly (readonly number[])[]): Layer[][] {
  const sizes = stacks.flatMap((layers) => layers.slice(1).flatMap((to, i) => [(layers[i] as number) * to, to]));
  const pieces = tf.split(parameters, sizes);
  let next = 0;
  return stacks.map((layers) =>
    layers.slice(1).map((to, i) => {
      const weights = tf.reshape(pieces[next++] as tf.Tensor, [layers[i] as number, to]) as tf.Tensor2D;
      return { weights, bias: pieces[next++] as tf.Tensor1D };
    }),
  );
}

/** The layers of both networks out of their vectors, and back: gradients are taken per layer and packed once. */
export function unpackAutoencoder(parameters: tf.Tensor, shape: NetworkShape): tf.Tensor[] {
  const { encoder, decoder } = layerWidths(shape);
  return flatten(unpackLayers(parameters, [encoder, decoder]).flat());
}

/** Weights and biases in turn: (from, to), (to), … */
export function unpackEstimator(parameters: tf.Tensor, shape: NetworkShape): tf.Tensor[] {
  return flatten(unpackLayers(parameters, [layerWidths(shape).estimator]).flat());
}

const flatten = (layers: readonly Layer[]): tf.Tensor[] => layers.flatMap(({ weights, bias }) => [weights, bias]);

export const pack = (tensors: readonly tf.Tensor[]): tf.Tensor => tf.concat(tensors.map((t) => tf.reshape(t, [-1])));

/** Dense layers with tanh between them; the last one is linear. */
function perceptron(x: tf.Tensor, tensors: readonly tf.Tensor[]): tf.Tensor {
  let y = x;
  for (let i = 0; i < tensors.length; i += 2) {
    y = tf.add(tf.matMul(y as tf.Tensor2D, tensors[i] as tf.Tensor2D), tensors[i + 1] as tf.Tensor);
    if (i + 2 < tensors.length) y = tf.tanh(y);
  }
  return y;
}

/** z_c (N, code) and x' (N, W). */
export function autoencode(
  x: tf.Tensor2D,
  layers: readonly tf.Tensor[],
): { code: tf.Tensor2D; reconstruction: tf.Tensor2D } {
  const half = layers.length / 2;
  const code = perceptron(x, layers.slice(0, half));
  return { code: code as tf.Tensor2D, reconstruction: perceptron(code, layers.slice(half)) as tf.Tensor2D };
}

/**
 * Soft memberships γ (N, K) of latent rows. Zong et al., ICLR 2018, eq. 4.
 * @param mask (N, hidden) 0 or 1/keep for dropout while training; left out when scoring
 */
export function estimate(z: tf.Tensor2D, layers: readonly tf.Tensor[], mask?: tf.Tensor): tf.Tensor2D {
  const hidden = tf.tanh(perceptron(z, layers.slice(0, 2)));
  return tf.softmax(perceptron(mask ? tf.mul(hidden, mask) : hidden, layers.slice(2))) as tf.Tensor2D;
}

/**
 * ‖x − x'‖², ⟨x, x'⟩ and ‖x'‖² of each row (N, 3), with one combined gradient for x' (x is data):
 * ∂x' = 2(a + c)x' + (b − 2a)x for incoming a, b, c.
 */
export function residualMoments(x: tf.Tensor2D, reconstruction: tf.Tensor2D): tf.Tensor2D {
  const moments = tf.customGrad((...args) => {
    const [input, output, save] = args as unknown as [tf.Tensor2D, tf.Tensor2D, tf.GradSaveFunc];
    save([input, output]);
    const value = tf.concat(
      [
        tf.sum(tf.square(tf.sub(input, output)), 1, true),
        tf.sum(tf.mul(input, output), 1, true),
        tf.sum(tf.square(output), 1, true),
      ],
      1,
    );
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] => {
      const [xs, ys] = saved as [tf.Tensor, tf.Tensor];
      const [a, b, c] = tf.split(dy, 3, 1) as [tf.Tensor, tf.Tensor, tf.Tensor];
      const dOutput = tf.add(tf.mul(ys, tf.mul(tf.add(a, c), 2)), tf.mul(xs, tf.sub(b, tf.mul(a, 2))));
      return [tf.zerosLike(xs), dOutput];
    };
    return { value, gradFunc };
  });
  return moments(x, reconstruction) as tf.Tensor2D;
}

/** Keeps logarithm, root and quotient finite at a perfect reconstruction. */
const TINY = 1e-12;

/**
 * z_r (N, 2), or (N, 1) for `distance`. `robust` has log‖x − x'‖ for the paper's ratio, which large anomalies of
 * z-scored data share with normals (≈ 1).
 * @param moments (N, 3) of {@link residualMoments}
 */
export function residualFeatures(x: tf.Tensor2D, moments: tf.Tensor2D, kind: ResidualKind): tf.Tensor2D {
  const [distance, product, square] = tf.split(moments, 3, 1) as [tf.Tensor, tf.Tensor, tf.Tensor];
  if (kind === 'distance') return tf.sqrt(tf.add(distance, TINY)) as tf.Tensor2D;
  const own = tf.sum(tf.square(x), 1, true);
  const cosine = tf.div(product, tf.sqrt(tf.add(tf.mul(own, square), TINY)));
  const first =
    kind === 'robust'
      ? tf.mul(tf.log(tf.add(distance, TINY)), 0.5)
      : tf.div(tf.sqrt(tf.add(distance, TINY)), tf.sqrt(tf.add(own, TINY)));
  return tf.concat([first, cosine], 1) as tf.Tensor2D;
}

/** Variance below which a latent column counts as constant. */
const STANDARDISE_EPSILON = 1e-5;

/**
 * Columns to mean 0 and variance 1 over the batch, no affine part; the gradient in closed form:
 * ∂x = (g − mean g − ẑ·mean(g ẑ)) / σ.
 */
export function standardiseBatch(z: tf.Tensor2D): tf.Tensor2D {
  const standardise = tf.customGrad((...args) => {
    const [rows, save] = args as unknown as [tf.Tensor2D, tf.GradSaveFunc];
    const centred = tf.sub(rows, tf.mean(rows, 0, true));
    const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centred), 0, true), STANDARDISE_EPSILON));
    const value = tf.mul(centred, inverse);
    save([value, inverse]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor => {
      const [standard, scale] = saved as [tf.Tensor, tf.Tensor];
      const along = tf.mul(standard, tf.mean(tf.mul(dy, standard), 0, true));
      return tf.mul(tf.sub(tf.sub(dy, tf.mean(dy, 0, true)), along), scale);
    };
    return { value, gradFunc };
  });
  return standardise(z) as tf.Tensor2D;
}

/**
 * z (N, D) before standardisation, and the moments that hold ‖x − x'‖².
 * @param outside (N, 1) log distance from the whitened axes, or null   @param seen what the encoder sees instead of x: x
 * with noise, while training
 */
export function latent(
  x: tf.Tensor2D,
  layers: readonly tf.Tensor[],
  kind: ResidualKind,
  outside: tf.Tensor | null,
  seen: tf.Tensor2D = x,
) {
  const { code, reconstruction } = autoencode(seen, layers);
  const moments = residualMoments(x, reconstruction);
  const parts: tf.Tensor[] = [code, residualFeatures(x, moments, kind), ...(outside ? [outside] : [])];
  return { moments, z: tf.concat(parts, 1) as tf.Tensor2D };
}
