import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { type HostTensor, openEagerTrainLoop, openTrainLoop, type StepSpec, trace } from '../../src/engine/index.js';
import { byBatch, byRunning, followed, initialRunning, watching } from '../../src/scorers/convolutional/batch-norm.js';
import { repeatUp } from '../../src/scorers/convolutional/layers.js';
import {
  autoencoderSize,
  initialPictureAutoencoder,
  initialPictureEstimator,
  normsOf,
} from '../../src/scorers/convolutional/network.js';
import type { Framework, PictureShape } from '../../src/scorers/convolutional/picture-shape.js';
import { pictureSettings } from '../../src/scorers/convolutional/settings.js';
import { jointStep, pretrainStep } from '../../src/scorers/convolutional/steps.js';
import { openRandom } from '../../src/scorers/random.js';
import { countOperators, expectClose, expectSameGradients, onCpu } from '../engine/agreement.js';

const settings = { ...pictureSettings('mel-flat', 1_000), dropout: 0 };
const shapeOf = (framework: Framework, height: number, width: number): PictureShape => ({
  ...{ framework, height, width, channels: 1, stages: [3, 4], code: 2, estimatorHidden: 5, components: 2 },
});
const normals = (shape: number[], seed: number): HostTensor => {
  const random = openRandom(seed, 'normals');
  return { data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()), shape };
};

function specOf(shape: PictureShape, rows: number, phase: 'pretrain' | 'joint'): StepSpec {
  const random = openRandom(1, 'step');
  const autoencoder = initialPictureAutoencoder(shape, random);
  const estimator = phase === 'joint' ? initialPictureEstimator(shape, random) : new Float32Array(0);
  const parameters = Float32Array.from([...autoencoder, ...estimator]);
  const vector = (data: Float32Array): HostTensor => ({ data, shape: [data.length] });
  const zeros = () => vector(new Float32Array(parameters.length));
  const scalar = (): HostTensor => ({ data: new Float32Array(1), shape: [] });
  const running = initialRunning(normsOf(shape));
  return {
    step: (phase === 'joint' ? jointStep : pretrainStep)(shape, settings),
    state: [vector(parameters), zeros(), zeros(), scalar(), scalar(), ...(running.length > 0 ? [vector(running)] : [])],
    data: [normals([2 * rows, shape.height, shape.width, 1], 3)],
    batchRows: rows,
    metricNames: ['loss'],
  };
}

async function expectParity(spec: StepSpec, steps: number): Promise<void> {
  const indices = BigInt64Array.from({ length: steps * spec.batchRows }, (_, i) =>
    BigInt((i * 3) % (2 * spec.batchRows)),
  );
  const [recorded, eager] = [await openTrainLoop(spec), await openEagerTrainLoop(spec, 'cpu')];
  const [a, b] = [await recorded.run(indices), await eager.run(indices)];
  expectClose(a.loss ?? [], b.loss ?? [], 1e-3);
  eager.state().forEach(({ data }, i) => {
    expectClose(recorded.state()[i]?.data as Float32Array, data as Float32Array, 2e-3);
  });
  await recorded.close();
  await eager.close();
}

describe('a training step of pictures', () => {
  it.each([
    ['joint', 12, 16, 12],
    ['pretrain', 3, 11, 9],
  ] as const)(
    'of plain convolutions is the same recorded and eager: %s, %d pictures of %d × %d',
    async (phase, rows, height, width) => expectParity(specOf(shapeOf('plain', height, width), rows, phase), 3),
  );

  // One picture a batch: with more, the cpu backend of tfjs mixes up the rows when it differentiates a repetition.
  it.each([
    [8, 8],
    [11, 9],
  ])('of residual blocks is the same recorded and eager: %d × %d', async (height, width) =>
    expectParity(specOf(shapeOf('residual', height, width), 1, 'pretrain'), 2),
  );

  it.each(['plain', 'residual'] as const)('of a %s network keeps channels first throughout', (framework) => {
    const shape = { ...shapeOf(framework, 16, 16), channels: 3, stages: [4, 6] };
    const { step } = specOf({ ...shape, channels: 3 }, 4, 'pretrain');
    const size = autoencoderSize(shape);
    const running = initialRunning(normsOf(shape)).length;
    const specs = [[size], [size], [size], [], [], ...(running > 0 ? [[running]] : []), [4, 16, 16, 3]];
    const graph = trace(
      (tensors) => {
        const { state, metrics } = step(tensors.slice(0, -1), tensors.slice(-1), []);
        return [...state, ...metrics];
      },
      specs.map((sizes, i) => ({ name: `x${i}`, shape: sizes, dtype: 'float32' as const })),
      specs.map((_, i) => `y${i}`),
    );
    const transposes = countOperators(graph).get('Transpose') ?? 0;
    // Of the pictures, and one for each filter's gradient: transposed filters and 1 × 1 aside.
    expect(transposes).toBeLessThanOrEqual(framework === 'plain' ? 5 : 13);
  });
});

describe('batch normalisation', () => {
  it('has the gradient that tfjs finds by itself', async () => {
    const plain = (x: tf.Tensor): tf.Tensor => {
      const { mean, variance } = tf.moments(x, [0, 1, 2], true);
      return tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, 1e-5)));
    };
    const x = normals([4, 3, 5, 2], 1);
    const weights = tf.tensor(normals([4, 3, 5, 2], 2).data as Float32Array, [4, 3, 5, 2]);
    const gradient = (fn: (x: tf.Tensor4D) => tf.Tensor) => (inputs: tf.Tensor[]) => [
      tf.grad((y: tf.Tensor) => tf.sum(tf.mul(fn(y as tf.Tensor4D), weights)))(inputs[0] as tf.Tensor),
    ];
    const [ours, theirs] = [await onCpu(gradient(byBatch), [x]), await onCpu(gradient(plain), [x])];
    expectClose(ours[0]?.data as Float32Array, theirs[0]?.data as Float32Array, 1e-4);
    await expectSameGradients(([y]) => [byBatch(y as tf.Tensor4D)], [x]);
  });

  it('scores by running statistics as it trained, once they have followed the batches', async () => {
    const x = normals([6, 4, 4, 2], 5);
    const [ours, theirs] = await onCpu(
      ([y]) => {
        const seen: tf.Tensor[] = [];
        const trained = watching(seen)(y as tf.Tensor4D);
        let running: tf.Tensor = tf.tensor1d(initialRunning([2]));
        for (let i = 0; i < 200; i++) running = followed(running, seen, tf.scalar(1));
        return [byRunning(running, [2])(y as tf.Tensor4D), trained];
      },
      [x],
    );
    expectClose(ours?.data as Float32Array, theirs?.data as Float32Array, 1e-4);
  });

  it('leaves its running statistics where a step was skipped, even by values that are not finite', async () => {
    const [after] = await onCpu(
      ([batch]) => [followed(tf.tensor1d([0.5, 2]), [batch as tf.Tensor], tf.scalar(0))],
      [{ data: Float32Array.of(Number.NaN, 3), shape: [2] }],
    );
    expect(after?.data).toEqual(Float32Array.of(0.5, 2));
  });

  it('gives the same before a repetition as after it', async () => {
    const [before, after] = await onCpu(
      ([x]) => {
        const y = x as tf.Tensor4D;
        return [repeatUp(byBatch(y), [8, 6]), byBatch(repeatUp(y, [8, 6]))];
      },
      [normals([3, 4, 3, 2], 8)],
    );
    expectClose(before?.data as Float32Array, after?.data as Float32Array, 1e-5);
  });
});
