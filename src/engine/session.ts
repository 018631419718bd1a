import { ConfigError } from '../contracts.js';
import { type Execution, type ExecutionDevice, openExecution } from './execution.js';
import type { HostTensor } from './host-tensor.js';
import { type Measurement, openFastest } from './measure.js';
import { countCpuNodes } from './placement.js';
import { sampleFeeds } from './sample-feeds.js';

/*
 * Runs ONNX files. Nothing here imports TensorFlow.js or protobuf, so that a process that only scores stays small.
 */

/** `auto` measures the model on each device that works; `tensorflow` is the eager executor on an installed tfjs-node. */
export type Device = 'auto' | 'tensorflow' | ExecutionDevice;

export interface SessionOptions {
  /** Default `cpu`. */
  readonly device?: Device;
  /** Threads inside one operator; 1 (default) gives the same bits on every run. */
  readonly threads?: number;
  /** What `auto` measures with; made up from the model's inputs where absent. */
  readonly sample?: Readonly<Record<string, HostTensor>>;
}

/** A loaded model. Owned by whoever opened it. `run` blocks the event loop while it computes. */
export interface Session {
  /** Where it runs: what `auto` chose, or what was forced. */
  readonly device: ExecutionDevice;
  readonly outputNames: readonly string[];
  /** Operators that a GPU provider left to the CPU; 0 on the CPU itself. */
  readonly cpuNodes: number;
  /** What `auto` saw on each device; empty when a device was forced. */
  readonly measurements: readonly Measurement[];
  /** @throws {ModelError} naming the input that is missing or does not fit */
  run(feeds: Readonly<Record<string, HostTensor>>): Promise<Record<string, HostTensor>>;
  close(): Promise<void>;
}

/**
 * Opens an ONNX file or its bytes. A forced device that is not there is an error, never a fall-back.
 * @throws {ModelError} when the model does not load, or the device does not work here (named in the message)
 * @throws {ConfigError} for `tensorflow`, which runs functions and no files
 */
export async function openSession(model: Uint8Array | string, options: SessionOptions = {}): Promise<Session> {
  const { device = 'cpu', threads = 1, sample } = options;
  if (device === 'tensorflow') {
    throw new ConfigError('engine.device: an ONNX file runs on auto, cpu, webgpu or cuda; tensorflow only trains');
  }
  if (device === 'auto') {
    const { execution, measurements } = await openFastest(model, threads, sample);
    return sessionOf(model, execution, measurements, sample);
  }
  return sessionOf(model, await openExecution(model, { device, threads }), [], sample);
}

async function sessionOf(
  model: Uint8Array | string,
  execution: Execution,
  measurements: readonly Measurement[],
  sample: Readonly<Record<string, HostTensor>> | undefined,
): Promise<Session> {
  const { device, threads, outputNames } = execution;
  const feeds = sample ?? sampleFeeds(execution);
  const cpuNodes = device === 'cpu' ? 0 : await countCpuNodes(model, device, threads, feeds);
  return {
    device,
    outputNames,
    cpuNodes,
    measurements,
    run: (given) => execution.run(given),
    close: () => execution.close(),
  };
}
