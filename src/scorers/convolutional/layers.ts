/**
 * Layers of the convolutional networks. Legend: N pictures, H height, W width, C channels; activations (N, H, W, C), which
 * the recording keeps as (N, C, H, W): transposes cancel.
 */
import * as tf from '@tensorflow/tfjs-core';
import { LEAK } from './parameters.js';
import type { Side } from './picture-shape.js';

/** Hands out a network's tensors one after the other. */
export type Take = () => tf.Tensor;

export function takeFrom(tensors: readonly tf.Tensor[]): Take {
  let next = 0;
  return () => {
    const tensor = tensors[next++];
    if (!tensor) throw new RangeError(`network: no parameter ${next - 1}`);
    return tensor;
  };
}

export const leaky = (x: tf.Tensor4D): tf.Tensor4D => tf.leakyRelu(x, LEAK);

/** @param filter (out, in, kH, kW); odd sides are halved upwards */
export const convolve = (x: tf.Tensor4D, filter: tf.Tensor, stride: number): tf.Tensor4D =>
  tf.conv2d(x, tf.transpose(filter, [2, 3, 1, 0]) as tf.Tensor4D, stride, 'same');

/** Twice the sides, or one less. @param filter (in, out, kH, kW) */
export function convolveUp(x: tf.Tensor4D, filter: tf.Tensor, [height, width]: Side): tf.Tensor4D {
  const size: [number, number, number, number] = [x.shape[0], height, width, filter.shape[1] as number];
  return tf.conv2dTranspose(x, tf.transpose(filter, [2, 3, 1, 0]) as tf.Tensor4D, size, 2, 'same');
}

/** Each pixel twice along both sides; the last row or column is cut where it is one too many. */
export function repeatUp(x: tf.Tensor4D, [height, width]: Side): tf.Tensor4D {
  const [rows, h, w, channels] = x.shape;
  const double = tf.image.resizeNearestNeighbor(x, [2 * h, 2 * w]);
  return height === 2 * h && width === 2 * w ? double : tf.slice(double, [0, 0, 0, 0], [rows, height, width, channels]);
}

/** (N, H, W, C) → (N, C·H·W), the order in which the recording has the data. */
export const flattened = (x: tf.Tensor4D, size: number): tf.Tensor2D =>
  tf.reshape(tf.transpose(x, [0, 3, 1, 2]), [x.shape[0], size]) as tf.Tensor2D;

/** (N, C·H·W) → (N, H, W, C) */
export const unflattened = (x: tf.Tensor2D, [height, width]: Side, channels: number): tf.Tensor4D =>
  tf.transpose(tf.reshape(x, [x.shape[0], channels, height, width]), [0, 2, 3, 1]);

export const dense = (x: tf.Tensor2D, weights: tf.Tensor, bias: tf.Tensor): tf.Tensor2D =>
  tf.add(tf.matMul(x, weights as tf.Tensor2D), bias);
