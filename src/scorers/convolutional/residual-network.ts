/**
 * Framework 2: the stages as residual blocks with batch normalisation (He et al., CVPR 2016). Down: 4×4 stride 2, 3×3, beside
 * 1×1 stride 2. Up: 4×4 transposed, 3×3, beside 1×1 repeated to twice the side. The last block's sum is the picture and has
 * no normalisation of its own.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Normaliser } from './batch-norm.js';
import { convolve, convolveUp, leaky, repeatUp, type Take } from './layers.js';
import { bias, filter, gain, type Parameter, transposedFilter } from './parameters.js';
import { channelsOf, type PictureShape, type Side, sidesOf } from './picture-shape.js';

const affine = (channels: number): Parameter[] => [gain(channels), bias(channels)];

/** A stage halves the picture: two filters, and one past them, each with gain and bias. */
export function residualEncoder(shape: PictureShape): Parameter[] {
  const channels = channelsOf(shape);
  return shape.stages.flatMap((to, i) => {
    const from = channels[i] as number;
    return [filter(from, to, 4), ...affine(to), filter(to, to, 3), ...affine(to), filter(from, to, 1), ...affine(to)];
  });
}

/** The stages back; the last one has biases alone. */
export function residualDecoder(shape: PictureShape): Parameter[] {
  const channels = channelsOf(shape).reverse();
  return channels.slice(1).flatMap((to, i) => {
    const from = channels[i] as number;
    const end = i === channels.length - 2 ? [bias(to)] : affine(to);
    return [transposedFilter(from, to, 4), ...affine(to), filter(to, to, 3), ...end, filter(from, to, 1), ...end];
  });
}

/** Channels of each normalisation, in order. */
export function normalisedChannels(shape: PictureShape): number[] {
  const [picture = 1, ...inner] = channelsOf(shape);
  const down = inner.flatMap((to) => [to, to, to]);
  const up = inner
    .slice(0, -1)
    .reverse()
    .flatMap((to) => [to, to, to]);
  return [...down, ...up, picture];
}

/** Picture (N, H, W, C) → (N, h, w, c) of the last stage. */
export function residualEncode(
  picture: tf.Tensor4D,
  shape: PictureShape,
  take: Take,
  normalise: Normaliser,
): tf.Tensor4D {
  const scaled = (x: tf.Tensor4D): tf.Tensor4D => tf.add(tf.mul(normalise(x), take()), take());
  let h = picture;
  for (const _ of shape.stages) {
    const first = leaky(scaled(convolve(h, take(), 2)));
    const second = scaled(convolve(first, take(), 1));
    h = leaky(tf.add(second, scaled(convolve(h, take(), 2))));
  }
  return h;
}

/**
 * (N, h, w, c) of the last stage → reconstructed picture, linear. The shortcut is normalised before it is repeated, which
 * gives the same numbers as after it at a quarter of the work.
 */
export function residualDecode(last: tf.Tensor4D, shape: PictureShape, take: Take, normalise: Normaliser): tf.Tensor4D {
  const sides = sidesOf(shape);
  const scaled = (x: tf.Tensor4D): tf.Tensor4D => tf.add(tf.mul(normalise(x), take()), take());
  let h = last;
  for (let i = shape.stages.length - 1; i >= 0; i--) {
    const side = sides[i] as Side;
    const end = (x: tf.Tensor4D): tf.Tensor4D => (i === 0 ? tf.add(x, take()) : scaled(x));
    const first = leaky(scaled(convolveUp(h, take(), side)));
    const second = end(convolve(first, take(), 1));
    const sum = tf.add(second, repeatUp(end(convolve(h, take(), 1)), side)) as tf.Tensor4D;
    h = i === 0 ? sum : leaky(sum);
  }
  return h;
}
