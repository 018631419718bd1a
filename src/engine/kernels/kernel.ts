import * as tf from '@tensorflow/tfjs-core';
import { Algebra } from '../algebra.js';
import type { Value } from '../graph.js';
import { TRACE_BACKEND, type TraceBackend } from '../trace-backend.js';
import { TraceError } from '../trace-error.js';

/** What a kernel sees: its inputs as values, its attributes, and the operators to build with. */
export interface KernelCall {
  readonly name: string;
  readonly algebra: Algebra;
  /** The input named `key`. @throws {TraceError} when the op did not give it */
  readonly input: (key: string) => Value;
  /** True when the op was given an input of that name. */
  has(key: string): boolean;
  /** The inputs of an op that takes a list (Concat, Pack, AddN). */
  readonly inputs: readonly Value[];
  readonly number: (key: string, fallback?: number) => number;
  numbers(key: string): number[];
  flag(key: string): boolean;
  text(key: string, fallback: string): string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export type Kernel = (call: KernelCall) => Value | Value[];

/** Registers one recording kernel under its tfjs name. */
export function register(kernelName: string, kernel: Kernel): void {
  tf.registerKernel({
    kernelName,
    backendName: TRACE_BACKEND,
    kernelFunc: ({ inputs, backend, attrs }) => {
      const trace = backend as TraceBackend;
      const made = kernel(new TfjsCall(kernelName, trace, inputs, (attrs ?? {}) as Record<string, unknown>));
      return Array.isArray(made) ? made.map((value) => trace.tensorInfo(value)) : trace.tensorInfo(made);
    },
  });
}

class TfjsCall implements KernelCall {
  readonly algebra: Algebra;

  constructor(
    readonly name: string,
    readonly backend: TraceBackend,
    readonly tensors: tf.NamedTensorInfoMap,
    readonly attributes: Readonly<Record<string, unknown>>,
  ) {
    this.algebra = new Algebra(backend.builder);
  }

  readonly input = (key: string): Value => {
    const tensor = this.tensors[key];
    if (!tensor) throw new TraceError(`${this.name}: input ${key} is missing`);
    return this.backend.lookup(tensor);
  };

  has(key: string): boolean {
    return this.tensors[key] !== undefined && this.tensors[key] !== null;
  }

  get inputs(): Value[] {
    return Object.values(this.tensors).flatMap((tensor) => (tensor ? [this.backend.lookup(tensor)] : []));
  }

  readonly number = (key: string, fallback?: number): number => {
    const value = this.attributes[key] ?? fallback;
    if (typeof value !== 'number')
      throw new TraceError(`${this.name}: attribute ${key} is ${value}, expected a number`);
    return value;
  };

  numbers(key: string): number[] {
    const value = this.attributes[key];
    if (typeof value === 'number') return [value];
    if (!Array.isArray(value)) throw new TraceError(`${this.name}: attribute ${key} is ${value}, expected numbers`);
    return value.map(Number);
  }

  flag(key: string): boolean {
    return this.attributes[key] === true;
  }

  text(key: string, fallback: string): string {
    const value = this.attributes[key];
    return typeof value === 'string' ? value : fallback;
  }
}
