import { createHash } from 'node:crypto';
import type { Attributes, Value } from './graph.js';
import type { HostData, HostType } from './host-tensor.js';

/**
 * Makes the values of one graph. Two values with the same operator, inputs and attributes are one value
 * (everything recorded is pure), which removes common sub-expressions as they arise.
 */
export class GraphBuilder {
  readonly #known = new Map<string, Value>();
  #nextId = 0;

  input(name: string, shape: readonly number[], dtype: HostType): Value {
    return this.emit('Input', [], { name }, shape, dtype);
  }

  /** A constant tensor; an array of one repeated value is stored once. */
  constant(data: HostData, shape: readonly number[], dtype: HostType): Value {
    const stored = isUniform(data) ? data.slice(0, 1) : data.slice();
    const bytes = new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
    const digest = createHash('sha1').update(bytes).digest('base64');
    return this.#make(`Constant ${digest} ${stored.length}`, {
      op: 'Constant',
      inputs: [],
      attributes: {},
      shape,
      dtype,
      data: stored,
    });
  }

  scalar(number: number, dtype: HostType = 'float32'): Value {
    return this.fill([], number, dtype);
  }

  /** A constant whose elements are all `number`. */
  fill(shape: readonly number[], number: number, dtype: HostType): Value {
    return this.constant(arrayOf(dtype, [number]), shape, dtype);
  }

  emit(op: string, inputs: readonly Value[], attributes: Attributes, shape: readonly number[], dtype: HostType): Value {
    const key = `${op} ${inputs.map((input) => input.id).join(',')} ${JSON.stringify(attributes)}`;
    return this.#make(key, { op, inputs, attributes, shape, dtype });
  }

  #make(key: string, value: Omit<Value, 'id'>): Value {
    const fullKey = `${key} ${value.dtype} ${value.shape.join('x')}`;
    const known = this.#known.get(fullKey);
    if (known) return known;
    const made = { ...value, id: this.#nextId++ };
    this.#known.set(fullKey, made);
    return made;
  }
}

/** The repeated value of a constant, or undefined when it is no constant or not uniform. */
export function uniformOf(value: Value): number | undefined {
  return value.data?.length === 1 ? Number(value.data[0]) : undefined;
}

/** A typed array of the given element type. */
export function arrayOf(dtype: HostType, numbers: readonly number[]): HostData {
  if (dtype === 'float32') return Float32Array.from(numbers);
  if (dtype === 'int32') return Int32Array.from(numbers);
  if (dtype === 'int64') return BigInt64Array.from(numbers, (number) => BigInt(number));
  return Uint8Array.from(numbers);
}

function isUniform(data: HostData): boolean {
  const first = data[0];
  if (first === undefined || Object.is(first, -0)) return false;
  for (const element of data) if (element !== first) return false;
  return true;
}
