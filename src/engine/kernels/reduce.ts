import * as tf from '@tensorflow/tfjs-core';
import type { Algebra } from '../algebra.js';
import type { Value } from '../graph.js';
import { normaliseAxes, reducedShape } from '../shapes.js';
import { register } from './kernel.js';

const reductions: Record<string, string> = {
  [tf.Sum]: 'ReduceSum',
  [tf.Mean]: 'ReduceMean',
  [tf.Max]: 'ReduceMax',
  [tf.Min]: 'ReduceMin',
};

export function registerReduce(): void {
  for (const [name, op] of Object.entries(reductions)) {
    register(name, (call) => {
      const x = call.input('x');
      const numbers = x.dtype === 'bool' ? call.algebra.cast(x, 'int32') : x;
      return call.algebra.reduce(op, numbers, axesOf(call.attributes), call.flag('keepDims'));
    });
  }
  register(tf.All, (call) => reduceBool(call.algebra, 'ReduceMin', call.input('x'), call.attributes));
  register(tf.Any, (call) => reduceBool(call.algebra, 'ReduceMax', call.input('x'), call.attributes));
  register(tf.ArgMax, (call) => argument(call.algebra, 'ArgMax', call.input('x'), call.number('axis')));
  register(tf.ArgMin, (call) => argument(call.algebra, 'ArgMin', call.input('x'), call.number('axis')));
  register(tf.Softmax, (call) => alongLast(call.algebra, 'Softmax', call.input('logits')));
  register(tf.LogSoftmax, (call) => alongLast(call.algebra, 'LogSoftmax', call.input('logits')));
  register(tf.Cumsum, (call) => {
    const x = call.algebra.materialise(call.input('x'));
    const [axis] = normaliseAxes(call.number('axis'), x.shape.length);
    const attributes = {
      axis: axis ?? 0,
      exclusive: call.flag('exclusive') ? 1 : 0,
      reverse: call.flag('reverse') ? 1 : 0,
    };
    return call.algebra.raw('CumSum', [x], attributes, x.shape, x.dtype);
  });
}

function axesOf(attributes: Readonly<Record<string, unknown>>): number[] | number | undefined {
  const axes = attributes.axis ?? attributes.reductionIndices;
  return axes === undefined || axes === null ? undefined : (axes as number[] | number);
}

function reduceBool(algebra: Algebra, op: string, x: Value, attributes: Readonly<Record<string, unknown>>): Value {
  const numbers = algebra.cast(x, 'int32');
  return algebra.cast(algebra.reduce(op, numbers, axesOf(attributes), attributes.keepDims === true), 'bool');
}

function argument(algebra: Algebra, op: string, x: Value, axis: number): Value {
  const axes = normaliseAxes(axis, x.shape.length);
  const shape = reducedShape(x.shape, axes, false);
  const found = algebra.raw(op, [algebra.materialise(x)], { axis: axes[0] ?? 0, keepdims: 0 }, shape, 'int64');
  return algebra.cast(found, 'int32');
}

function alongLast(algebra: Algebra, op: string, x: Value): Value {
  return algebra.raw(op, [algebra.materialise(x)], { axis: -1 }, x.shape, 'float32');
}
