/** What the networks are made of, as one flat vector: an optimiser step on it is a dozen nodes. */
import * as tf from '@tensorflow/tfjs-core';
import type { Random } from '../random.js';

/** Filters are (out, in, kH, kW), transposed filters (in, out, kH, kW), as ONNX has them; weights (in, out). */
export interface Parameter {
  readonly shape: readonly number[];
  /** Uniform ± this at the start, or all of one value. */
  readonly start: { readonly limit: number } | { readonly value: number };
}

/** Slope below zero of the leaky ReLU between layers. */
export const LEAK = 0.2;

/** He et al., 2015, for leaky ReLU: variance 2 / ((1 + a²) · inputs of one output). */
const limitFor = (inputs: number): number => Math.sqrt(6 / ((1 + LEAK ** 2) * inputs));

export const filter = (from: number, to: number, side: number): Parameter => ({
  shape: [to, from, side, side],
  start: { limit: limitFor(from * side ** 2) },
});

/** Of a transposed convolution with stride 2, of whose side² taps a quarter meets each output. */
export const transposedFilter = (from: number, to: number, side: number): Parameter => ({
  shape: [from, to, side, side],
  start: { limit: limitFor((from * side ** 2) / 4) },
});

/** Glorot and Bengio, 2010. */
export const weights = (from: number, to: number): Parameter => ({
  shape: [from, to],
  start: { limit: Math.sqrt(6 / (from + to)) },
});

export const bias = (to: number): Parameter => ({ shape: [to], start: { value: 0 } });
export const gain = (to: number): Parameter => ({ shape: [to], start: { value: 1 } });

export const sizeOf = ({ shape }: Parameter): number => shape.reduce((product, side) => product * side, 1);

export const countOf = (parameters: readonly Parameter[]): number =>
  parameters.reduce((sum, parameter) => sum + sizeOf(parameter), 0);

export function initial(parameters: readonly Parameter[], random: Random): Float32Array {
  const out = new Float32Array(countOf(parameters));
  let at = 0;
  for (const parameter of parameters) {
    const { start } = parameter;
    for (const end = at + sizeOf(parameter); at < end; at++)
      out[at] = 'value' in start ? start.value : (2 * random.uniform() - 1) * start.limit;
  }
  return out;
}

/** The tensors of a vector, in order, one Split for all of them. */
export function unpack(vector: tf.Tensor, parameters: readonly Parameter[]): tf.Tensor[] {
  const pieces = tf.split(vector, parameters.map(sizeOf));
  return pieces.map((piece, i) => tf.reshape(piece, [...(parameters[i] as Parameter).shape]));
}
