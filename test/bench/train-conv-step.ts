import * as tf from '@tensorflow/tfjs-core';
import { type HostTensor, openTrainLoop, type StepSpec } from '../../src/engine/index.js';
import { adam, flatten, joined, views } from '../engine/adam.js';
import { medianMs, uniforms } from './numbers.js';

const CHANNELS = [3, 32, 64, 128, 256];
const SIDE = 64;
const BATCH = 32;
const STEPS = 4;

/**
 * Milliseconds of one training step (median of `runs`) of an autoencoder 3-32-64-128-256, 4×4 stride 2, mirrored,
 * leaky ReLU, sigmoid out, batch 32 of 64×64×3, Adam: `STEPS` of them are one native call.
 */
export async function trainConvStep(threads = 1, runs = 5): Promise<number> {
  const loop = await openTrainLoop(convStep(), { threads });
  const indices = BigInt64Array.from({ length: STEPS * BATCH }, (_, i) => BigInt(i % BATCH));
  const milliseconds = await medianMs(() => loop.run(indices), 1, runs);
  await loop.close();
  return milliseconds / STEPS;
}

/** The step. Filters are kept as (out, in, kH, kW), which costs no transposes. */
export function convStep(): StepSpec {
  const { vector, layout } = flatten(convParameters());
  const zeros = (): HostTensor => ({ data: new Float32Array(layout.size), shape: [layout.size] });
  return {
    state: [vector, zeros(), zeros(), { data: new Float32Array(1), shape: [] }],
    data: [{ data: uniforms(BATCH * SIDE * SIDE * 3, 7), shape: [BATCH, SIDE, SIDE, 3] }],
    batchRows: BATCH,
    metricNames: ['loss'],
    step: ([p, m, v, t], [x]) => {
      const image = x as tf.Tensor4D;
      const loss = (...params: tf.Tensor[]) =>
        tf.mean(tf.squaredDifference(autoencode(image, params), image)) as tf.Scalar;
      const { value, grads } = tf.valueAndGrads(loss)(views(p as tf.Tensor, layout));
      const memory = { m: [m as tf.Tensor], v: [v as tf.Tensor], t: t as tf.Tensor };
      const after = adam([p as tf.Tensor], [joined(grads)], memory, { learningRate: 1e-3 });
      return { state: [...after.params, ...after.m, ...after.v, after.t], metrics: [value] };
    },
  };
}

function convParameters(): HostTensor[] {
  const pairs = CHANNELS.slice(1).map((to, i) => [CHANNELS[i] ?? 1, to] as const);
  const filters = (mirrored: boolean) =>
    pairs.flatMap(([from, to], i): HostTensor[] => {
      const size = to * from * 16;
      const limit = 1 / Math.sqrt((mirrored ? to : from) * 16);
      const data = uniforms(size, i + (mirrored ? 100 : 1)).map((u) => (2 * u - 1) * limit);
      const bias = mirrored ? from : to;
      return [
        { data, shape: [to, from, 4, 4] },
        { data: new Float32Array(bias), shape: [bias] },
      ];
    });
  return [...filters(false), ...filters(true)];
}

function autoencode(image: tf.Tensor4D, params: readonly tf.Tensor[]): tf.Tensor {
  const filter = (index: number) => tf.transpose(params[index] as tf.Tensor4D, [2, 3, 1, 0]) as tf.Tensor4D;
  const bias = (index: number) => params[index + 1] as tf.Tensor;
  const layers = CHANNELS.length - 1;
  let h = image;
  for (let i = 0; i < layers; i++) {
    h = tf.leakyRelu(tf.add(tf.conv2d(h, filter(2 * i), 2, 'same'), bias(2 * i)), 0.2) as tf.Tensor4D;
  }
  for (let i = layers - 1; i >= 0; i--) {
    const index = 2 * (layers + i);
    const side = h.shape[1] * 2;
    const up = tf.conv2dTranspose(h, filter(index), [BATCH, side, side, CHANNELS[i] ?? 3], 2, 'same');
    const sum = tf.add(up, bias(index)) as tf.Tensor4D;
    h = (i === 0 ? tf.sigmoid(sum) : tf.leakyRelu(sum, 0.2)) as tf.Tensor4D;
  }
  return h;
}
