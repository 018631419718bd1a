import * as tf from '@tensorflow/tfjs-core';
import './gradients.js';
import { ConfigError } from '../contracts.js';
import { type HostData, type HostTensor, hostType } from './host-tensor.js';
import { copyOf, type StepSpec, stepCount, type TrainLoop } from './train-loop.js';

/**
 * The same pure functions, run op by op on a tfjs backend: the customer's tfjs-node-gpu, or any other that is registered.
 */

const PACKAGES = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'];

/**
 * Imports tfjs-node-gpu or, where that is absent, tfjs-node, and names the backend it registers.
 * @throws {ConfigError} when neither can be imported
 */
export async function importTensorflow(packages: readonly string[] = PACKAGES): Promise<string> {
  const reasons: string[] = [];
  for (const name of packages) {
    try {
      await import(name);
      return 'tensorflow';
    } catch (error) {
      reasons.push(`${name}: ${error instanceof Error ? error.message.split('\n', 1)[0] : error}`);
    }
  }
  throw new ConfigError(
    `engine.device tensorflow: expected an installed tfjs-node, found none (${reasons.join('; ')})`,
  );
}

/** A training loop of a step that runs on a tfjs backend. Same interface as the recorded one. */
export async function openEagerTrainLoop(spec: StepSpec, backendName: string): Promise<TrainLoop> {
  await useBackend(backendName);
  return new EagerTrainLoop(spec, backendName);
}

async function useBackend(name: string): Promise<void> {
  const found = tf.findBackendFactory(name) !== null && (await tf.setBackend(name));
  if (!found) throw new ConfigError(`TensorFlow.js backend ${name}: expected one that is registered, found none`);
}

class EagerTrainLoop implements TrainLoop {
  readonly device = 'tensorflow' as const;
  readonly #data: tf.Tensor[];
  #state: tf.Tensor[];

  constructor(
    readonly spec: StepSpec,
    readonly backendName: string,
  ) {
    this.#data = spec.data.map(toTensor);
    this.#state = spec.state.map(toTensor);
  }

  async run(indices: BigInt64Array, perStep: readonly HostTensor[] = []): Promise<Record<string, Float32Array>> {
    await useBackend(this.backendName);
    const steps = stepCount(this.spec, indices);
    const metrics = this.spec.metricNames.map((name) => [name, new Float32Array(steps)] as const);
    for (let step = 0; step < steps; step++) {
      const values = await this.#step(indices, perStep, step);
      metrics.forEach(([, series], index) => {
        series[step] = values[index] ?? Number.NaN;
      });
    }
    return Object.fromEntries(metrics);
  }

  async #step(indices: BigInt64Array, perStep: readonly HostTensor[], step: number): Promise<number[]> {
    const { batchRows } = this.spec;
    const rows = Int32Array.from(indices.subarray(step * batchRows, (step + 1) * batchRows), Number);
    const after = tf.tidy(() => {
      const batch = this.#data.map((data) => tf.gather(data, tf.tensor1d(rows, 'int32')));
      return this.spec.step(
        this.#state,
        batch,
        perStep.map((tensor) => sliceOf(tensor, step)),
      );
    });
    const values: number[] = [];
    for (const metric of after.metrics) values.push(Number((await metric.data())[0]));
    const kept = new Set(after.state);
    tf.dispose(this.#state.filter((tensor) => !kept.has(tensor)));
    tf.dispose(after.metrics);
    this.#state = after.state;
    return values;
  }

  state(): HostTensor[] {
    return this.#state.map((tensor) => copyOf({ data: tensor.dataSync() as HostData, shape: tensor.shape }));
  }

  async close(): Promise<void> {
    tf.dispose([...this.#state, ...this.#data]);
  }
}

/** Row `step` of a (steps, …) tensor. */
function sliceOf({ data, shape }: HostTensor, step: number): tf.Tensor {
  const [, ...rest] = shape;
  const size = rest.reduce((product, length) => product * length, 1);
  return toTensor({ data: data.subarray(step * size, (step + 1) * size), shape: rest });
}

function toTensor({ data, shape }: HostTensor): tf.Tensor {
  const dtype = hostType(data);
  if (dtype === 'int64') throw new ConfigError('TensorFlow.js tensor: expected float32, int32 or bool, got int64');
  return tf.tensor(data as Float32Array, [...shape], dtype);
}
