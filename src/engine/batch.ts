import { GraphBuilder } from './builder.js';
import { type Attributes, type Graph, reachable, type Value } from './graph.js';
import { sameNumbers } from './shapes.js';
import { TraceError } from './trace-error.js';

const TO_THE_END = Number.MAX_SAFE_INTEGER;

/**
 * Joins two recordings of one function, made at two batch sizes, into one graph whose batch sizes are −1.
 * @throws {TraceError} when they differ in anything that does not follow the batch
 */
export function mergeBatches(first: Graph, second: Graph, batches: readonly [number, number]): Graph {
  return new Merger(first, batches).merge(first, second);
}

class Merger {
  readonly #merged = new Map<Value, Value>();
  readonly #builder = new GraphBuilder();

  constructor(
    readonly origin: Graph,
    readonly batches: readonly [number, number],
  ) {}

  merge(first: Graph, second: Graph): Graph {
    const [a, b] = [ordered(first), ordered(second)];
    if (a.length !== b.length) throw differs('graph', `${a.length} operators`, `${b.length}`);
    const place = new Map([...a, ...b].map((value, index) => [value, index % a.length]));
    a.forEach((value, index) => {
      const other = b[index];
      if (!other || other.op !== value.op || other.inputs.length !== value.inputs.length) {
        throw differs(value.op, value.op, other?.op ?? 'nothing');
      }
      value.inputs.forEach((input, position) => {
        if (place.get(other.inputs[position] ?? other) !== place.get(input)) {
          throw differs(value.op, 'the same inputs', 'others');
        }
      });
      this.#merged.set(value, this.#mergeValue(value, other));
    });
    const renamed = (graph: Graph, side: 'inputs' | 'outputs') =>
      graph[side].map(({ name, value }) => ({ name, value: this.#merged.get(value) ?? value }));
    return { inputs: renamed(first, 'inputs'), outputs: renamed(first, 'outputs') };
  }

  #mergeValue(value: Value, other: Value): Value {
    const inputs = value.inputs.map((input) => this.#merged.get(input) ?? input);
    const shape = this.#mergeSizes(value.op, value.shape, other.shape);
    if (value.data) return this.#mergeConstant(value, other, shape);
    if (value.op === 'Expand' && !sameNumbers(value.shape, other.shape))
      return this.#dynamicExpand(value, inputs, shape);
    const attributes = this.#mergeAttributes(value, other, shape);
    return this.#builder.emit(value.op, inputs, attributes, shape, value.dtype);
  }

  #mergeConstant(value: Value, other: Value, shape: readonly number[]): Value {
    const [a, b] = [value.data, other.data];
    const same = a && b && a.length === b.length && a.every((element, index) => Object.is(element, b[index]));
    if (!a || !same) {
      const cause =
        this.batches[0] === this.batches[1] ? 'random numbers made inside?' : 'random, or made from the batch size?';
      throw new TraceError(
        `Constant [${value.shape}]: its values differ between two recordings (${cause}); make it an input`,
      );
    }
    return this.#builder.constant(a, shape, value.dtype);
  }

  #mergeAttributes(value: Value, other: Value, shape: readonly number[]): Attributes {
    const entries = Object.entries(value.attributes).map(([name, own]) => {
      const theirs = other.attributes[name];
      if (JSON.stringify(own) === JSON.stringify(theirs)) return [name, own];
      if (name === 'shape') return [name, shape];
      if (value.op === 'Slice' && name === 'ends') return [name, this.#openEnds(value, other)];
      throw differs(`${value.op} ${name}`, String(own), String(theirs));
    });
    const merged = Object.fromEntries(entries) as Attributes;
    if (value.op === 'Reshape' && shape.filter((size) => size < 0).length > 1) {
      throw differs('Reshape', 'one size that follows the batch', `[${shape}]`);
    }
    return merged;
  }

  /** A slice up to the end of the batch is a slice up to the end. */
  #openEnds(value: Value, other: Value): number[] {
    const axes = value.attributes.axes as readonly number[];
    const [ends, theirs] = [value.attributes.ends, other.attributes.ends] as (readonly number[])[];
    return axes.map((axis, index) => {
      const [end, otherEnd] = [ends?.[index], theirs?.[index]];
      if (end !== undefined && end === otherEnd) return end;
      const whole = end === value.inputs[0]?.shape[axis] && otherEnd === other.inputs[0]?.shape[axis];
      if (!whole) throw differs('Slice ends', String(end), String(otherEnd));
      return TO_THE_END;
    });
  }

  /** Sizes that differ must be the same multiple of the batch. */
  #mergeSizes(op: string, own: readonly number[], theirs: readonly number[]): number[] {
    if (own.length !== theirs.length) throw differs(op, `rank ${own.length}`, `${theirs.length}`);
    return own.map((size, axis) => {
      const other = theirs[axis] ?? 0;
      if (size === other) return size;
      if (size * this.batches[1] !== other * this.batches[0]) throw differs(op, `[${own}]`, `[${theirs}]`);
      return -1;
    });
  }

  /** A broadcast up to the batch takes its size from a graph input. */
  #dynamicExpand(value: Value, inputs: readonly Value[], shape: readonly number[]): Value {
    const source = this.origin.inputs.find((input) => input.value.shape[0] === this.batches[0])?.value;
    const input = source && (this.#merged.get(source) ?? this.#mergeInput(source));
    if (!input) throw differs('Expand', 'an input with the batch', 'none');
    const batch = this.#builder.emit('Shape', [input], { start: 0, end: 1 }, [1], 'int64');
    const sizes = shape.map((size, axis) => {
      if (size >= 0) return this.#builder.constant(BigInt64Array.of(BigInt(size)), [1], 'int64');
      if (value.inputs[0]?.shape[axis - shape.length + (value.inputs[0]?.shape.length ?? 0)] === value.shape[axis]) {
        return this.#builder.constant(BigInt64Array.of(1n), [1], 'int64');
      }
      const multiple = (value.shape[axis] ?? 0) / this.batches[0];
      if (multiple === 1) return batch;
      const factor = this.#builder.constant(BigInt64Array.of(BigInt(multiple)), [1], 'int64');
      return this.#builder.emit('Mul', [batch, factor], {}, [1], 'int64');
    });
    const target = this.#builder.emit('Concat', sizes, { axis: 0 }, [shape.length], 'int64');
    return this.#builder.emit('Expand', [...inputs, target], {}, shape, value.dtype);
  }

  #mergeInput(input: Value): Value {
    const shape = input.shape.map((size) => (size === this.batches[0] ? -1 : size));
    return this.#builder.emit('Input', [], input.attributes, shape, input.dtype);
  }
}

/** Every value in creation order; graph inputs count even when nothing uses them. */
function ordered(graph: Graph): Value[] {
  const all = new Set([...graph.inputs.map((input) => input.value), ...reachable(graph)]);
  return [...all].sort((a, b) => a.id - b.id);
}

function differs(what: string, first: string, second: string): TraceError {
  return new TraceError(`${what}: two recordings differ: ${first}, then ${second}; only sizes may follow the batch`);
}
