import * as tf from '@tensorflow/tfjs-core';
import './gradients.js';
import { mergeBatches } from './batch.js';
import { GraphBuilder } from './builder.js';
import type { Graph, NamedValue, Value } from './graph.js';
import { registerKernels } from './kernels/index.js';
import { TRACE_BACKEND, TraceBackend } from './trace-backend.js';
import { TraceError } from './trace-error.js';

/** A pure function of tensors, written with tfjs-core ops only. What it returns it must not read. */
export type TensorFunction = (inputs: tf.Tensor[]) => tf.Tensor[];

export interface TensorSpec {
  readonly name: string;
  /** Sizes; −1 as the first one is the batch (traceBatched only). */
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32' | 'bool';
}

/** Large primes, so that a size that follows the batch is not mistaken for another one. */
const BATCHES = [997, 1009] as const;

/**
 * Records a function of static shapes. It is recorded twice: what differs (random numbers made inside) is an error.
 * @throws {TraceError} naming the op that has no kernel, was read while tracing, or differs between recordings
 */
export function trace(fn: TensorFunction, inputs: readonly TensorSpec[], outputNames: readonly string[]): Graph {
  const first = record(fn, inputs, outputNames);
  return mergeBatches(first, record(fn, inputs, outputNames), [0, 0]);
}

/**
 * Records a function whose inputs of leading −1 share a batch of any size. Recorded at two prime sizes:
 * only sizes that follow the batch may differ.
 * @throws {TraceError} as `trace`, and when anything else depends on the batch
 */
export function traceBatched(fn: TensorFunction, inputs: readonly TensorSpec[], outputNames: readonly string[]): Graph {
  const [first, second] = BATCHES;
  return mergeBatches(
    record(fn, withBatch(inputs, first), outputNames),
    record(fn, withBatch(inputs, second), outputNames),
    BATCHES,
  );
}

function withBatch(inputs: readonly TensorSpec[], batch: number): TensorSpec[] {
  return inputs.map((spec) => ({ ...spec, shape: spec.shape.map((size) => (size < 0 ? batch : size)) }));
}

/** Runs the function once on the recording backend and puts the previous backend back. */
function record(fn: TensorFunction, specs: readonly TensorSpec[], outputNames: readonly string[]): Graph {
  registerKernels();
  const builder = new GraphBuilder();
  const backend = new TraceBackend(builder);
  const previous = tf.getBackend();
  tf.registerBackend(TRACE_BACKEND, () => backend, 0);
  // A synchronous factory is active when the call returns; the promise only repeats that.
  void tf.setBackend(TRACE_BACKEND);
  try {
    const inputs = specs.map(({ name, shape, dtype }) => ({ name, value: builder.input(name, shape, dtype) }));
    const values = run(backend, fn, inputs);
    if (values.length !== outputNames.length) {
      throw new TraceError(`function outputs: expected ${outputNames.length} (${outputNames}), got ${values.length}`);
    }
    return { inputs, outputs: values.map((value, index) => ({ name: outputNames[index] ?? '', value })) };
  } finally {
    tf.removeBackend(TRACE_BACKEND);
    if (previous) void tf.setBackend(previous);
  }
}

function run(backend: TraceBackend, fn: TensorFunction, inputs: readonly NamedValue[]): Value[] {
  const engine = tf.engine();
  engine.startScope('trace');
  try {
    const tensors = inputs.map(({ value }) => {
      const { dataId, shape, dtype } = backend.tensorInfo(value);
      return engine.makeTensorFromDataId(dataId, shape, dtype, backend);
    });
    return fn(tensors).map((tensor) => backend.lookup(tensor));
  } catch (error) {
    throw named(error);
  } finally {
    engine.endScope();
  }
}

/** tfjs reports a missing kernel only in words. */
function named(error: unknown): unknown {
  const message = error instanceof Error ? error.message : String(error);
  const op = /registered kernel '(\w+)' for backend 'trace'|Kernel '(\w+)' not registered for backend 'trace'/.exec(
    message,
  );
  if (!op) return error;
  return new TraceError(`${op[1] ?? op[2]}: no kernel records this op; write it with ops that have one`, {
    cause: error,
  });
}
