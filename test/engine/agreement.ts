import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { expect } from 'vitest';
import { type Graph, reachable } from '../../src/engine/graph.js';
import { type HostTensor, openSession, serialise, type TensorFunction, trace } from '../../src/engine/index.js';

/** What TensorFlow.js itself computes on its `cpu` backend. */
export async function onCpu(fn: TensorFunction, inputs: readonly HostTensor[]): Promise<HostTensor[]> {
  await tf.setBackend('cpu');
  return tf.tidy(() =>
    fn(inputs.map(({ data, shape }) => tf.tensor(data as Float32Array, [...shape], dtypeOf({ data, shape })))).map(
      (output) => ({ data: output.dataSync().slice() as Float32Array, shape: output.shape }),
    ),
  );
}

/** What the recorded graph computes in ONNX Runtime. */
export async function recorded(fn: TensorFunction, inputs: readonly HostTensor[], outputs: number) {
  const specs = inputs.map((tensor, i) => ({ name: `x${i}`, shape: tensor.shape, dtype: dtypeOf(tensor) }));
  const names = Array.from({ length: outputs }, (_, i) => `y${i}`);
  const session = await openSession(serialise(trace(fn, specs, names)));
  const results = await session.run(Object.fromEntries(inputs.map((tensor, i) => [`x${i}`, tensor])));
  await session.close();
  return names.map((name) => results[name] as HostTensor);
}

/** Values of a function agree between tfjs and the recorded graph, element by element. */
export async function expectSameValues(fn: TensorFunction, inputs: readonly HostTensor[], tolerance = 1e-5) {
  const expected = await onCpu(fn, inputs);
  const actual = await recorded(fn, inputs, expected.length);
  expected.forEach((tensor, index) => {
    expect(actual[index]?.shape, `shape of output ${index}`).toEqual(tensor.shape);
    expectClose(actual[index]?.data as Float32Array, tensor.data as Float32Array, tolerance);
  });
}

/** Values, and the gradients of a weighted sum of the outputs with respect to every float input. */
export async function expectSameGradients(fn: TensorFunction, inputs: readonly HostTensor[], tolerance = 1e-4) {
  await expectSameValues(fn, inputs, tolerance);
  await expectSameValues((tensors) => gradientsOf(fn, tensors), inputs, tolerance);
}

function gradientsOf(fn: TensorFunction, tensors: tf.Tensor[]): tf.Tensor[] {
  const floats = tensors.filter(({ dtype }) => dtype === 'float32');
  const loss = (...changed: tf.Tensor[]): tf.Scalar => {
    const queue = [...changed];
    const all = tensors.map((tensor) => (tensor.dtype === 'float32' ? (queue.shift() ?? tensor) : tensor));
    const sums = fn(all).map((y, index) => tf.sum(tf.mul(tf.cast(y, 'float32'), weights(y.shape, index))));
    return tf.addN(sums) as tf.Scalar;
  };
  return tf.grads(loss)(floats);
}

/** Different known weights for every element, so that no gradient cancels by symmetry. */
function weights(shape: readonly number[], salt: number): tf.Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  const values = Float32Array.from({ length: size }, (_, i) => Math.sin(i * 1.7 + salt + 1) + 0.3);
  return tf.tensor(values, [...shape]);
}

/** Elementwise: NaN and infinities in the same places, and |a − b| ≤ tolerance · max(1, |b|). */
export function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const [a, b] = [Number(actual[i]), Number(expected[i])];
    const close = Object.is(a, b) || a === b || Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(b));
    if (!close) expect.fail(`element ${i} of ${expected.length}: expected ${b}, got ${a}`);
  }
}

export function dtypeOf({ data }: HostTensor): 'float32' | 'int32' | 'bool' {
  if (data instanceof Int32Array) return 'int32';
  return data instanceof Uint8Array ? 'bool' : 'float32';
}

/** How many operators of each name a graph has. */
export function countOperators(graph: Graph): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { op } of reachable(graph)) {
    if (!['Input', 'Constant', 'Output'].includes(op)) counts.set(op, (counts.get(op) ?? 0) + 1);
  }
  return counts;
}
