import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { trace } from '../../src/engine/index.js';
import { graphMessage } from '../../src/engine/serialise.js';
import { countOperators, expectSameGradients, expectSameValues } from './agreement.js';
import { RUNS, tensorOf } from './arbitrary.js';

const small = (max: number, min = 1) => fc.integer({ min, max });
const padding = fc.constantFrom<'same' | 'valid' | number>('same', 'valid', 1);

/** Sizes of a convolution that has at least one output. */
const convolution = fc
  .record({
    rows: small(2),
    height: small(7, 3),
    width: small(7, 3),
    inputs: small(3),
    outputs: small(3),
    kernelHeight: small(3),
    kernelWidth: small(3),
    strideHeight: small(3),
    strideWidth: small(3),
    pad: padding,
  })
  .chain((sizes) =>
    fc.tuple(
      fc.constant(sizes),
      tensorOf([sizes.rows, sizes.height, sizes.width, sizes.inputs]),
      tensorOf([sizes.kernelHeight, sizes.kernelWidth, sizes.inputs, sizes.outputs]),
    ),
  );

describe('convolutions agree with tfjs in values and gradients', () => {
  it('conv2d over strides, paddings and odd sizes', async () => {
    await fc.assert(
      fc.asyncProperty(convolution, ([{ strideHeight, strideWidth, kernelHeight, kernelWidth, pad }, x, filter]) => {
        // With a number as padding tfjs takes kernel and strides to be square.
        fc.pre(typeof pad === 'string' || (strideHeight === strideWidth && kernelHeight === kernelWidth));
        const fn = ([image, kernel]: tf.Tensor[]) => [
          tf.conv2d(image as tf.Tensor4D, kernel as tf.Tensor4D, [strideHeight, strideWidth], pad),
        ];
        return expectSameGradients(fn, [x, filter], 1e-3);
      }),
      { ...RUNS, numRuns: 40 },
    );
  });

  it('dilated conv2d in its values', async () => {
    await fc.assert(
      fc.asyncProperty(convolution, ([{ kernelHeight, kernelWidth }, x, filter]) => {
        fc.pre((x.shape[1] ?? 0) > 2 * kernelHeight && (x.shape[2] ?? 0) > 2 * kernelWidth);
        const fn = ([image, kernel]: tf.Tensor[]) => [
          tf.conv2d(image as tf.Tensor4D, kernel as tf.Tensor4D, 1, 'valid', 'NHWC', 2),
        ];
        return expectSameValues(fn, [x, filter], 1e-4);
      }),
      RUNS,
    );
  });

  it('conv2dTranspose up to even and odd sizes', async () => {
    const sample = fc
      .record({
        rows: small(2),
        size: small(4),
        inputs: small(3),
        outputs: small(3),
        kernel: small(4, 2),
        odd: fc.boolean(),
      })
      .chain((sizes) =>
        fc.tuple(
          fc.constant(sizes),
          tensorOf([sizes.rows, sizes.size, sizes.size, sizes.inputs]),
          tensorOf([sizes.kernel, sizes.kernel, sizes.outputs, sizes.inputs]),
        ),
      );
    await fc.assert(
      fc.asyncProperty(sample, ([{ rows, size, outputs, odd }, x, filter]) => {
        const to = size * 2 - (odd ? 1 : 0);
        const fn = ([image, kernel]: tf.Tensor[]) => [
          tf.conv2dTranspose(image as tf.Tensor4D, kernel as tf.Tensor4D, [rows, to, to, outputs], 2, 'same'),
        ];
        return expectSameGradients(fn, [x, filter], 1e-3);
      }),
      { ...RUNS, numRuns: 20 },
    );
  });

  it('batchNorm with and without scale and offset', async () => {
    const sample = fc.array(small(3), { minLength: 4, maxLength: 4 }).chain((shape) => {
      const channels = shape.slice(-1);
      const vectors = [1, 2, 3].map(() => tensorOf(channels));
      return fc.tuple(tensorOf(shape), tensorOf(channels, { min: 0.5, max: 2 }), ...vectors);
    });
    const fn = ([x, variance, mean, offset, scale]: tf.Tensor[]) => [
      tf.batchNorm(
        x as tf.Tensor4D,
        mean as tf.Tensor1D,
        variance as tf.Tensor1D,
        offset as tf.Tensor1D,
        scale as tf.Tensor1D,
        1e-3,
      ),
    ];
    const bare = ([x, variance, mean]: tf.Tensor[]) => [
      tf.batchNorm(x as tf.Tensor4D, mean as tf.Tensor1D, variance as tf.Tensor1D),
    ];
    // tfjs cannot differentiate a batchNorm without scale.
    await fc.assert(
      fc.asyncProperty(sample, (inputs) => expectSameValues(bare, inputs.slice(0, 3), 1e-4)),
      RUNS,
    );
    await fc.assert(
      fc.asyncProperty(sample, (inputs) => expectSameGradients(fn, inputs, 1e-3)),
      RUNS,
    );
  });

  it('resizeNearestNeighbor to whole and broken multiples, smaller and larger', async () => {
    const sample = fc
      .record({
        rows: small(2),
        height: small(5),
        width: small(5),
        channels: small(3),
        to: fc.tuple(small(10), small(10)),
        mode: fc.constantFrom('plain', 'corners', 'half'),
      })
      .chain((sizes) =>
        fc.tuple(fc.constant(sizes), tensorOf([sizes.rows, sizes.height, sizes.width, sizes.channels])),
      );
    await fc.assert(
      fc.asyncProperty(sample, ([{ rows, height, width, to, mode }, x]) => {
        // tfjs's gradient never ends where corners of one pixel are aligned.
        fc.pre(mode !== 'corners' || (height > 1 && width > 1));
        const fn = ([image]: tf.Tensor[]) => [
          tf.image.resizeNearestNeighbor(image as tf.Tensor4D, to, mode === 'corners', mode === 'half'),
        ];
        // tfjs's own gradient ignores half pixel centres, and mixes up the rows of a batch.
        const differentiable = mode !== 'half' && rows === 1;
        return differentiable ? expectSameGradients(fn, [x]) : expectSameValues(fn, [x]);
      }),
      { ...RUNS, numRuns: 30 },
    );
  });
});

