import * as tf from '@tensorflow/tfjs-core';
import type { Algebra } from '../algebra.js';
import { arrayOf } from '../builder.js';
import type { Value } from '../graph.js';
import { at } from '../shapes.js';
import { type KernelCall, register } from './kernel.js';

export function registerResize(): void {
  register(tf.ResizeNearestNeighbor, (call) => {
    const [height = 1, width = 1] = call.numbers('size');
    const x = call.algebra.transpose(call.algebra.materialise(call.input('images')), [0, 3, 1, 2]);
    const rows = resizeAxis(call, x, 2, height);
    return call.algebra.transpose(resizeAxis(call, rows, 3, width), [0, 2, 3, 1]);
  });
  register(tf.ResizeNearestNeighborGrad, (call) => {
    const images = call.input('images');
    const dy = call.algebra.transpose(call.algebra.materialise(call.input('dy')), [0, 3, 1, 2]);
    const columns = foldAxis(call, dy, 3, at(images.shape, 2));
    return call.algebra.transpose(foldAxis(call, columns, 2, at(images.shape, 1)), [0, 2, 3, 1]);
  });
}

/** Source index of each of `to` positions over `from` positions, by tfjs's rule. */
function sources(call: KernelCall, from: number, to: number): number[] {
  const corners = call.flag('alignCorners');
  const ratio = corners && to > 1 ? (from - 1) / (to - 1) : from / to;
  const offset = call.flag('halfPixelCenters') ? 0.5 : 0;
  const round = corners ? Math.round : Math.floor;
  return Array.from({ length: to }, (_, index) => Math.max(0, Math.min(from - 1, round(ratio * (index + offset)))));
}

/** A whole factor is a repetition (reshape, broadcast, reshape); any other ratio a gather. */
function resizeAxis(call: KernelCall, x: Value, axis: number, to: number): Value {
  const { algebra } = call;
  const indices = sources(call, at(x.shape, axis), to);
  const factor = wholeFactor(indices, at(x.shape, axis));
  const shape = x.shape.map((size, index) => (index === axis ? to : size));
  if (factor === 1) return x;
  if (factor !== undefined) {
    const split = splitAxis(x.shape, axis, 1);
    const repeated = algebra.expand(algebra.reshape(x, split), splitAxis(x.shape, axis, factor));
    return algebra.reshape(repeated, shape);
  }
  const constant = algebra.builder.constant(arrayOf('int32', indices), [to], 'int32');
  return algebra.raw('Gather', [x, constant], { axis }, shape, x.dtype);
}

/** Adds each position of `dy` to its source: the transpose of `resizeAxis`. */
function foldAxis(call: KernelCall, dy: Value, axis: number, from: number): Value {
  const { algebra } = call;
  const to = at(dy.shape, axis);
  const indices = sources(call, from, to);
  const factor = wholeFactor(indices, from);
  if (factor === 1) return dy;
  if (factor !== undefined) {
    const shape = dy.shape.map((size, index) => (index === axis ? from : size));
    return algebra.reduce('ReduceSum', algebra.reshape(dy, splitAxis(shape, axis, factor)), [axis + 1]);
  }
  return multiplyAxis(algebra, dy, axis, selection(algebra, indices, from));
}

/** (to, from) matrix with a one where a position takes its value from. */
function selection(algebra: Algebra, indices: readonly number[], from: number): Value {
  const ones = new Float32Array(indices.length * from);
  indices.forEach((source, index) => {
    ones[index * from + source] = 1;
  });
  return algebra.builder.constant(ones, [indices.length, from], 'float32');
}

function multiplyAxis(algebra: Algebra, x: Value, axis: number, matrix: Value): Value {
  if (axis === x.shape.length - 1) return algebra.matMul(x, matrix);
  return algebra.matMul(algebra.transpose(matrix, [1, 0]), x);
}

/** The factor by which every source is repeated in order, if there is one. */
function wholeFactor(indices: readonly number[], from: number): number | undefined {
  const factor = indices.length / from;
  const whole = Number.isInteger(factor) && indices.every((source, index) => source === Math.floor(index / factor));
  return whole ? factor : undefined;
}

function splitAxis(shape: readonly number[], axis: number, factor: number): number[] {
  return shape.flatMap((size, index) => (index === axis ? [size, factor] : [size]));
}
