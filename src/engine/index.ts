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
export { countOperators, type Graph } from './graph.js';
export type { HostData, HostTensor } from './host-tensor.js';
export { serialise } from './serialise.js';
export { openExecution as openSession, type Session, type SessionOptions } from './session.js';
export { type TensorFunction, type TensorSpec, trace, traceBatched } from './trace.js';
export { TraceError } from './trace-error.js';
export { openTracedTrainLoop as openTrainLoop, type StepSpec, type TrainLoop } from './train-loop.js';
