/** Energies of standardised rows, written in TensorFlow.js and recorded as ONNX. */
import * as tf from '@tensorflow/tfjs-core';
import type { InputTransform } from '../input-transform.js';
import { recordScoring } from '../recorded.js';
import { transformInGraph } from '../transform-graph.js';

/**
 * @param energyOf transformed rows (N, P), and (N, 1) where the transform cuts a part off → energy (N) or (N, 1)
 * @returns raw rows "rows" → "energy", as ONNX
 */
export function recordEnergy(
  scorer: string,
  transform: InputTransform,
  energyOf: (x: tf.Tensor2D, outside: tf.Tensor2D | null) => tf.Tensor,
): Uint8Array {
  const energy = ([rows]: tf.Tensor[]): tf.Tensor[] => {
    const [x, outside] = transformInGraph(rows as tf.Tensor2D, transform);
    return [tf.reshape(energyOf(x as tf.Tensor2D, (outside as tf.Tensor2D) ?? null), [-1])];
  };
  return recordScoring(scorer, transform.width, energy, ['energy']);
}

/** ‖a‖² of every row (N, 1). */
export const squaredNorms = (a: tf.Tensor2D): tf.Tensor => tf.sum(tf.square(a), 1, true);
