import * as tf from '@tensorflow/tfjs-core';
import type { HostTensor } from '../../src/engine/host-tensor.js';

export interface AdamOptions {
  readonly learningRate: number;
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
  /** L2 penalty added to the gradient (PyTorch's `Adam(weight_decay)`). 0 = none. */
  readonly weightDecay?: number;
  /** The gradient of all parameters together is scaled down to this Euclidean norm. Absent = never. */
  readonly clipNorm?: number;
}

/** Adam's memory: first and second moments like the parameters, and the count of steps (a scalar). */
export interface AdamState {
  readonly m: tf.Tensor[];
  readonly v: tf.Tensor[];
  readonly t: tf.Tensor;
}

/** The same after a step, and the gradient's norm before clipping (a scalar). */
export interface AdamResult extends AdamState {
  readonly params: tf.Tensor[];
  readonly norm: tf.Tensor;
}

/**
 * One step of Adam as pure tensors, with bias correction. Kingma & Ba, 2015, algorithm 1; ε is added to √v̂.
 * m ← β₁m + (1−β₁)g,  v ← β₂v + (1−β₂)g²,  p ← p − α·m̂/(√v̂ + ε),  m̂ = m/(1−β₁ᵗ),  v̂ = v/(1−β₂ᵗ)
 * Few large tensors are faster than many small ones: see `flatten`.
 */
export function adam(
  params: readonly tf.Tensor[],
  grads: readonly tf.Tensor[],
  state: AdamState,
  options: AdamOptions,
): AdamResult {
  const { learningRate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0, clipNorm } = options;
  const norm = tf.sqrt(tf.addN(grads.map((g) => tf.sum(tf.square(g)))));
  const t = tf.add(state.t, 1);
  const root2 = tf.sqrt(tf.sub(1, tf.pow(beta2, t)));
  const rate = tf.div(tf.mul(learningRate, root2), tf.sub(1, tf.pow(beta1, t)));
  // √v̂ + ε = (√v + ε·√(1−β₂ᵗ)) / √(1−β₂ᵗ): the corrections act on scalars only.
  const floor = tf.mul(epsilon, root2);
  const scale = clipNorm === undefined ? undefined : tf.minimum(1, tf.div(clipNorm, tf.maximum(norm, 1e-12)));
  const after = params.map((p, index) => {
    const clipped = scale ? tf.mul(pick(grads, index), scale) : pick(grads, index);
    const g = weightDecay > 0 ? tf.add(clipped, tf.mul(p, weightDecay)) : clipped;
    const m = tf.add(tf.mul(pick(state.m, index), beta1), tf.mul(g, 1 - beta1));
    const v = tf.add(tf.mul(pick(state.v, index), beta2), tf.mul(tf.square(g), 1 - beta2));
    return { m, v, p: tf.sub(p, tf.div(tf.mul(m, rate), tf.add(tf.sqrt(v), floor))) };
  });
  return { params: after.map(({ p }) => p), m: after.map(({ m }) => m), v: after.map(({ v }) => v), t, norm };
}

/** Several tensors as one vector, which makes the optimiser a dozen operators instead of a dozen a parameter. */
export interface FlatLayout {
  readonly shapes: readonly (readonly number[])[];
  readonly size: number;
}

/** All values in one vector on the host. */
export function flatten(tensors: readonly HostTensor[]): { vector: HostTensor; layout: FlatLayout } {
  const size = tensors.reduce((sum, { data }) => sum + data.length, 0);
  const data = new Float32Array(size);
  let offset = 0;
  for (const tensor of tensors) {
    for (let i = 0; i < tensor.data.length; i++) data[offset + i] = Number(tensor.data[i]);
    offset += tensor.data.length;
  }
  return { vector: { data, shape: [size] }, layout: { shapes: tensors.map(({ shape }) => shape), size } };
}

/** The tensors of a flat parameter vector, inside a step: slices, reshaped. */
export function views(vector: tf.Tensor, layout: FlatLayout): tf.Tensor[] {
  let offset = 0;
  return layout.shapes.map((shape) => {
    const size = shape.reduce((product, length) => product * length, 1);
    const view = tf.reshape(tf.slice(vector, [offset], [size]), [...shape]);
    offset += size;
    return view;
  });
}

/** Gradients of `views` as one vector again. */
export function joined(tensors: readonly tf.Tensor[]): tf.Tensor {
  return tf.concat(tensors.map((tensor) => tf.reshape(tensor, [-1])));
}

function pick(tensors: readonly tf.Tensor[], index: number): tf.Tensor {
  const tensor = tensors[index];
  if (!tensor) throw new RangeError(`Adam: no tensor for parameter ${index}`);
  return tensor;
}