describe('layout', () => {
  it('records no transpose between convolutions, biases and activations', () => {
    const fn = ([x, a, b, bias]: tf.Tensor[]) => {
      const first = tf.leakyRelu(tf.add(tf.conv2d(x as tf.Tensor4D, a as tf.Tensor4D, 2, 'same'), bias as tf.Tensor));
      const second = tf.tanh(tf.conv2d(first as tf.Tensor4D, b as tf.Tensor4D, 2, 'same'));
      return [tf.mean(second, [1, 2])];
    };
    const specs = [
      { name: 'x', shape: [2, 8, 8, 3], dtype: 'float32' as const },
      { name: 'a', shape: [3, 3, 3, 4], dtype: 'float32' as const },
      { name: 'b', shape: [3, 3, 4, 5], dtype: 'float32' as const },
      { name: 'bias', shape: [4], dtype: 'float32' as const },
    ];
    // One for the image and one for each filter.
    expect(countOperators(trace(fn, specs, ['y'])).get('Transpose')).toBe(3);
  });

  it('records the gradient of a leaky ReLU without Where, and outputs without copies', () => {
    const loss = (x: tf.Tensor) =>
      tf.sum(tf.square(tf.leakyRelu(tf.conv2d(x as tf.Tensor4D, tf.ones([3, 3, 2, 2]), 1, 'same'), 0.2)));
    const fn = ([x]: tf.Tensor[]) => [tf.grad(loss)(x as tf.Tensor)];
    const graph = trace(fn, [{ name: 'x', shape: [2, 8, 8, 2], dtype: 'float32' }], ['y']);
    expect(countOperators(graph).has('Where')).toBe(false);
    expect(countOperators(graph).has('Max')).toBe(true);
    const names = graphMessage(graph, 'g', '').node.map(({ opType }) => opType);
    expect(names).not.toContain('Identity');
  });

  it('copies an output that is an input, a constant or named already', async () => {
    const fn = ([x]: tf.Tensor[]) => {
      const y = tf.neg(x as tf.Tensor);
      return [x as tf.Tensor, tf.ones([2]), y, tf.clone(y), ...tf.split(x as tf.Tensor, 2)];
    };
    await expectSameValues(fn, [{ data: Float32Array.of(3, 4), shape: [2] }]);
  });
});
