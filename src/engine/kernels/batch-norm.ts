import * as tf from '@tensorflow/tfjs-core';
import type { Value } from '../graph.js';
import { type KernelCall, register } from './kernel.js';

export function registerBatchNorm(): void {
  register(tf.FusedBatchNorm, batchNorm);
}

/** (x − mean) / √(variance + ε) · scale + offset; the factors of a channel are joined first, so x is touched twice. */
function batchNorm(call: KernelCall): Value {
  const { algebra } = call;
  const [x, mean, variance] = [call.input('x'), call.input('mean'), call.input('variance')];
  const epsilon = algebra.scalar(call.number('varianceEpsilon'));
  const inverse = algebra.unary('Reciprocal', algebra.unary('Sqrt', algebra.binary('Add', variance, epsilon)));
  const scaled = call.has('scale') ? algebra.binary('Mul', inverse, call.input('scale')) : inverse;
  const normalised = algebra.binary('Mul', algebra.binary('Sub', x, mean), scaled);
  return call.has('offset') ? algebra.binary('Add', normalised, call.input('offset')) : normalised;
}
