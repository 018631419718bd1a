import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';
import { openSession, serialise, TraceError, trace, traceBatched } from '../../src/engine/index.js';
import { countOperators, expectClose, onCpu } from './agreement.js';

const x = { name: 'x', shape: [2, 3], dtype: 'float32' as const };
const rows = { ...x, shape: [-1, 3] };
const first = (tensors: tf.Tensor[]): tf.Tensor2D => tensors[0] as tf.Tensor2D;

describe('what cannot be recorded is an error that names it', () => {
  it('an op without a kernel', () => {
    expect(() => trace((t) => [tf.topk(first(t), 2).values], [x], ['y'])).toThrow(/^TopK: no kernel records this op/);
    expect(() => trace((t) => [tf.topk(first(t), 2).values], [x], ['y'])).toThrow(TraceError);
  });

  it('a value that is read while tracing', () => {
    const reads = (t: tf.Tensor[]) => [tf.mul(first(t), tf.tanh(first(t)).dataSync()[0] ?? 1)];
    expect(() => trace(reads, [x], ['y'])).toThrow(/^Tanh: its value was read while tracing/);
  });

  it('randomness made inside, batched or not', () => {
    const noisy = (t: tf.Tensor[]) => [tf.add(first(t), tf.randomNormal([1, 3]))];
    expect(() => trace(noisy, [x], ['y'])).toThrow(
      /Constant \[1,3\]: its values differ between two recordings \(random/,
    );
    expect(() => traceBatched(noisy, [rows], ['y'])).toThrow(/Constant \[1,3\]: its values differ/);
  });

  it('a value made from the batch size', () => {
    const scaled = (t: tf.Tensor[]) => [tf.div(first(t), first(t).shape[0])];
    expect(() => traceBatched(scaled, [rows], ['y'])).toThrow(/made from the batch size/);
  });

  it('a graph that differs with the batch', () => {
    const odd = (t: tf.Tensor[]) => [first(t).shape[0] > 1000 ? tf.exp(first(t)) : tf.tanh(first(t))];
    expect(() => traceBatched(odd, [rows], ['y'])).toThrow(/Tanh: two recordings differ: Tanh, then Exp/);
    const head = (t: tf.Tensor[]) => [tf.slice(first(t), [0, 0], [first(t).shape[0] - 1, -1])];
    expect(() => traceBatched(head, [rows], ['y'])).toThrow(/Slice/);
  });

  it('outputs that are not as many as their names', () => {
    expect(() => trace((t) => t, [x], ['y', 'z'])).toThrow(/expected 2 \(y,z\), got 1/);
  });

  it('and the backend that was active before is active after', async () => {
    await tf.setBackend('cpu');
    expect(() => trace((t) => [tf.topk(first(t), 2).values], [x], ['y'])).toThrow();
    expect(tf.getBackend()).toBe('cpu');
    expect([...tf.add([1], [2]).dataSync()]).toEqual([3]);
  });
});

describe('a batched graph', () => {
  const fn = (t: tf.Tensor[]): tf.Tensor[] => {
    const h = tf.tanh(
      tf.matMul(
        first(t),
        tf.tensor2d([
          [1, 2],
          [3, 4],
          [5, 6],
        ]),
      ),
    );
    const pairs = tf.reshape(tf.concat([h, tf.neg(h)], 1), [-1, 2, 2]);
    const ones = tf.ones([first(t).shape[0], 1]);
    const repeated = tf.tile(tf.expandDims(h, 0), [3, 1, 1]);
    return [
      tf.sum(pairs, [1, 2]),
      tf.concat([h, ones], 1),
      tf.slice(h, [0, 1], [-1, 1]),
      tf.sum(repeated, [0, 2]),
      tf.broadcastTo(tf.reshape(tf.tensor1d([1, 2]), [1, 2]), [first(t).shape[0], 2]),
      tf.split(h, 2, 1)[1] as tf.Tensor,
    ];
  };
  const names = ['sums', 'with ones', 'slice', 'tiled', 'constant', 'split'];

  it.each([1, 7, 100])('runs with %i rows as tfjs does', async (count) => {
    const input = { data: Float32Array.from({ length: count * 3 }, (_, i) => Math.sin(i) * 0.2), shape: [count, 3] };
    const session = await openSession(serialise(traceBatched(fn, [rows], names)));
    const expected = await onCpu(fn, [input]);
    const results = await session.run({ x: input });
    await session.close();
    expected.forEach(({ data, shape }, index) => {
      const actual = results[names[index] ?? ''];
      expect(actual?.shape).toEqual(shape);
      expectClose(actual?.data as Float32Array, data as Float32Array, 1e-5);
    });
  });
});

describe('a recorded graph is small', () => {
  const count = (fn: (t: tf.Tensor[]) => tf.Tensor[]) => Object.fromEntries(countOperators(trace(fn, [x], ['y'])));

  it('the same sub-expression is one operator', () => {
    expect(count((t) => [tf.add(tf.exp(first(t)), tf.exp(first(t)))])).toEqual({ Exp: 1, Add: 1 });
  });

  it('neutral operators, broadcasts and double transposes vanish', () => {
    expect(count((t) => [tf.mul(tf.add(first(t), tf.zeros([2, 3])), 1)])).toEqual({});
    expect(count((t) => [tf.add(tf.tile(tf.slice(first(t), [0, 0], [1, 3]), [2, 1]), first(t))])).toEqual({
      Slice: 1,
      Add: 1,
    });
    expect(count((t) => [tf.transpose(tf.tanh(tf.transpose(first(t))))])).toEqual({ Tanh: 1 });
  });

  it('operators that no output needs are left out', () => {
    expect(
      count((t) => {
        tf.exp(first(t));
        return [tf.tanh(first(t))];
      }),
    ).toEqual({ Tanh: 1 });
  });
});

it('runs on rows in shared memory, which a training thread has', async () => {
  const model = serialise(traceBatched((t) => [tf.mul(first(t), 2)], [rows], ['y']));
  const session = await openSession(model, { device: 'cpu' });
  const shared = new Float32Array(new SharedArrayBuffer(24)).fill(3);
  const { y } = await session.run({ x: { data: shared, shape: [2, 3] } });
  await session.close();
  expect(Array.from(y?.data ?? [], Number)).toEqual([6, 6, 6, 6, 6, 6]);
});
