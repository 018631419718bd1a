/** The training that all networks on stacks of frames share. */
import * as tf from '@tensorflow/tfjs-core';
import { applyTransform, type InputTransform } from '../input-transform.js';
import type { FitOptions } from '../method.js';
import type { AdamState } from '../optimiser.js';
import { type Phase, runPhases, type TrainedPhases } from '../phases.js';
import { openRandom } from '../random.js';
import { floats } from '../recorded.js';
import { type RowMatrix, rowsOf } from '../row-matrix.js';
import { TrainingPlan } from '../training-plan.js';
import { meanRowOf, refuseUnusable } from '../training-rows.js';
import { advance, type Step } from '../training-steps.js';
import { transformInGraph, vector } from '../transform-graph.js';
import {
  batchStatistics,
  initialStack,
  type StackNetwork,
  throughStack,
  unitCount,
  unpackStack,
} from './stack-network.js';
import type { StackSettings } from './stack-settings.js';

/** What the network is shown of a stack (N, W), and what it should answer with. */
export type StackTask = (x: tf.Tensor2D) => { readonly seen: tf.Tensor2D; readonly wanted: tf.Tensor2D };

/** The stack itself. */
export const wholeStack: StackTask = (x) => ({ seen: x, wanted: x });

export interface TrainedStack extends TrainedPhases {
  readonly network: StackNetwork;
  readonly task: StackTask;
  readonly transform: InputTransform;
  /** Training rows as the network sees them. */
  readonly x: RowMatrix;
  readonly meanRow: Float32Array;
}

/** Adam on the mean squared error. @throws {ModelError} for fewer than 8 rows, or a value that is not finite */
export async function trainStack(
  rows: RowMatrix,
  network: StackNetwork,
  task: StackTask,
  settings: StackSettings,
  options: FitOptions,
): Promise<TrainedStack> {
  refuseUnusable(rows);
  const transform = centring(rows);
  const { data, width } = applyTransform(rows, transform);
  const count = rowsOf(rows);
  const { batchRows, epochs } = settings;
  const plan = new TrainingPlan({
    ...{ seed: options.seed, phase: 'pretrain', rows: count, batchRows, epochs },
    ...{ mask: null, noise: null },
  });
  const zeros = { data: new Float32Array(unitCount(network)), shape: [unitCount(network)] };
  const ones = { ...zeros, data: zeros.data.map(() => 1) };
  const begin: Phase['begin'] = (parameters) => ({
    parameters,
    data: [{ data, shape: [count, width] }],
    extra: network.batchNorm ? [zeros, ones] : [],
  });
  const phase: Phase = { name: 'pretrain', shown: 'pretrain', plan, step: stackStep(network, task, settings), begin };
  const initial = initialStack(network, openRandom(options.seed, 'stack'));
  const trained = await runPhases([phase], initial, options);
  return { ...trained, network, task, transform, x: { data, width }, meanRow: meanRowOf(rows) };
}

/** As published: share of the running statistics that a step leaves as they are. */
const MOMENTUM = 0.99;

/** State behind Adam's, where there is batch normalisation: running means and variances of the units (S). */
function stackStep(network: StackNetwork, task: StackTask, settings: StackSettings): Step {
  return (state, [x]) => {
    const { seen, wanted } = task(x as tf.Tensor2D);
    const tensors = unpackStack(state[0] as tf.Tensor, network);
    const { value, grads } = tf.valueAndGrads(
      (...own: tf.Tensor[]) => tf.mean(tf.square(tf.sub(throughStack(seen, own, network, null), wanted))) as tf.Scalar,
    )(tensors);
    const next = advance(state.slice(0, 5) as AdamState, grads, value as tf.Scalar, settings);
    if (!network.batchNorm) return next;
    const now = batchStatistics(seen, tensors, network);
    const running = state.slice(5).map((before, i) => {
      const moved = tf.add(tf.mul(before, MOMENTUM), tf.mul(now[i] as tf.Tensor, 1 - MOMENTUM));
      return tf.where(tf.isFinite(moved), moved, before);
    });
    return { state: [...next.state, ...running], metrics: next.metrics };
  };
}

/** What the trained network leaves of the wanted part of raw rows (N, W), dB: x − x' (N, outputs). */
export function residualOf({ network, task, transform, parameters, extra }: TrainedStack) {
  return (raw: tf.Tensor2D): tf.Tensor2D => {
    const [x] = transformInGraph(raw, transform) as [tf.Tensor2D];
    const { seen, wanted } = task(x);
    const tensors = unpackStack(vector(parameters), network);
    const statistics = network.batchNorm ? ([vector(floats(extra[0])), vector(floats(extra[1]))] as const) : null;
    const answer = throughStack(seen, tensors, network, statistics);
    return tf.mul(tf.sub(wanted, answer), 1 / (transform.scale[0] as number)) as tf.Tensor2D;
  };
}

/** So many deviations off, a value is cut: squares stay finite in float32. */
const FAR = 1e6;

/**
 * Every column less its mean, all by one deviation: the error stays that of the decibels but for one factor. The networks
 * could learn both by themselves, in more steps than few clips give them.
 */
function centring(rows: RowMatrix): InputTransform {
  const { data, width } = rows;
  const shift = meanRowOf(rows);
  let squares = 0;
  for (let at = 0, j = 0; at < data.length; at++, j = j + 1 === width ? 0 : j + 1)
    squares += ((data[at] as number) - (shift[j] as number)) ** 2;
  const deviation = Math.sqrt(squares / data.length);
  const scale = new Float32Array(width).fill(deviation > 1e-6 ? 1 / deviation : 1);
  return { width, shift, scale, curves: null, clip: FAR, whitening: null };
}
