/**
 * Dense networks with ReLU on stacks of frames, as the published baselines have them: layers of `hidden`, a code, and the
 * hidden layers in reverse; batch normalisation (Ioffe and Szegedy, 2015) between a layer and its ReLU where asked for.
 * Legend: N rows, S units of all layers but the last.
 */
import * as tf from '@tensorflow/tfjs-core';
import { initialise, standardiseBatch } from '../networks.js';
import type { Random } from '../random.js';

export interface StackNetwork {
  readonly inputs: number;
  readonly hidden: readonly number[];
  readonly code: number;
  readonly outputs: number;
  readonly batchNorm: boolean;
}

/** Means and variances (S) that batch normalisation scores with. */
export type UnitStatistics = readonly [means: tf.Tensor, variances: tf.Tensor];

const widthsOf = ({ inputs, hidden, code, outputs }: StackNetwork): number[] => [
  inputs,
  ...hidden,
  code,
  ...[...hidden].reverse(),
  outputs,
];

/** Units of each layer but the last. */
const unitsOf = (network: StackNetwork): number[] => widthsOf(network).slice(1, -1);

export const unitCount = (network: StackNetwork): number => unitsOf(network).reduce((sum, units) => sum + units, 0);

/** Glorot's weights and zero biases; behind them scales 1 and shifts 0 where there is batch normalisation. */
export function initialStack(network: StackNetwork, random: Random): Float32Array {
  const layers = initialise(widthsOf(network), random);
  const units = network.batchNorm ? unitCount(network) : 0;
  return Float32Array.from([...layers, ...new Array<number>(units).fill(1), ...new Array<number>(units).fill(0)]);
}

/** One vector → [weights, bias] of each layer, then all scales and all shifts where there is batch normalisation. */
export function unpackStack(parameters: tf.Tensor, network: StackNetwork): tf.Tensor[] {
  const widths = widthsOf(network);
  const shapes = widths.slice(1).flatMap((to, i) => [[widths[i] as number, to], [to]]);
  const normal = network.batchNorm ? [...unitsOf(network), ...unitsOf(network)].map((units) => [units]) : [];
  const all = [...shapes, ...normal];
  const pieces = tf.split(
    parameters,
    all.map((shape) => shape.reduce((product, size) => product * size, 1)),
  );
  return pieces.map((piece, i) => tf.reshape(piece, all[i] as number[]));
}

/** Variance below which a unit counts as constant. */
const EPSILON = 1e-5;

/**
 * What the network makes of x (N, inputs): (N, outputs).
 * @param statistics of the units, for scoring; null while training, where the batch's own are used
 */
export function throughStack(
  x: tf.Tensor2D,
  tensors: readonly tf.Tensor[],
  network: StackNetwork,
  statistics: UnitStatistics | null,
): tf.Tensor2D {
  return layersOf(x, tensors, network, statistics).output;
}

/** Mean and variance of each unit (S) over the batch, before normalisation. */
export function batchStatistics(
  x: tf.Tensor2D,
  tensors: readonly tf.Tensor[],
  network: StackNetwork,
): [means: tf.Tensor, variances: tf.Tensor] {
  const { linear } = layersOf(x, tensors, network, null);
  const centred = linear.map((a) => tf.sub(a, tf.mean(a, 0, true)));
  return [tf.concat(linear.map((a) => tf.mean(a, 0))), tf.concat(centred.map((a) => tf.mean(tf.square(a), 0)))];
}

function layersOf(
  x: tf.Tensor2D,
  tensors: readonly tf.Tensor[],
  network: StackNetwork,
  statistics: UnitStatistics | null,
): { output: tf.Tensor2D; linear: tf.Tensor2D[] } {
  const units = unitsOf(network);
  const own = statistics?.map((values) => tf.split(values, units)) ?? null;
  const behind = 2 * (units.length + 1);
  const linear: tf.Tensor2D[] = [];
  let h = x;
  for (let i = 0; i <= units.length; i++) {
    const a = tf.add(tf.matMul(h, tensors[2 * i] as tf.Tensor2D), tensors[2 * i + 1] as tf.Tensor) as tf.Tensor2D;
    if (i === units.length) return { output: a, linear };
    linear.push(a);
    const [scale, shift] = [tensors[behind + i], tensors[behind + units.length + i]];
    const standard = network.batchNorm ? normalised(a, own?.map((part) => part[i] as tf.Tensor) ?? null) : a;
    const bent = scale && shift ? tf.add(tf.mul(standard, scale), shift) : standard;
    h = tf.relu(bent) as tf.Tensor2D;
  }
  return { output: h, linear };
}

function normalised(a: tf.Tensor2D, statistics: readonly tf.Tensor[] | null): tf.Tensor {
  if (!statistics) return standardiseBatch(a);
  const [mean, variance] = statistics as [tf.Tensor, tf.Tensor];
  return tf.mul(tf.sub(a, mean), tf.rsqrt(tf.add(variance, EPSILON)));
}
