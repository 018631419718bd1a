/**
 * Framework 1: convolutions 4×4 with stride 2, leaky ReLU, a dense layer to the code, and the same back. Radford et al.,
 * ICLR 2016, give the pattern of the layers.
 */
import * as tf from '@tensorflow/tfjs-core';
import { convolve, convolveUp, leaky, type Take } from './layers.js';
import { bias, filter, type Parameter, transposedFilter } from './parameters.js';
import { channelsOf, type PictureShape, type Side, sidesOf } from './picture-shape.js';

const SIDE = 4;

/** A stage halves the picture: a filter and a bias each. */
export function plainEncoder(shape: PictureShape): Parameter[] {
  const channels = channelsOf(shape);
  return shape.stages.flatMap((to, i) => [filter(channels[i] as number, to, SIDE), bias(to)]);
}

/** The stages back, the last one to the picture's own channels. */
export function plainDecoder(shape: PictureShape): Parameter[] {
  const channels = channelsOf(shape).reverse();
  return channels.slice(1).flatMap((to, i) => [transposedFilter(channels[i] as number, to, SIDE), bias(to)]);
}

/** Picture (N, H, W, C) → (N, h, w, c) of the last stage. */
export function plainEncode(picture: tf.Tensor4D, shape: PictureShape, take: Take): tf.Tensor4D {
  let h = picture;
  for (const _ of shape.stages) h = leaky(tf.add(convolve(h, take(), 2), take()));
  return h;
}

/** (N, h, w, c) of the last stage → reconstructed picture, linear. */
export function plainDecode(last: tf.Tensor4D, shape: PictureShape, take: Take): tf.Tensor4D {
  const sides = sidesOf(shape);
  let h = last;
  for (let i = shape.stages.length - 1; i >= 0; i--) {
    const up = tf.add(convolveUp(h, take(), sides[i] as Side), take()) as tf.Tensor4D;
    h = i === 0 ? up : leaky(up);
  }
  return h;
}
