import * as tf from '@tensorflow/tfjs-core';
import type { HostTensor, StepSpec } from '../../src/engine/index.js';
import { adam, flatten, joined, views } from './adam.js';

/** Training steps that the parity tests run, small enough for tfjs's own cpu backend. Values are fixed waves. */
export interface Example {
  readonly spec: StepSpec;
  readonly indices: BigInt64Array;
  readonly perStep: HostTensor[];
}

function wave(shape: readonly number[], scale: number, phase: number): HostTensor {
  const size = shape.reduce((product, length) => product * length, 1);
  return { data: Float32Array.from({ length: size }, (_, i) => scale * Math.sin(i * 1.37 + phase)), shape };
}

type Forward = (params: tf.Tensor[], batch: tf.Tensor[], perStep: tf.Tensor[]) => tf.Scalar;

/** Loss and Adam on one flat vector of all parameters. */
function specOf(
  params: readonly HostTensor[],
  forward: Forward,
  rest: Pick<StepSpec, 'data' | 'batchRows' | 'perStep'>,
): StepSpec {
  const { vector, layout } = flatten(params);
  const zeros = () => ({ data: new Float32Array(layout.size), shape: [layout.size] });
  return {
    ...rest,
    metricNames: ['loss', 'norm'],
    state: [vector, zeros(), zeros(), { data: Float32Array.of(0), shape: [] }],
    step: ([p, m, v, t], batch, perStep) => {
      const parts = views(p as tf.Tensor, layout);
      const loss = (...changed: tf.Tensor[]) => forward(changed, batch, perStep);
      const { value, grads } = tf.valueAndGrads(loss)(parts);
      const state = { m: [m as tf.Tensor], v: [v as tf.Tensor], t: t as tf.Tensor };
      // A large ε: where gradients are near 0, Adam would divide rounding by rounding.
      const after = adam([p as tf.Tensor], [joined(grads)], state, { learningRate: 1e-3, epsilon: 1e-3, clipNorm: 5 });
      return { state: [...after.params, ...after.m, ...after.v, after.t], metrics: [value, after.norm] };
    },
  };
}

const stepsOf = (rows: number, batchRows: number, steps: number) =>
  BigInt64Array.from({ length: steps * batchRows }, (_, i) => BigInt((i * 7 + 3) % rows));

/** 12-6-2 autoencoder, estimator 4-5-3: J of Zong et al., written plainly (unrolled Cholesky of 4×4). */
export function dagmmStep(): Example {
  const [width, rows, batchRows, steps] = [12, 40, 16, 4];
  const layer = (a: number, b: number, phase: number) => [wave([a, b], 0.5, phase), wave([b], 0.1, phase + 1)];
  const params = [
    ...layer(width, 6, 1),
    ...layer(6, 2, 2),
    ...layer(2, 6, 3),
    ...layer(6, width, 4),
    ...layer(4, 5, 5),
    ...layer(5, 3, 6),
  ];
  const forward: Forward = (p, [x], [mask]) => {
    const dense = (h: tf.Tensor, i: number) =>
      tf.add(tf.matMul(h as tf.Tensor2D, p[i] as tf.Tensor2D), p[i + 1] as tf.Tensor);
    const rowsIn = x as tf.Tensor2D;
    const code = dense(tf.tanh(dense(rowsIn, 0)), 2);
    const back = dense(tf.tanh(dense(code, 4)), 6);
    const residual = tf.sub(rowsIn, back);
    const distance = tf.div(tf.norm(residual, 2, 1, true), tf.norm(rowsIn, 2, 1, true));
    const cosine = tf.div(
      tf.sum(tf.mul(rowsIn, back), 1, true),
      tf.mul(tf.norm(rowsIn, 2, 1, true), tf.norm(back, 2, 1, true)),
    );
    const z = tf.concat([code, distance, cosine], 1) as tf.Tensor2D;
    const gamma = tf.softmax(dense(tf.mul(tf.tanh(dense(z, 8)), mask as tf.Tensor), 10)) as tf.Tensor2D;
    const reconstruction = tf.mean(tf.sum(tf.square(residual), 1));
    const { energy, penalty } = mixture(z, gamma);
    return tf.addN([reconstruction, tf.mul(energy, 0.1), tf.mul(penalty, 0.005)]) as tf.Scalar;
  };
  const mask = Float32Array.from({ length: steps * batchRows * 5 }, (_, i) => (i % 3 === 0 ? 0 : 1.5));
  return {
    spec: specOf(params, forward, {
      data: [wave([rows, width], 1, 0)],
      batchRows,
      perStep: [{ shape: [batchRows, 5] }],
    }),
    indices: stepsOf(rows, batchRows, steps),
    perStep: [{ data: mask, shape: [steps, batchRows, 5] }],
  };
}

