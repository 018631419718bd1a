import './no-telemetry.js';
import * as ort from 'onnxruntime-node';
import { ModelError } from '../contracts.js';
import { type HostData, type HostTensor, type HostType, hostType, sizeOf } from './host-tensor.js';

/*
 * Runs ONNX files. Imports nothing of TensorFlow.js or protobuf, so that a process that only scores stays small.
 */

/** Where ONNX Runtime executes. */
export type ExecutionDevice = 'cpu' | 'webgpu' | 'cuda';

export interface ExecutionOptions {
  readonly device: ExecutionDevice;
  /** Threads inside one operator. */
  readonly threads: number;
  /** Path of a profile to write, but for its end; absent = none. */
  readonly profilePrefix?: string;
}

/** A model opened on one device. Owned by whoever opened it. `run` blocks the event loop while it computes. */
export interface Execution {
  readonly device: ExecutionDevice;
  readonly threads: number;
  /** Symbolic sizes are names. */
  readonly inputs: readonly {
    readonly name: string;
    readonly type: string;
    readonly shape: readonly (number | string)[];
  }[];
  readonly outputNames: readonly string[];
  /** @throws {ModelError} naming the input that is missing or does not fit */
  run(feeds: Readonly<Record<string, HostTensor>>): Promise<Record<string, HostTensor>>;
  /** Writes the profile, if one was asked for. */
  endProfiling(): void;
  close(): Promise<void>;
}

/**
 * Opens an ONNX file or its bytes on one device.
 * @throws {ModelError} when the model does not load or the device is not there
 */
export async function openExecution(model: Uint8Array | string, options: ExecutionOptions): Promise<Execution> {
  const { device, threads, profilePrefix } = options;
  const settings: ort.InferenceSession.SessionOptions = {
    executionProviders: device === 'cpu' ? ['cpu'] : [device, 'cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 4,
    ...(profilePrefix === undefined ? {} : { enableProfiling: true, profileFilePrefix: profilePrefix }),
  };
  const what = typeof model === 'string' ? model : `model of ${model.byteLength} bytes`;
  try {
    const inner =
      typeof model === 'string'
        ? ort.InferenceSession.create(model, settings)
        : ort.InferenceSession.create(model, settings);
    return new OrtExecution(await inner, device, threads);
  } catch (cause) {
    throw new ModelError(`${what}: ONNX Runtime cannot open it on ${device}: ${messageOf(cause)}`, { cause });
  }
}

class OrtExecution implements Execution {
  constructor(
    readonly inner: ort.InferenceSession,
    readonly device: ExecutionDevice,
    readonly threads: number,
  ) {}

  get outputNames(): readonly string[] {
    return this.inner.outputNames;
  }

  get inputs() {
    return this.inner.inputMetadata.map((input) =>
      input.isTensor
        ? { name: input.name, type: input.type, shape: input.shape }
        : { name: input.name, type: '', shape: [] },
    );
  }

  async run(feeds: Readonly<Record<string, HostTensor>>): Promise<Record<string, HostTensor>> {
    const missing = this.inner.inputNames.find((name) => feeds[name] === undefined);
    if (missing !== undefined) throw new ModelError(`model input ${missing}: expected a tensor, got none`);
    const surplus = Object.keys(feeds).find((name) => !this.inner.inputNames.includes(name));
    if (surplus !== undefined) throw new ModelError(`model input ${surplus}: expected only ${this.inner.inputNames}`);
    const tensors = Object.entries(feeds).map(([name, host]) => [name, toOrt(name, host)] as const);
    try {
      const results = await this.inner.run(Object.fromEntries(tensors));
      return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, toHost(tensor)]));
    } catch (cause) {
      throw new ModelError(`model on ${this.device}: ${messageOf(cause)}`, { cause });
    }
  }

  endProfiling(): void {
    this.inner.endProfiling();
  }

  async close(): Promise<void> {
    await this.inner.release();
  }
}

function toOrt(name: string, { data, shape }: HostTensor): ort.Tensor {
  if (data.length !== sizeOf(shape)) {
    throw new ModelError(`model input ${name}: shape [${shape}] expects ${sizeOf(shape)} values, got ${data.length}`);
  }
  const type: HostType = hostType(data);
  // The runtime refuses shared memory, which the rows of a training thread are in: slices are copies of their own.
  const own = data.buffer instanceof SharedArrayBuffer ? data.slice() : data;
  return new ort.Tensor(type, own, [...shape]);
}

function toHost(tensor: ort.Tensor): HostTensor {
  return { data: tensor.data as HostData, shape: tensor.dims };
}

/** The first line of what ONNX Runtime says. */
export function messageOf(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  return message.split('\n', 1)[0] ?? message;
}
