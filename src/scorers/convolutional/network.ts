/**
 * Autoencoder and estimator of a convolutional DAGMM. Legend: N pictures, W numbers in each, D latent size, K components;
 * z_c = h(x), x' = g(z_c), z = [z_c, log‖x − x'‖, cosine].
 */
import * as tf from '@tensorflow/tfjs-core';
import { initialise, residualFeatures, residualMoments } from '../networks.js';
import type { Random } from '../random.js';
import type { Normaliser } from './batch-norm.js';
import { dense, flattened, takeFrom, unflattened } from './layers.js';
import { bias, countOf, initial, type Parameter, unpack, weights } from './parameters.js';
import { flatSize, latentSize, type PictureShape, pictureSize, type Side, sidesOf } from './picture-shape.js';
import { plainDecode, plainDecoder, plainEncode, plainEncoder } from './plain-network.js';
import {
  normalisedChannels,
  residualDecode,
  residualDecoder,
  residualEncode,
  residualEncoder,
} from './residual-network.js';

/** Of the autoencoder, in the order in which it takes them. */
function autoencoderParameters(shape: PictureShape): Parameter[] {
  const { code, framework } = shape;
  const flat = flatSize(shape);
  const [encoder, decoder] =
    framework === 'plain'
      ? [plainEncoder(shape), plainDecoder(shape)]
      : [residualEncoder(shape), residualDecoder(shape)];
  return [...encoder, weights(flat, code), bias(code), weights(code, flat), bias(flat), ...decoder];
}

export const autoencoderSize = (shape: PictureShape): number => countOf(autoencoderParameters(shape));

/** Channels of each batch normalisation; none in plain networks. */
export const normsOf = (shape: PictureShape): number[] =>
  shape.framework === 'plain' ? [] : normalisedChannels(shape);

export const initialPictureAutoencoder = (shape: PictureShape, random: Random): Float32Array =>
  initial(autoencoderParameters(shape), random);

/** Widths along the estimator: a tanh layer, a softmax. */
export const estimatorWidths = (shape: PictureShape): number[] => [
  latentSize(shape),
  shape.estimatorHidden,
  shape.components,
];

export const initialPictureEstimator = (shape: PictureShape, random: Random): Float32Array =>
  Float32Array.from(initialise(estimatorWidths(shape), random));

export const unpackPictureAutoencoder = (vector: tf.Tensor, shape: PictureShape): tf.Tensor[] =>
  unpack(vector, autoencoderParameters(shape));

/** What an autoencoder makes of pictures. */
export interface Autoencoded {
  /** z_c (N, code) */
  readonly code: tf.Tensor2D;
  /** ‖x − x'‖², ⟨x, x'⟩ and ‖x'‖² (N, 3) */
  readonly moments: tf.Tensor2D;
  /** x (N, W), channel by channel */
  readonly flat: tf.Tensor2D;
}

/** @param seen what the encoder sees instead of the pictures: they with noise, while training */
export function autoencodePictures(
  pictures: tf.Tensor4D,
  shape: PictureShape,
  tensors: readonly tf.Tensor[],
  normalise: Normaliser,
  seen: tf.Tensor4D = pictures,
): Autoencoded {
  const take = takeFrom(tensors);
  const plain = shape.framework === 'plain';
  const last = plain ? plainEncode(seen, shape, take) : residualEncode(seen, shape, take, normalise);
  const code = dense(flattened(last, flatSize(shape)), take(), take());
  const grown = dense(code, take(), take());
  const [side, channels] = [sidesOf(shape).at(-1) as Side, shape.stages.at(-1) as number];
  const start = unflattened(grown, side, channels);
  const back = plain ? plainDecode(start, shape, take) : residualDecode(start, shape, take, normalise);
  const flat = flattened(pictures, pictureSize(shape));
  return { code, flat, moments: residualMoments(flat, flattened(back, pictureSize(shape))) };
}

/** z (N, D), before standardisation. */
export const latentOf = ({ code, flat, moments }: Autoencoded): tf.Tensor2D =>
  tf.concat([code, residualFeatures(flat, moments, 'robust')], 1) as tf.Tensor2D;

/** Mean square of a pixel's error (N, 1). */
export const pixelErrors = ({ moments, flat }: Autoencoded): tf.Tensor2D =>
  tf.mul(tf.slice(moments, [0, 0], [-1, 1]), 1 / (flat.shape[1] as number));
