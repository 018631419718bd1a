import { importTensorflow, openEagerTrainLoop } from './eager.js';
import type { SessionOptions } from './session.js';
import { openTracedTrainLoop, type StepSpec, type TrainLoop } from './train-loop.js';

/**
 * A training loop on the device asked for: recorded and run by ONNX Runtime, or eagerly by an installed tfjs-node.
 * @throws {ConfigError} when `tensorflow` is asked for and not installed   @throws {ModelError} when another device is absent
 * @throws {TraceError} when the step cannot be recorded
 */
export async function openTrainLoop(spec: StepSpec, options: Omit<SessionOptions, 'sample'> = {}): Promise<TrainLoop> {
  if (options.device === 'tensorflow') return openEagerTrainLoop(spec, await importTensorflow());
  return openTracedTrainLoop(spec, options);
}
