/** Energies of standardised rows, written in TensorFlow.js and recorded as ONNX. */
import * as tf from '@tensorflow/tfjs-core';
import { serialise, traceBatched } from '../../engine/index.js';
import type { InputTransform } from '../input-transform.js';

export const vector = (values: ArrayLike<number>): tf.Tensor1D => tf.tensor1d(Float32Array.from(values));

/** @param energyOf standardised rows (N, W) → energy (N) or (N, 1)   @returns raw rows "rows" → "energy", as ONNX */
export function recordEnergy(
  scorer: string,
  { width, shift, scale, clip }: InputTransform,
  energyOf: (x: tf.Tensor2D) => tf.Tensor,
): Uint8Array {
  const energy = ([rows]: tf.Tensor[]): tf.Tensor[] => {
    const centred = tf.sub(rows as tf.Tensor, vector(shift));
    const x = tf.clipByValue(tf.mul(centred, vector(scale)), -clip, clip) as tf.Tensor2D;
    return [tf.reshape(energyOf(x), [-1])];
  };
  const input = { name: 'rows', shape: [-1, width], dtype: 'float32' } as const;
  return serialise(traceBatched(energy, [input], ['energy']), { scorer });
}

/** ‖a‖² of every row (N, 1). */
export const squaredNorms = (a: tf.Tensor2D): tf.Tensor => tf.sum(tf.square(a), 1, true);
