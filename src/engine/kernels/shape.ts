import * as tf from '@tensorflow/tfjs-core';
import type { Algebra } from '../algebra.js';
import { arrayOf } from '../builder.js';
import type { Value } from '../graph.js';
import { type HostType, sizeOf } from '../host-tensor.js';
import { at, inverse, normaliseAxes, permute, sameNumbers } from '../shapes.js';
import { type KernelCall, register } from './kernel.js';

export function registerShape(): void {
  register(tf.Reshape, (call) =>
    call.algebra.reshape(call.input('x'), inferShape(call.input('x'), call.numbers('shape'))),
  );
  register(tf.ExpandDims, (call) => {
    const x = call.input('input');
    const axis = call.number('dim');
    const shape = [...x.shape];
    shape.splice(axis < 0 ? axis + x.shape.length + 1 : axis, 0, 1);
    return call.algebra.reshape(x, shape);
  });
  register(tf.Transpose, (call) => call.algebra.transpose(call.input('x'), call.numbers('perm')));
  register(tf.Concat, (call) => concat(call.algebra, call.inputs, call.number('axis')));
  register(tf.Pack, pack);
  register(tf.Unpack, unpack);
  register(tf.SplitV, split);
  register(tf.Slice, (call) => {
    const x = call.input('x');
    const [begin, size] = tf.slice_util.parseSliceParams(
      { shape: [...x.shape], dtype: 'float32', dataId: {} },
      call.numbers('begin'),
      call.attributes.size as number | number[] | undefined,
    ) as [number[], number[]];
    return slice(call.algebra, x, begin, size);
  });
  register(tf.PadV2, pad);
  register(tf.Tile, (call) => tile(call.algebra, call.input('x'), call.numbers('reps')));
  register(tf.BroadcastTo, (call) => call.algebra.expand(call.input('x'), call.numbers('shape')));
  register(tf.Fill, (call) =>
    call.algebra.builder.fill(call.numbers('shape'), call.number('value'), call.text('dtype', 'float32') as HostType),
  );
  register(tf.ZerosLike, (call) => call.algebra.builder.fill(call.input('x').shape, 0, call.input('x').dtype));
  register(tf.OnesLike, (call) => call.algebra.builder.fill(call.input('x').shape, 1, call.input('x').dtype));
  register(tf.Reverse, reverse);
}

function inferShape(x: Value, shape: readonly number[]): number[] {
  const known = shape.reduce((product, size) => (size < 0 ? product : product * size), 1);
  return shape.map((size) => (size < 0 ? sizeOf(x.shape) / known : size));
}

export function concat(algebra: Algebra, parts: readonly Value[], axis: number): Value {
  const filled = parts.filter((part) => sizeOf(part.shape) > 0);
  const first = at(filled.length > 0 ? filled : parts, 0);
  if (filled.length <= 1) return first;
  const [along = 0] = normaliseAxes(axis, first.shape.length);
  const permutation = sharedPermutation(filled);
  if (permutation) {
    const inner = filled.map((part) => at(part.inputs, 0));
    return algebra.transpose(concat(algebra, inner, at(permutation, along)), permutation);
  }
  const shape = first.shape.map((size, index) =>
    index === along ? filled.reduce((sum, part) => sum + at(part.shape, index), 0) : size,
  );
  const real = filled.map((part) => algebra.materialise(part));
  return algebra.raw('Concat', real, { axis: along }, shape, first.dtype);
}

function sharedPermutation(parts: readonly Value[]): readonly number[] | undefined {
  const first = at(parts, 0).attributes.perm;
  if (!Array.isArray(first)) return undefined;
  const same = parts.every((part) => part.op === 'Transpose' && sameNumbers(part.attributes.perm as number[], first));
  return same ? first : undefined;
}

function pack(call: KernelCall): Value {
  const parts = call.inputs;
  const rank = at(parts, 0).shape.length + 1;
  const axis = call.number('axis') < 0 ? call.number('axis') + rank : call.number('axis');
  const widened = parts.map((part) => {
    const shape = [...part.shape];
    shape.splice(axis, 0, 1);
    return call.algebra.reshape(part, shape);
  });
  return concat(call.algebra, widened, axis);
}

function unpack(call: KernelCall): Value[] {
  const x = call.input('value');
  const [axis = 0] = normaliseAxes(call.number('axis'), x.shape.length);
  const shape = x.shape.filter((_, index) => index !== axis);
  const sizes = new Array<number>(at(x.shape, axis)).fill(1);
  return splitAlong(call.algebra, x, axis, sizes).map((piece) => call.algebra.reshape(piece, shape));
}

