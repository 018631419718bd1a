import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';
import { type HostTensor, openEagerTrainLoop, openTrainLoop, type StepSpec } from '../../src/engine/index.js';
import { adam } from './adam.js';
import { expectClose } from './agreement.js';
import { dagmmStep, plainConvStep, residualConvStep } from './example-steps.js';

/** Several steps of one specification, recorded and eager, from the same state with the same rows and masks. */
async function runBoth(spec: StepSpec, indices: BigInt64Array, perStep: HostTensor[] = []) {
  const [recorded, eager] = [await openTrainLoop(spec), await openEagerTrainLoop(spec, 'cpu')];
  try {
    return {
      recorded: { metrics: await recorded.run(indices, perStep), state: recorded.state() },
      eager: { metrics: await eager.run(indices, perStep), state: eager.state() },
    };
  } finally {
    await recorded.close();
    await eager.close();
  }
}

function expectParity(result: Awaited<ReturnType<typeof runBoth>>, tolerance: number): void {
  for (const [name, values] of Object.entries(result.eager.metrics)) {
    expectClose(result.recorded.metrics[name] ?? [], values, tolerance);
  }
  result.eager.state.forEach(({ data, shape }, index) => {
    expect(result.recorded.state[index]?.shape).toEqual(shape);
    expectClose(result.recorded.state[index]?.data as Float32Array, data as Float32Array, tolerance);
  });
}

describe('a whole training step', () => {
  it('of the flat DAGMM (energy, penalty, dropout mask, Adam) is the same recorded and eager', async () => {
    const { spec, indices, perStep } = dagmmStep();
    expectParity(await runBoth(spec, indices, perStep), 2e-4);
  });

  it('of a plain convolutional autoencoder is the same recorded and eager', async () => {
    const { spec, indices } = plainConvStep();
    expectParity(await runBoth(spec, indices), 2e-4);
  });

  it('of a residual convolutional autoencoder with batch normalisation is the same recorded and eager', async () => {
    const { spec, indices } = residualConvStep();
    expectParity(await runBoth(spec, indices), 1e-3);
  });
});

describe('the training loop', () => {
  const line = (): StepSpec => ({
    step: ([w, m, v, t], [x]) => {
      const loss = (p: tf.Tensor) => tf.mean(tf.square(tf.sub(tf.matMul(x as tf.Tensor2D, p as tf.Tensor2D), 1)));
      const { value, grads } = tf.valueAndGrads(loss as (...p: tf.Tensor[]) => tf.Scalar)([w as tf.Tensor]);
      const after = adam(
        [w as tf.Tensor],
        grads,
        { m: [m as tf.Tensor], v: [v as tf.Tensor], t: t as tf.Tensor },
        {
          learningRate: 0.05,
          clipNorm: 1,
          weightDecay: 0.01,
        },
      );
      return { state: [...after.params, ...after.m, ...after.v, after.t], metrics: [value] };
    },
    state: [
      { data: Float32Array.of(1, -1), shape: [2, 1] },
      { data: new Float32Array(2), shape: [2, 1] },
      { data: new Float32Array(2), shape: [2, 1] },
      { data: Float32Array.of(0), shape: [] },
    ],
    data: [{ data: Float32Array.from({ length: 16 }, (_, i) => Math.cos(i)), shape: [8, 2] }],
    batchRows: 4,
    metricNames: ['loss'],
  });
  const epoch = BigInt64Array.from({ length: 40 }, (_, i) => BigInt((i * 3) % 8));

  it('lowers the loss, and gives the same bits when run again or in pieces', async () => {
    const loop = await openTrainLoop(line());
    const { loss = new Float32Array() } = await loop.run(epoch);
    const whole = loop.state();
    expect(loss).toHaveLength(10);
    // Every second step sees the same rows.
    expect(loss[8]).toBeLessThan((loss[0] ?? 0) * 0.9);
    await loop.close();
    const again = await openTrainLoop(line());
    await again.run(epoch.slice(0, 12));
    await again.run(epoch.slice(12));
    expect(again.state()).toEqual(whole);
    await again.close();
  });

  it('refuses indices that do not fit, naming both sides', async () => {
    const loop = await openTrainLoop(line());
    await expect(loop.run(BigInt64Array.of(0n, 1n, 2n))).rejects.toThrow(/multiple of 4, got 3/);
    await expect(loop.run(BigInt64Array.of(0n, 1n, 2n, 8n))).rejects.toThrow(/index 8: expected 0 to 7/);
    await expect(
      loop.run(BigInt64Array.of(0n, 1n, 2n, 3n), [{ data: new Float32Array(1), shape: [1] }]),
    ).rejects.toThrow(/expected 0 per-step tensors, got 1/);
    await loop.close();
  });

  it('refuses a step whose state changes its shape', async () => {
    const spec: StepSpec = {
      ...line(),
      step: ([w, m, v, t]) => ({
        state: [tf.reshape(w as tf.Tensor, [-1]), m, v, t] as tf.Tensor[],
        metrics: [t as tf.Tensor],
      }),
    };
    await expect(openTrainLoop(spec)).rejects.toThrow(
      /training state 0: expected float32 \[2,1\] after a step, got float32 \[2\]/,
    );
  });
});
