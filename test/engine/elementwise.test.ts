import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HostData } from '../../src/engine/index.js';
import { expectSameGradients, expectSameValues, recorded } from './agreement.js';
import { anyShape, anyTensor, broadcastPair, type Range, RUNS, tensorOf } from './arbitrary.js';

const all: Range = { min: -3, max: 3 };
const positive: Range = { min: 0.1, max: 4 };
const unit: Range = { min: -0.9, max: 0.9 };

const numbers = (data: HostData): number[] => Array.from(data as Float32Array);

describe('unary kernels agree with tfjs in values and gradients', () => {
  const cases: [string, (x: tf.Tensor) => tf.Tensor, Range][] = [
    ['tanh', tf.tanh, all],
    ['relu', tf.relu, all],
    ['relu6', tf.relu6, { min: -3, max: 9 }],
    ['leakyRelu', (x) => tf.leakyRelu(x, 0.2), all],
    ['leakyRelu steeper below', (x) => tf.leakyRelu(x, 1.5), all],
    ['leakyRelu falling below', (x) => tf.leakyRelu(x, -0.3), all],
    ['elu', tf.elu, all],
    ['softplus', tf.softplus, all],
    ['sigmoid', tf.sigmoid, all],
    ['exp', tf.exp, all],
    ['expm1', tf.expm1, all],
    ['log', tf.log, positive],
    ['log1p', tf.log1p, positive],
    ['sqrt', tf.sqrt, positive],
    ['rsqrt', tf.rsqrt, positive],
    ['reciprocal', tf.reciprocal, positive],
    ['square', tf.square, all],
    ['abs', tf.abs, all],
    ['neg', tf.neg, all],
    ['sign', tf.sign, all],
    ['floor', tf.floor, all],
    ['ceil', tf.ceil, all],
    ['round', tf.round, all],
    ['erf', tf.erf, all],
    ['cos', tf.cos, all],
    ['sin', tf.sin, all],
    ['acos', tf.acos, unit],
    ['asin', tf.asin, unit],
    ['atan', tf.atan, all],
    ['step', (x) => tf.step(x, 0.1), all],
    ['clipByValue', (x) => tf.clipByValue(x, -0.5, 1), all],
    ['identity', (x) => tf.mul(tf.clone(x), 2), all],
    ['zerosLike', (x) => tf.add(tf.zerosLike(x), x), all],
    ['onesLike', (x) => tf.mul(tf.onesLike(x), x), all],
    [
      'pow with constant exponents',
      (x) => tf.addN([tf.pow(x, 1), tf.pow(x, 2), tf.pow(x, 0.5), tf.pow(x, 3)]),
      positive,
    ],
  ];
  it.each(cases)('%s', async (_name, op, range) => {
    await fc.assert(
      fc.asyncProperty(anyTensor(range), (x) => expectSameGradients(([t]) => [op(t as tf.Tensor)], [x], 2e-4)),
      RUNS,
    );
  });

  it('isFinite and isNaN tell the same values apart, and clipping keeps NaN', async () => {
    const odd = { data: Float32Array.of(1, NaN, Infinity, -Infinity, 3.4e38, 0), shape: [6] };
    const fn = ([x]: tf.Tensor[]) =>
      x ? [tf.isFinite(x), tf.isNaN(x), tf.logicalNot(tf.isFinite(x)), tf.clipByValue(x, -1, 2), tf.relu6(x)] : [];
    await expectSameValues(fn, [odd]);
  });
});

