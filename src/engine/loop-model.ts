import type { Graph } from './graph.js';
import type { HostType } from './host-tensor.js';
import { encodeModel, type GraphMessage, type NodeMessage, type ValueInfoMessage } from './onnx-schema.js';
import { graphMessage, tensorMessage, valueInfo } from './serialise.js';

/** Where a step's graph gets its inputs and leaves its outputs: names as traced, in the step's own order. */
export interface LoopLayout {
  readonly state: readonly string[];
  readonly batch: readonly string[];
  readonly perStep: readonly string[];
  readonly metrics: readonly string[];
  readonly dataShapes: readonly { readonly shape: readonly number[]; readonly dtype: HostType }[];
  readonly perStepShapes: readonly (readonly number[])[];
  readonly batchRows: number;
}

export const nextState = (name: string): string => `${name}.next`;
export const finalState = (name: string): string => `${name}.final`;
export const dataName = (index: number): string => `data${index}`;
export const perStepName = (index: number): string => `steps.${index}`;
export const INDICES = 'indices';
export const STEPS = 'step.count';

/**
 * An epoch as one ONNX Loop around a step's graph. Carried: the state. Outside: the epoch's data, the row indices
 * (steps, batchRows) and the per-step tensors (steps, …), from which an iteration gathers its own. Scanned out: metrics.
 */
export function loopModel(step: Graph, layout: LoopLayout): Uint8Array {
  const body = loopBody(step, layout);
  const carried = layout.state.map((name) => inputInfo(step, name));
  const loop: NodeMessage = {
    input: [STEPS, '', ...layout.state],
    output: [...layout.state.map(finalState), ...layout.metrics],
    name: 'epoch',
    opType: 'Loop',
    attribute: [{ name: 'body', g: body, type: 5 }],
  };
  const graph: GraphMessage = {
    node: [loop],
    name: 'epoch',
    initializer: [],
    input: [
      valueInfo(STEPS, 'int64', []),
      symbolic(INDICES, 'int64', ['steps'], [layout.batchRows]),
      ...layout.dataShapes.map(({ shape, dtype }, i) => symbolic(dataName(i), dtype, [`rows${i}`], shape.slice(1))),
      ...layout.perStepShapes.map((shape, i) => symbolic(perStepName(i), 'float32', ['steps'], shape)),
      ...carried,
    ],
    output: [
      ...carried.map((info) => ({ ...info, name: finalState(info.name) })),
      ...layout.metrics.map((name) => symbolic(name, 'float32', ['steps'], [])),
    ],
  };
  return encodeModel(graph, {});
}

function loopBody(step: Graph, layout: LoopLayout): GraphMessage {
  const traced = graphMessage(step, 'step', 'step.');
  const gather = (from: string, indices: string, to: string): NodeMessage => ({
    input: [from, indices],
    output: [to],
    name: `gather:${to}`,
    opType: 'Gather',
    attribute: [{ name: 'axis', i: 0, type: 2 }],
  });
  const keepGoing: NodeMessage = {
    input: ['always'],
    output: ['go.on'],
    name: 'go.on',
    opType: 'Identity',
    attribute: [],
  };
  return {
    node: [
      keepGoing,
      ...(layout.batch.length > 0 ? [gather(INDICES, 'iteration', 'rows')] : []),
      ...layout.batch.map((name, index) => gather(dataName(index), 'rows', name)),
      ...layout.perStep.map((name, index) => gather(perStepName(index), 'iteration', name)),
      ...traced.node,
    ],
    name: 'step',
    initializer: [...traced.initializer, tensorMessage('always', Uint8Array.of(1), [])],
    input: [
      valueInfo('iteration', 'int64', []),
      valueInfo('go', 'bool', []),
      ...layout.state.map((name) => inputInfo(step, name)),
    ],
    output: [
      valueInfo('go.on', 'bool', []),
      ...traced.output.filter(({ name }) => layout.state.some((state) => nextState(state) === name)),
      ...traced.output.filter(({ name }) => layout.metrics.includes(name)),
    ],
  };
}

function inputInfo(step: Graph, name: string): ValueInfoMessage {
  const found = step.inputs.find((input) => input.name === name);
  if (!found) throw new RangeError(`step input ${name}: not traced`);
  return valueInfo(name, found.value.dtype, found.value.shape);
}

function symbolic(
  name: string,
  dtype: HostType,
  leading: readonly string[],
  rest: readonly number[],
): ValueInfoMessage {
  const info = valueInfo(name, dtype, rest);
  const dim = [...leading.map((dimParam) => ({ dimParam })), ...info.type.tensorType.shape.dim];
  return { name, type: { tensorType: { ...info.type.tensorType, shape: { dim } } } };
}
