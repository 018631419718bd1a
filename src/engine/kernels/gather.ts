import * as tf from '@tensorflow/tfjs-core';
import { arrayOf } from '../builder.js';
import type { Value } from '../graph.js';
import type { HostType } from '../host-tensor.js';
import { at, normaliseAxes } from '../shapes.js';
import { TraceError } from '../trace-error.js';
import { type KernelCall, register } from './kernel.js';

export function registerGather(): void {
  register(tf.GatherV2, gather);
  register(tf.OneHot, oneHot);
  register(tf.UnsortedSegmentSum, segmentSum);
}

function gather(call: KernelCall): Value {
  const [x, indices] = [call.input('x'), call.input('indices')];
  if (call.number('batchDims', 0) !== 0) throw new TraceError('GatherV2: batchDims expected 0');
  const [axis = 0] = normaliseAxes(call.number('axis'), x.shape.length);
  const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
  const inputs = [call.algebra.materialise(x), call.algebra.materialise(call.algebra.cast(indices, 'int32'))];
  return call.algebra.raw('Gather', inputs, { axis }, shape, x.dtype);
}

/** An index outside 0…depth−1 gives a row of `offValue`, as in tfjs. */
function oneHot(call: KernelCall): Value {
  const { algebra } = call;
  const indices = call.input('indices');
  const depth = call.number('depth');
  const dtype = call.text('dtype', 'float32') as HostType;
  const range = algebra.builder.constant(arrayOf('int32', [...Array(depth).keys()]), [depth], 'int32');
  const column = algebra.reshape(algebra.cast(indices, 'int32'), [...indices.shape, 1]);
  const hit = algebra.binary('Equal', column, range, 'bool');
  const [on, off] = [call.number('onValue', 1), call.number('offValue', 0)];
  if (on === 1 && off === 0) return algebra.cast(hit, dtype);
  return algebra.select(hit, algebra.scalar(on, dtype), algebra.scalar(off, dtype));
}

/** Gradient of a gather along axis 0: rows of x added up by segment, as a product with the one-hot of the segments. */
function segmentSum(call: KernelCall): Value {
  const { algebra } = call;
  const [x, segments] = [call.input('x'), call.input('segmentIds')];
  const count = call.number('numSegments');
  const rows = at(segments.shape, 0);
  const width = x.shape.slice(1).reduce((product, size) => product * size, 1);
  const range = algebra.builder.constant(arrayOf('int32', [...Array(count).keys()]), [count, 1], 'int32');
  const hit = algebra.binary('Equal', range, algebra.reshape(algebra.cast(segments, 'int32'), [1, rows]), 'bool');
  const flat = algebra.reshape(algebra.cast(x, 'float32'), [rows, width]);
  const summed = algebra.matMul(algebra.cast(hit, 'float32'), flat);
  return algebra.cast(algebra.reshape(summed, [count, ...x.shape.slice(1)]), x.dtype);
}