describe('binary kernels agree with tfjs in values and gradients, broadcasting', () => {
  const cases: [string, (a: tf.Tensor, b: tf.Tensor) => tf.Tensor, Range][] = [
    ['add', tf.add, all],
    ['sub', tf.sub, all],
    ['mul', tf.mul, all],
    ['div', tf.div, positive],
    ['pow', tf.pow, positive],
  ];
  it.each(cases)('%s', async (_name, op, range) => {
    const pair = broadcastPair.chain(([a, b]) => fc.tuple(tensorOf(a, range), tensorOf(b, range)));
    await fc.assert(
      fc.asyncProperty(pair, (inputs) =>
        expectSameGradients(([a, b]) => [op(a as tf.Tensor, b as tf.Tensor)], inputs, 5e-4),
      ),
      RUNS,
    );
  });

  // tfjs itself differentiates these for equal shapes only: the gradient of a broadcast operand keeps the wrong shape.
  const unbroadcast: [string, (a: tf.Tensor, b: tf.Tensor) => tf.Tensor][] = [
    ['maximum', tf.maximum],
    ['minimum', tf.minimum],
    ['squaredDifference', tf.squaredDifference],
  ];
  it.each(unbroadcast)('%s', async (_name, op) => {
    const fn = ([a, b]: tf.Tensor[]) => [op(a as tf.Tensor, b as tf.Tensor)];
    const pair = broadcastPair.chain(([a, b]) => fc.tuple(tensorOf(a), tensorOf(b)));
    await fc.assert(
      fc.asyncProperty(pair, (inputs) => expectSameValues(fn, inputs)),
      RUNS,
    );
    const same = anyShape.chain((shape) => fc.tuple(tensorOf(shape), tensorOf(shape)));
    await fc.assert(
      fc.asyncProperty(same, (inputs) => expectSameGradients(fn, inputs)),
      RUNS,
    );
  });

  it('where, with a condition that broadcasts or not', async () => {
    const mask = (shape: readonly number[]) =>
      tensorOf(shape).map(({ data }) => ({ data: Uint8Array.from(numbers(data), (v) => Number(v > 0)), shape }));
    const fn = ([c, a, b]: tf.Tensor[]) => [tf.where(c as tf.Tensor, a as tf.Tensor, tf.mul(b as tf.Tensor, 2))];
    const pair = broadcastPair.chain(([a, b]) => fc.tuple(mask(b), tensorOf(a), tensorOf(b)));
    await fc.assert(
      fc.asyncProperty(pair, (inputs) => expectSameValues(fn, inputs)),
      RUNS,
    );
    const same = anyShape.chain((shape) => fc.tuple(mask(shape), tensorOf(shape), tensorOf(shape)));
    await fc.assert(
      fc.asyncProperty(same, (inputs) => expectSameGradients(fn, inputs)),
      RUNS,
    );
  });

  const comparisons: [string, (a: tf.Tensor, b: tf.Tensor) => tf.Tensor][] = [
    ['equal', tf.equal],
    ['notEqual', tf.notEqual],
    ['greater', tf.greater],
    ['greaterEqual', tf.greaterEqual],
    ['less', tf.less],
    ['lessEqual', tf.lessEqual],
    ['floorDiv', (a, b) => tf.floorDiv(a, tf.add(tf.abs(b), 0.7))],
    ['mod', (a, b) => tf.mod(a, tf.add(tf.abs(b), 0.7))],
    ['logicalAnd', (a, b) => tf.logicalAnd(tf.greater(a, 0), tf.greater(b, 0))],
    ['logicalOr', (a, b) => tf.logicalOr(tf.greater(a, 0), tf.greater(b, 0))],
    ['int32 arithmetic', (a, b) => tf.add(tf.mul(tf.cast(a, 'int32'), 3), tf.cast(b, 'int32'))],
    ['boolean as numbers', (a, b) => tf.add(tf.cast(tf.greater(a, b), 'float32'), tf.cast(a, 'bool'))],
  ];
  it.each(comparisons)('%s', async (_name, op) => {
    const rounded = (shape: number[]) =>
      tensorOf(shape, all, 0).map(({ data }) => ({
        data: Float32Array.from(numbers(data), Math.round),
        shape,
      }));
    const pair = broadcastPair.chain(([a, b]) => fc.tuple(rounded(a), rounded(b)));
    await fc.assert(
      fc.asyncProperty(pair, (inputs) => expectSameValues(([a, b]) => [op(a as tf.Tensor, b as tf.Tensor)], inputs)),
      RUNS,
    );
  });

  it('sums a list of tensors', async () => {
    const three = anyShape.chain((shape) => fc.tuple(tensorOf(shape), tensorOf(shape), tensorOf(shape)));
    await fc.assert(
      fc.asyncProperty(three, (inputs) => expectSameGradients((tensors) => [tf.addN(tensors)], inputs)),
      RUNS,
    );
  });
});

describe('constants', () => {
  it('keep their values through folding, neutral elements and signs', async () => {
    const fn = ([x]: tf.Tensor[]): tf.Tensor[] => {
      if (!x) return [];
      const two = tf.fill([3], 2);
      return [
        tf.sub(0, x),
        tf.mul(tf.mul(x, 2), 3),
        tf.add(x, tf.neg(x)),
        tf.sub(x, tf.neg(x)),
        tf.mul(tf.neg(x), 4),
        tf.div(x, 1),
        tf.mul(tf.add(two, 1), tf.ones([3])),
        tf.add(tf.mul(tf.ones([2, 3]), x), tf.zeros([2, 3])),
        tf.neg(tf.neg(x)),
        tf.tensor1d([1, 2, 3]),
        x,
      ];
    };
    await expectSameGradients(fn, [{ data: Float32Array.of(1, -2, 3), shape: [3] }]);
  });

  it('take in a tensor that was made outside, and leave it alive', async () => {
    await tf.setBackend('cpu');
    const outside = tf.tensor1d([10, 20]);
    const [sum] = await recorded(
      ([x]) => [tf.add(x as tf.Tensor, outside)],
      [{ data: Float32Array.of(1, 2), shape: [2] }],
      1,
    );
    expect([...(sum?.data ?? [])]).toEqual([11, 22]);
    expect([...outside.dataSync()]).toEqual([10, 20]);
    outside.dispose();
  });
});
