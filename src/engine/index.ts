export {
  type AdamOptions,
  type AdamResult,
  type AdamState,
  adam,
  type FlatLayout,
  flatten,
  joined,
  unflatten,
  views,
} from './adam.js';
export { importTensorflow, openEagerTrainLoop, runEager } from './eager.js';
export { countOperators, type Graph } from './graph.js';
export type { HostData, HostTensor } from './host-tensor.js';
export type { Measurement } from './measure.js';
export { openTrainLoop } from './open-train-loop.js';
export { serialise } from './serialise.js';
export { type Device, openSession, type Session, type SessionOptions } from './session.js';
export { type TensorFunction, type TensorSpec, trace, traceBatched } from './trace.js';
export { TraceError } from './trace-error.js';
export type { StepSpec, TrainLoop } from './train-loop.js';
