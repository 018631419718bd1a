/** Functions of a trained model as ONNX: run over a whole set of rows now, or kept to score with. */
import type * as tf from '@tensorflow/tfjs-core';
import { ModelError } from '../contracts.js';
import { type HostTensor, openSession, serialise, traceBatched } from '../engine/index.js';

export type Recorded = (inputs: tf.Tensor[]) => tf.Tensor[];

/** [raw rows (N, width)] → the outputs named, such as latent (N, D) and energy (N), for any N. */
export function recordScoring(
  scorer: string,
  width: number,
  fn: Recorded,
  outputs: readonly string[] = ['latent', 'energy'],
): Uint8Array {
  const input = { name: 'rows', shape: [-1, width], dtype: 'float32' } as const;
  return serialise(traceBatched(fn, [input], [...outputs]), { scorer });
}

/** Rows of one native call. */
const MAP_ROWS = 2048;

/** The first output of `fn`, (rows, width), for all rows of its inputs, (rows, …) each; so many of them at a time. */
export async function mapRows(
  inputs: readonly HostTensor[],
  fn: Recorded,
  width: number,
  threads = 1,
  callRows = MAP_ROWS,
): Promise<Float32Array> {
  const specs = inputs.map(({ shape }, i) => ({
    name: `in${i}`,
    shape: [-1, shape[1] as number],
    dtype: 'float32' as const,
  }));
  const session = await openSession(serialise(traceBatched(fn, specs, ['out'])), { device: 'cpu', threads });
  const count = inputs[0]?.shape[0] ?? 0;
  const out = new Float32Array(count * width);
  try {
    for (let from = 0; from < count; from += callRows) {
      const parts = inputs.map(
        (input, i) => [`in${i}`, rowsFrom(input, from, Math.min(callRows, count - from))] as const,
      );
      const { out: part } = await session.run(Object.fromEntries(parts));
      out.set(floats(part), from * width);
    }
  } finally {
    await session.close();
  }
  return out;
}

function rowsFrom(tensor: HostTensor, from: number, count: number): HostTensor {
  const width = tensor.shape[1] as number;
  return { data: floats(tensor).subarray(from * width, (from + count) * width), shape: [count, width] };
}

/** @throws {ModelError} for anything but float32 */
export function floats(tensor: HostTensor | undefined): Float32Array {
  if (!(tensor?.data instanceof Float32Array)) throw new ModelError('tensor: expected float32 values');
  return tensor.data;
}
