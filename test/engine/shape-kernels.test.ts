import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { expectSameGradients, expectSameValues } from './agreement.js';
import { anyShape, RUNS, someShape, tensorOf } from './arbitrary.js';

type Op = (x: tf.Tensor) => tf.Tensor[];

/** A tensor, and an op made for its shape with the help of a seed. */
function property(make: (shape: readonly number[], seed: number) => Op, shapes = someShape, gradients = true) {
  const sample = shapes.chain((shape) => fc.tuple(tensorOf(shape), fc.nat({ max: 1000 })));
  return fc.assert(
    fc.asyncProperty(sample, ([x, seed]) => {
      const op = make(x.shape, seed);
      const fn = ([t]: tf.Tensor[]) => op(t as tf.Tensor);
      return gradients ? expectSameGradients(fn, [x]) : expectSameValues(fn, [x]);
    }),
    RUNS,
  );
}

/** tfjs cannot differentiate an unstack into one part. */
const parts = (x: tf.Tensor, axis: number) => ((x.shape[axis] ?? 1) > 1 ? tf.unstack(x, axis) : []);

const size = (shape: readonly number[]) => shape.reduce((product, length) => product * length, 1);
const rotated = (shape: readonly number[], seed: number) => shape.map((_, i) => (i + seed) % shape.length);
const axisOf = (shape: readonly number[], seed: number) => seed % shape.length;

describe('shape kernels agree with tfjs in values and gradients', () => {
  it('reshape and expandDims', () =>
    property((shape, seed) => (x) => [
      tf.reshape(x, [size(shape)]),
      tf.reshape(x, [1, -1, 1]),
      tf.expandDims(x, axisOf(shape, seed)),
      tf.expandDims(x, -1),
      tf.squeeze(tf.expandDims(x, 0)),
    ]));

  it('transpose, twice, and through elementwise operators', () =>
    property((shape, seed) => (x) => {
      const order = rotated(shape, seed);
      const turned = tf.transpose(x, order);
      return [turned, tf.transpose(tf.tanh(turned), order), tf.add(turned, tf.transpose(tf.exp(x), order))];
    }));

  it('concat, stack, unstack and split', () =>
    property((shape, seed) => (x) => {
      const axis = axisOf(shape, seed);
      const double = tf.concat([x, tf.mul(x, 2)], axis);
      const [first, second] = tf.split(double, 2, axis) as [tf.Tensor, tf.Tensor];
      const uneven = tf.split(double, [1, (shape[axis] ?? 1) * 2 - 1], axis);
      return [double, tf.mul(first, second), ...uneven, tf.stack([x, x, tf.neg(x)], axis), ...parts(x, axis)];
    }));

  it('concat, slice, split and pad of transposed tensors', () =>
    property((shape, seed) => (x) => {
      const y = tf.transpose(x, rotated(shape, 1 + seed));
      const axis = axisOf(shape, seed);
      const [, second] = tf.split(tf.concat([y, tf.mul(y, 3)], axis), 2, axis);
      const begin = y.shape.map((length) => Math.min(1, length - 1));
      const padded = tf.pad(y, y.shape.map((_, i) => [i % 2, 1]) as [number, number][], 0.5);
      return [second as tf.Tensor, tf.slice(y, begin), padded];
    }));

  it('slice, pad, tile and broadcast', () =>
    property((shape, seed) => (x) => {
      const begin = shape.map((length, i) => (seed + i) % length);
      const paddings = shape.map((_, i) => [(seed + i) % 3, i % 2]) as [number, number][];
      const repeats = shape.map((_, i) => 1 + ((seed + i) % 2));
      return [
        tf.slice(x, begin),
        tf.slice(
          x,
          shape.map(() => 0),
          shape.map(() => 1),
        ),
        tf.pad(x, paddings, -1.5),
        tf.tile(x, repeats),
        tf.broadcastTo(tf.sum(x, axisOf(shape, seed), true), [...shape]),
      ];
    }));

  it('reverse', () => property((shape, seed) => (x) => [tf.reverse(x, axisOf(shape, seed)), tf.reverse(x)]));

  it('gather', () =>
    property((shape, seed) => (x) => {
      const axis = axisOf(shape, seed);
      const indices = Array.from({ length: 5 }, (_, i) => (i * 7 + seed) % (shape[axis] ?? 1));
      return [tf.gather(x, tf.tensor1d(indices, 'int32'), axis)];
    }));

  it('oneHot, also of indices outside', () =>
    property(
      () => (x) => {
        const indices = tf.cast(tf.round(x), 'int32');
        return [tf.oneHot(indices as tf.Tensor1D, 3), tf.oneHot(indices as tf.Tensor1D, 2, 5, -1)];
      },
      anyShape,
      false,
    ));

  it('fill', () => property((shape) => (x) => [tf.add(x, tf.fill([...shape], 2.5)), tf.fill([...shape], 7)]));
});

