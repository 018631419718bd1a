import * as tf from '@tensorflow/tfjs-core';
import type { Algebra } from '../algebra.js';
import type { Value } from '../graph.js';
import { register } from './kernel.js';

export function registerMatMul(): void {
  register(tf.BatchMatMul, (call) => {
    const { algebra } = call;
    const a = call.flag('transposeA') ? swapLast(algebra, call.input('a')) : call.input('a');
    const b = call.flag('transposeB') ? swapLast(algebra, call.input('b')) : call.input('b');
    return algebra.matMul(a, b);
  });
}

/** Swaps the last two axes. */
function swapLast(algebra: Algebra, x: Value): Value {
  const rank = x.shape.length;
  const leading = [...Array(rank - 2).keys()];
  return algebra.transpose(x, [...leading, rank - 1, rank - 2]);
}