function split(call: KernelCall): Value[] {
  const x = call.input('x');
  const [axis = 0] = normaliseAxes(call.number('axis'), x.shape.length);
  const total = at(x.shape, axis);
  const asked = call.attributes.numOrSizeSplits;
  const listed =
    typeof asked === 'number' ? new Array<number>(asked).fill(total / asked) : call.numbers('numOrSizeSplits');
  const known = listed.reduce((sum, size) => sum + Math.max(size, 0), 0);
  const sizes = listed.map((size) => (size < 0 ? total - known : size));
  return splitAlong(call.algebra, x, axis, sizes);
}

/** Consecutive parts along one axis. */
function splitAlong(algebra: Algebra, x: Value, axis: number, sizes: readonly number[]): Value[] {
  if (sizes.length === 1) return [x];
  const shapes = sizes.map((size) => x.shape.map((length, index) => (index === axis ? size : length)));
  const inner = x.inputs[0];
  if (x.op === 'Transpose' && inner) {
    const permutation = x.attributes.perm as readonly number[];
    const parts = splitAlong(algebra, inner, at(permutation, axis), sizes);
    return parts.map((piece) => algebra.transpose(piece, permutation));
  }
  if (x.data?.length === 1) return shapes.map((shape) => algebra.builder.fill(shape, Number(x.data?.[0]), x.dtype));
  const pieces = algebra.raw('Split', [x], { axis, split: sizes }, x.shape, x.dtype);
  return shapes.map((shape, index) => algebra.raw('Output', [pieces], { index }, shape, x.dtype));
}

/** `size` elements from `begin` on along every axis. */
export function slice(algebra: Algebra, x: Value, begin: readonly number[], size: readonly number[]): Value {
  if (sameNumbers(x.shape, size)) return x;
  if (x.data?.length === 1) return algebra.builder.constant(x.data, size, x.dtype);
  const inner = x.inputs[0];
  if (x.op === 'Transpose' && inner) {
    const permutation = x.attributes.perm as readonly number[];
    const undo = inverse(permutation);
    return algebra.transpose(slice(algebra, inner, permute(begin, undo), permute(size, undo)), permutation);
  }
  const axes = x.shape.flatMap((length, axis) => (length === size[axis] ? [] : [axis]));
  const starts = axes.map((axis) => at(begin, axis));
  const ends = axes.map((axis) => at(begin, axis) + at(size, axis));
  return algebra.raw('Slice', [x], { starts, ends, axes }, size, x.dtype);
}

function pad(call: KernelCall): Value {
  const paddings = call.attributes.paddings as readonly (readonly [number, number])[];
  return padded(call.algebra, call.input('x'), paddings, call.number('constantValue', 0));
}

function padded(algebra: Algebra, x: Value, paddings: readonly (readonly [number, number])[], value: number): Value {
  if (paddings.every(([before, after]) => before === 0 && after === 0)) return x;
  const inner = x.inputs[0];
  if (x.op === 'Transpose' && inner) {
    const permutation = x.attributes.perm as readonly number[];
    const moved = inverse(permutation).map((axis) => at(paddings, axis));
    return algebra.transpose(padded(algebra, inner, moved, value), permutation);
  }
  const shape = x.shape.map((size, axis) => size + at(paddings, axis)[0] + at(paddings, axis)[1]);
  const pads = [...paddings.map(([before]) => before), ...paddings.map(([, after]) => after)];
  return algebra.raw('Pad', [algebra.materialise(x), algebra.scalar(value, x.dtype)], { pads }, shape, x.dtype);
}

function tile(algebra: Algebra, x: Value, repeats: readonly number[]): Value {
  const shape = x.shape.map((size, axis) => size * at(repeats, axis));
  if (x.shape.every((size, axis) => size === 1 || repeats[axis] === 1)) return algebra.expand(x, shape);
  return algebra.raw('Tile', [algebra.materialise(x)], { repeats }, shape, x.dtype);
}

function reverse(call: KernelCall): Value {
  const x = call.algebra.materialise(call.input('x'));
  const axes = normaliseAxes(call.attributes.dims as number[] | undefined, x.shape.length);
  if (axes.length === 0 || x.shape.length === 0) return x;
  return axes.reduce((current, axis) => {
    const last = at(x.shape, axis) - 1;
    const order = arrayOf(
      'int32',
      Array.from({ length: last + 1 }, (_, index) => last - index),
    );
    const indices = call.algebra.builder.constant(order, [last + 1], 'int32');
    return call.algebra.raw('Gather', [current, indices], { axis }, x.shape, x.dtype);
  }, x);
}