/** Mean energy and Σ 1/Σ_jj of a batch. Legend: N rows, K components, D latent size. */
function mixture(z: tf.Tensor2D, gamma: tf.Tensor2D) {
  const [n, d] = z.shape;
  const k = gamma.shape[1];
  const mass = tf.reshape(tf.sum(gamma, 0), [k, 1, 1]);
  const mean = tf.div(tf.reshape(tf.matMul(gamma, z, true), [k, 1, d]), mass);
  const centred = tf.sub(tf.reshape(z, [1, n, d]), mean);
  const weighted = tf.mul(centred, tf.reshape(tf.transpose(gamma), [k, n, 1]));
  const sigma = tf.add(tf.div(tf.matMul(weighted, centred, true), mass), tf.mul(tf.eye(d), 1e-2));
  const entry = (i: number, j: number) => tf.reshape(tf.slice(sigma, [0, i, j], [k, 1, 1]), [k, 1]);
  const column = (j: number) => tf.reshape(tf.slice(centred, [0, 0, j], [k, n, 1]), [k, n]);
  const lower: tf.Tensor[][] = [];
  const solved: tf.Tensor[] = [];
  for (let i = 0; i < d; i++) {
    const row: tf.Tensor[] = [];
    lower.push(row);
    let right = column(i);
    for (let j = 0; j <= i; j++) {
      let sum = entry(i, j);
      for (let s = 0; s < j; s++) sum = tf.sub(sum, tf.mul(row[s] as tf.Tensor, lower[j]?.[s] as tf.Tensor));
      row.push(j === i ? tf.sqrt(sum) : tf.div(sum, lower[j]?.[j] as tf.Tensor));
      if (j < i) right = tf.sub(right, tf.mul(row[j] as tf.Tensor, solved[j] as tf.Tensor));
    }
    solved.push(tf.div(right, row[i] as tf.Tensor));
  }
  const logDiagonal = tf.addN(lower.map((row, i) => tf.log(row[i] as tf.Tensor)));
  const distance = tf.mul(tf.addN(solved.map((s) => tf.square(s))), 0.5);
  const logDensity = tf.sub(tf.sub(tf.log(tf.div(tf.reshape(mass, [k, 1]), n)), logDiagonal), distance);
  const energy = tf.neg(tf.mean(tf.logSumExp(logDensity, 0)));
  const penalty = tf.sum(tf.stack(Array.from({ length: d }, (_, i) => tf.div(1, entry(i, i)))));
  return { energy, penalty };
}

/** 3→4→6 channels, 4×4 stride 2, mirrored, on 8×8 pictures; filters kept as (out, in, kH, kW). */
export function plainConvStep(): Example {
  const [rows, batchRows] = [6, 3];
  const params = [
    wave([4, 3, 4, 4], 0.2, 1),
    wave([4], 0.1, 2),
    wave([6, 4, 4, 4], 0.2, 3),
    wave([6, 4, 4, 4], 0.2, 4),
    wave([4, 3, 4, 4], 0.2, 5),
  ];
  const forward: Forward = ([a, bias, b, c, d], [x]) => {
    const image = x as tf.Tensor4D;
    const first = tf.leakyRelu(tf.add(tf.conv2d(image, filter(a), 2, 'same'), bias as tf.Tensor), 0.2);
    const second = tf.leakyRelu(tf.conv2d(first as tf.Tensor4D, filter(b), 2, 'same'), 0.2) as tf.Tensor4D;
    const third = tf.leakyRelu(
      tf.conv2dTranspose(second, filter(c), [batchRows, 4, 4, 4], 2, 'same'),
      0.2,
    ) as tf.Tensor4D;
    const out = tf.sigmoid(tf.conv2dTranspose(third, filter(d), [batchRows, 8, 8, 3], 2, 'same'));
    return tf.mean(tf.square(tf.sub(out, image))) as tf.Scalar;
  };
  const data = [wave([rows, 8, 8, 3], 0.5, 0)];
  return { spec: specOf(params, forward, { data, batchRows }), indices: stepsOf(rows, batchRows, 3), perStep: [] };
}

/** One residual block down and one up, batch normalisation by the batch's own statistics, shortcuts 1×1 and upsampled. */
export function residualConvStep(): Example {
  // One picture a step: the gradient of tfjs's own cpu resize mixes up the rows of a batch.
  const [rows, batchRows] = [6, 1];
  const params = [
    wave([4, 3, 4, 4], 0.2, 1),
    wave([4, 4, 3, 3], 0.2, 2),
    wave([4, 3, 1, 1], 0.4, 3),
    { data: Float32Array.of(1, 1.1, 0.9, 1.2), shape: [4] },
    wave([4], 0.1, 4),
    wave([3, 4, 3, 3], 0.2, 5),
    wave([3, 4, 1, 1], 0.4, 6),
  ];
  const forward: Forward = ([down, same, shortcut, scale, offset, up, upShortcut], [x]) => {
    const image = x as tf.Tensor4D;
    const norm = (h: tf.Tensor) => {
      const mean = tf.mean(h, [0, 1, 2]) as tf.Tensor1D;
      const variance = tf.mean(tf.square(tf.sub(h, mean)), [0, 1, 2]) as tf.Tensor1D;
      return tf.batchNorm(h as tf.Tensor4D, mean, variance, offset as tf.Tensor1D, scale as tf.Tensor1D, 1e-3);
    };
    const inner = tf.relu(norm(tf.conv2d(image, filter(down), 2, 'same'))) as tf.Tensor4D;
    const block = norm(tf.conv2d(inner, filter(same), 1, 'same'));
    const hidden = tf.relu(tf.add(block, norm(tf.conv2d(image, filter(shortcut), 2, 'valid')))) as tf.Tensor4D;
    const large = tf.image.resizeNearestNeighbor(hidden, [8, 8]);
    const out = tf.sigmoid(
      tf.add(tf.conv2d(large, filter(up), 1, 'same'), tf.conv2d(large, filter(upShortcut), 1, 'same')),
    );
    return tf.mean(tf.square(tf.sub(out, image))) as tf.Scalar;
  };
  const data = [wave([rows, 8, 8, 3], 0.5, 0)];
  return { spec: specOf(params, forward, { data, batchRows }), indices: stepsOf(rows, batchRows, 3), perStep: [] };
}

/** (out, in, kH, kW) → tfjs's (kH, kW, in, out). */
const filter = (parameter: tf.Tensor | undefined): tf.Tensor4D => tf.transpose(parameter as tf.Tensor4D, [2, 3, 1, 0]);
