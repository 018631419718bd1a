import type * as tf from '@tensorflow/tfjs-core';
import { ModelError } from '../contracts.js';
import type { Graph } from './graph.js';
import { type HostTensor, type HostType, hostType, sizeOf } from './host-tensor.js';
import {
  dataName,
  finalState,
  INDICES,
  type LoopLayout,
  loopModel,
  nextState,
  perStepName,
  STEPS,
} from './loop-model.js';
import { openSession, type Session, type SessionOptions } from './session.js';
import { type TensorSpec, trace } from './trace.js';

/** One training step as a pure function. Everything random comes in through `perStep`. */
export interface StepSpec {
  /** Metrics are scalars. What is carried keeps its shapes and types. */
  step(
    state: tf.Tensor[],
    batch: tf.Tensor[],
    perStep: tf.Tensor[],
  ): { readonly state: tf.Tensor[]; readonly metrics: tf.Tensor[] };
  /** Initial parameters and optimiser state. */
  readonly state: readonly HostTensor[];
  /** The epoch's data, each (rows, …); a step receives the gathered rows (batchRows, …). */
  readonly data: readonly HostTensor[];
  readonly batchRows: number;
  /** Tensors that differ from step to step (dropout masks, noise), fed as (steps, …shape) float32. */
  readonly perStep?: readonly { readonly shape: readonly number[] }[];
  readonly metricNames: readonly string[];
}

/** Runs training steps and keeps their state. */
export interface TrainLoop {
  /** Where it runs: what `auto` chose, or what was forced. */
  readonly device: Session['device'] | 'tensorflow';
  /**
   * Runs one step per row of indices as one native call, which blocks the thread meanwhile: chunk long epochs.
   * @param indices (steps, batchRows) row numbers into data, row-major
   * @returns per metric, its value at each step
   */
  run(indices: BigInt64Array, perStep?: readonly HostTensor[]): Promise<Record<string, Float32Array>>;
  /** A copy of the present state. */
  state(): HostTensor[];
  close(): Promise<void>;
}

/** Records the step, wraps it in an ONNX Loop and opens it on a device. */
export async function openTracedTrainLoop(spec: StepSpec, options: SessionOptions = {}): Promise<TrainLoop> {
  const { graph, layout } = traceStep(spec);
  const session = await openSession(loopModel(graph, layout), { ...options, sample: sampleRun(spec, layout) });
  return new TracedTrainLoop(spec, layout, session);
}

/** The step's graph with the names by which a loop feeds it. */
export function traceStep(spec: StepSpec): { graph: Graph; layout: LoopLayout } {
  const layout = layoutOf(spec);
  const counts = [spec.state.length, spec.data.length];
  const inputs: TensorSpec[] = [
    ...spec.state.map((tensor, i) => specOf(layout.state[i] ?? '', tensor, tensor.shape)),
    ...spec.data.map((tensor, i) => specOf(layout.batch[i] ?? '', tensor, [spec.batchRows, ...tensor.shape.slice(1)])),
    ...layout.perStepShapes.map((shape, i) => ({ name: layout.perStep[i] ?? '', shape, dtype: 'float32' as const })),
  ];
  const graph = trace(
    (tensors) => {
      const [states = 0, batches = 0] = counts;
      const after = spec.step(
        tensors.slice(0, states),
        tensors.slice(states, states + batches),
        tensors.slice(states + batches),
      );
      return [...after.state, ...after.metrics];
    },
    inputs,
    [...layout.state.map(nextState), ...layout.metrics],
  );
  checkCarried(spec, graph);
  return { graph, layout };
}

function layoutOf(spec: StepSpec): LoopLayout {
  const perStep = spec.perStep ?? [];
  return {
    state: spec.state.map((_, index) => `state${index}`),
    batch: spec.data.map((_, index) => `batch${index}`),
    perStep: perStep.map((_, index) => `perStep${index}`),
    metrics: spec.metricNames,
    dataShapes: spec.data.map(({ data, shape }) => ({ shape, dtype: hostType(data) })),
    perStepShapes: perStep.map(({ shape }) => shape),
    batchRows: spec.batchRows,
  };
}

