import type { HostData, HostType } from './host-tensor.js';

/** Attributes of a value's operator; integers and lists of integers unless the serialiser knows the name as a float. */
export type Attributes = Readonly<Record<string, number | string | readonly number[]>>;

/**
 * One value of a graph together with the operator that makes it. Split alone makes several: its value stands for the
 * operator, and its parts are values of the operator `Output`.
 * Operators carry ONNX names, but their shapes, axes and pads are attributes even where ONNX wants inputs:
 * the serialiser knows the difference. A size of −1 is the batch (dynamic graphs only).
 */
export interface Value {
  /** Creation order, so that sorting by id is a topological order. */
  readonly id: number;
  /** ONNX operator, or `Input` (a graph input), `Constant` or `Output` (part `index` of a Split). */
  readonly op: string;
  readonly inputs: readonly Value[];
  readonly attributes: Attributes;
  readonly shape: readonly number[];
  readonly dtype: HostType;
  /** Constants: row-major values, or a single one repeated over `shape`. */
  readonly data?: HostData;
}

export interface NamedValue {
  readonly name: string;
  readonly value: Value;
}

/** A recorded function. */
export interface Graph {
  readonly inputs: readonly NamedValue[];
  readonly outputs: readonly NamedValue[];
}

/** The values that the outputs need, each after those it depends on; inputs and constants included. */
export function reachable(graph: Graph): Value[] {
  const seen = new Set<Value>();
  const waiting = graph.outputs.map((output) => output.value);
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (seen.has(value)) continue;
    seen.add(value);
    waiting.push(...value.inputs);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}
