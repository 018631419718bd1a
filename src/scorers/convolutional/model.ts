/** A trained convolutional DAGMM, and the functions of it that are recorded as graphs. */
import * as tf from '@tensorflow/tfjs-core';
import { type LatentScale, latentEnergy } from '../dagmm-model.js';
import type { InputTransform } from '../input-transform.js';
import type { Mixture } from '../mixture-fit.js';
import { estimate, unpackLayers } from '../networks.js';
import type { Recorded } from '../recorded.js';
import { transformInGraph, vector } from '../transform-graph.js';
import { byBatch, byRunning, type Normaliser } from './batch-norm.js';
import {
  type Autoencoded,
  autoencodePictures,
  estimatorWidths,
  latentOf,
  normsOf,
  pixelErrors,
  unpackPictureAutoencoder,
} from './network.js';
import type { PictureShape } from './picture-shape.js';

export interface PictureNetworks {
  readonly shape: PictureShape;
  readonly autoencoder: Float32Array;
  readonly estimator: Float32Array;
  /** Running statistics of every batch normalisation; empty where there is none. */
  readonly running: Float32Array;
}

export interface PictureModel extends PictureNetworks {
  readonly transform: InputTransform;
  readonly latentScale: LatentScale;
  readonly mixture: Mixture;
}

/** Rows (N, W), standardised, as the finished networks see them. */
function autoencodeRows(
  rows: tf.Tensor,
  { shape, autoencoder, running }: Omit<PictureNetworks, 'estimator'>,
): Autoencoded {
  const { height, width, channels } = shape;
  const pictures = tf.reshape(rows, [rows.shape[0] as number, height, width, channels]) as tf.Tensor4D;
  const tensors = unpackPictureAutoencoder(vector(autoencoder), shape);
  return autoencodePictures(
    pictures,
    shape,
    tensors,
    normaliserOf(shape, () => vector(running)),
  );
}

/** [standardised rows (N, W)] → [z (N, D), a pixel's error (N, 1)] as one (N, D + 1), z before standardisation. */
export function latentFunction(networks: Omit<PictureNetworks, 'estimator'>): Recorded {
  return ([rows]) => {
    const made = autoencodeRows(rows as tf.Tensor, networks);
    return [tf.concat([latentOf(made), pixelErrors(made)], 1)];
  };
}

/** [standardised z (N, D)] → [γ (N, K)], dropout off. */
export function membershipFunction({ shape, estimator }: PictureNetworks): Recorded {
  const layers = () => unpackLayers(vector(estimator), [estimatorWidths(shape)]).flat();
  return ([z]) => [
    estimate(
      z as tf.Tensor2D,
      layers().flatMap(({ weights, bias }) => [weights, bias]),
    ),
  ];
}

/**
 * [parameters (P), standardised pictures (N, H, W, C), running statistics (R) where there are any] → [a pixel's error
 * (N, 1)], for parameters that change.
 */
export function errorFunction(shape: PictureShape): Recorded {
  return (inputs) => {
    const [parameters, pictures, running] = inputs as [tf.Tensor, tf.Tensor4D, tf.Tensor];
    const normalise = normaliserOf(shape, () => running);
    return [pixelErrors(autoencodePictures(pictures, shape, unpackPictureAutoencoder(parameters, shape), normalise))];
  };
}

/** [raw rows (N, W)] → [standardised z (N, D), energy (N)]: everything that scoring needs. */
export function scoringFunction(model: PictureModel): Recorded {
  return ([rows]) => {
    const [x] = transformInGraph(rows as tf.Tensor2D, model.transform);
    return latentEnergy(latentOf(autoencodeRows(x as tf.Tensor, model)), model);
  };
}

/** Plain networks have nothing to normalise. */
function normaliserOf(shape: PictureShape, running: () => tf.Tensor): Normaliser {
  const channels = normsOf(shape);
  return channels.length === 0 ? byBatch : byRunning(running(), channels);
}