describe('reductions agree with tfjs in values and gradients', () => {
  const reductions: [string, (x: tf.Tensor, axis?: number | number[], keep?: boolean) => tf.Tensor][] = [
    ['sum', tf.sum],
    ['mean', tf.mean],
    ['max', tf.max],
    ['min', tf.min],
  ];
  it.each(reductions)('%s over one axis, several and all, of plain and transposed tensors', (_name, reduce) =>
    property((shape, seed) => (x) => {
      const axis = axisOf(shape, seed);
      const several = shape.map((_, i) => i).filter((i) => i % 2 === seed % 2);
      const turned = tf.transpose(x, rotated(shape, seed));
      return [
        reduce(x),
        reduce(x, axis, true),
        reduce(x, several),
        reduce(turned, axis),
        reduce(turned, several, true),
      ];
    }),
  );

  it('sum of integers and booleans, all and any', () =>
    property(
      (shape, seed) => (x) => {
        const axis = axisOf(shape, seed);
        const hit = tf.greater(x, 0);
        return [
          tf.sum(tf.cast(x, 'int32')),
          tf.sum(hit, axis),
          tf.all(hit),
          tf.all(hit, axis, true),
          tf.any(hit, axis),
        ];
      },
      someShape,
      false,
    ));

  it('argMax and argMin', () =>
    property(
      (shape, seed) => (x) => [tf.argMax(x, axisOf(shape, seed)), tf.argMin(x, axisOf(shape, seed))],
      someShape,
      false,
    ));

  it('softmax, logSoftmax, logSumExp, norm and cumsum', () =>
    property((shape, seed) => (x) => {
      const axis = axisOf(shape, seed);
      // tfjs differentiates a cumsum along the last axis only.
      const last = shape.length - 1;
      const cumulated = [tf.cumsum(x, last), tf.cumsum(x, last, true), tf.cumsum(x, last, false, true)];
      return [tf.softmax(x), tf.logSoftmax(x), tf.logSumExp(x, axis), tf.norm(x, 2, axis), ...cumulated];
    }));

  it('cumsum along any axis', () =>
    property(
      (shape, seed) => (x) => [tf.cumsum(x, axisOf(shape, seed)), tf.cumsum(x, 0, true, true)],
      someShape,
      false,
    ));

  it('mean and sum of a repeated constant', () =>
    property((shape) => (x) => [tf.add(x, tf.mean(tf.fill([...shape], 3))), tf.mul(x, tf.sum(tf.ones([...shape])))]));
});

describe('matrix products agree with tfjs in values and gradients', () => {
  const sizes = fc.tuple(...[1, 2, 3, 4].map(() => fc.integer({ min: 1, max: 5 })));

  it.each([
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ])('matMul, transposeA %s, transposeB %s, of matrices and of stacks', async (ta, tb) => {
    const sample = sizes.chain(([k = 1, n = 1, m = 1, p = 1]) => {
      const a = ta ? [m, n] : [n, m];
      const b = tb ? [p, m] : [m, p];
      return fc.tuple(tensorOf(a), tensorOf(b), tensorOf([k, ...a]), tensorOf([k, ...b]));
    });
    const fn = ([a, b, c, d]: tf.Tensor[]) => [
      tf.matMul(a as tf.Tensor, b as tf.Tensor, ta, tb),
      tf.matMul(c as tf.Tensor, d as tf.Tensor, ta, tb),
    ];
    await fc.assert(
      fc.asyncProperty(sample, (inputs) => expectSameGradients(fn, inputs)),
      RUNS,
    );
  });

  it('a product with a constant made of one number', () =>
    property(
      ([, m = 1]) =>
        (x) => [tf.matMul(x, tf.fill([m, 3], 0.5)), tf.matMul(tf.ones([2, x.shape[0] ?? 1]), x)],
      fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 2 }),
    ));
});