function specOf(name: string, { data }: HostTensor, shape: readonly number[]): TensorSpec {
  const dtype: HostType = hostType(data);
  if (dtype === 'int64') throw new ModelError(`${name}: expected float32, int32 or bool, got int64`);
  return { name, shape, dtype };
}

function checkCarried(spec: StepSpec, graph: Graph): void {
  spec.state.forEach((before, index) => {
    const after = graph.outputs[index]?.value;
    const expected = `${hostType(before.data)} [${before.shape}]`;
    const actual = after ? `${after.dtype} [${after.shape}]` : 'nothing';
    if (expected !== actual)
      throw new ModelError(`training state ${index}: expected ${expected} after a step, got ${actual}`);
  });
}

class TracedTrainLoop implements TrainLoop {
  #state: HostTensor[];

  constructor(
    readonly spec: StepSpec,
    readonly layout: LoopLayout,
    readonly session: Session,
  ) {
    this.#state = spec.state.map(copyOf);
  }

  get device(): Session['device'] {
    return this.session.device;
  }

  async run(indices: BigInt64Array, perStep: readonly HostTensor[] = []): Promise<Record<string, Float32Array>> {
    const results = await this.session.run(feedsOf(this.spec, this.layout, this.#state, indices, perStep));
    this.#state = this.layout.state.map((name) => resultOf(results, finalState(name)));
    return Object.fromEntries(
      this.layout.metrics.map((name) => [name, resultOf(results, name).data as Float32Array] as const),
    );
  }

  state(): HostTensor[] {
    return this.#state.map(copyOf);
  }

  close(): Promise<void> {
    return this.session.close();
  }
}

function feedsOf(
  spec: StepSpec,
  layout: LoopLayout,
  state: readonly HostTensor[],
  indices: BigInt64Array,
  perStep: readonly HostTensor[],
): Record<string, HostTensor> {
  const steps = stepCount(spec, indices);
  const expected = spec.perStep?.length ?? 0;
  if (perStep.length !== expected) {
    throw new ModelError(`training: expected ${expected} per-step tensors, got ${perStep.length}`);
  }
  return Object.fromEntries<HostTensor>([
    [STEPS, { data: BigInt64Array.of(BigInt(steps)), shape: [] }],
    [INDICES, { data: indices, shape: [steps, spec.batchRows] }],
    ...spec.data.map((tensor, index) => [dataName(index), tensor] as const),
    ...perStep.map((tensor, index) => [perStepName(index), tensor] as const),
    ...state.map((tensor, index) => [layout.state[index] ?? '', tensor] as const),
  ]);
}

/** One step on the first row, which is what `auto` measures. */
function sampleRun(spec: StepSpec, layout: LoopLayout): Record<string, HostTensor> {
  const perStep = (spec.perStep ?? []).map(({ shape }) => ({
    data: new Float32Array(sizeOf(shape)).fill(1),
    shape: [1, ...shape],
  }));
  return feedsOf(spec, layout, spec.state, new BigInt64Array(spec.batchRows), perStep);
}

/** @throws {ModelError} when the indices are no whole number of steps or point outside the data */
export function stepCount(spec: StepSpec, indices: BigInt64Array): number {
  const steps = indices.length / spec.batchRows;
  if (!Number.isInteger(steps)) {
    throw new ModelError(`training indices: expected a multiple of ${spec.batchRows}, got ${indices.length}`);
  }
  const rows = Math.min(...spec.data.map((tensor) => tensor.shape[0] ?? 0));
  const outside = indices.find((index) => index < 0n || index >= BigInt(rows));
  if (outside !== undefined) throw new ModelError(`training index ${outside}: expected 0 to ${rows - 1}`);
  return steps;
}

export function copyOf({ data, shape }: HostTensor): HostTensor {
  return { data: data.slice(), shape: [...shape] };
}

function resultOf(results: Record<string, HostTensor>, name: string): HostTensor {
  const found = results[name];
  if (!found) throw new ModelError(`training step: output ${name} is missing`);
  return found;
}
