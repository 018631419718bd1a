import * as tf from '@tensorflow/tfjs-core';
import { arrayOf, type GraphBuilder } from './builder.js';
import type { Value } from './graph.js';
import type { HostData, HostType } from './host-tensor.js';
import { TraceError } from './trace-error.js';

export const TRACE_BACKEND = 'trace';

/** A tfjs data handle; tfjs compares them by identity only. */
type DataId = object;

/** A tfjs backend whose data are graph values: kernels record operators, and nothing is ever computed. */
export class TraceBackend extends tf.KernelBackend {
  readonly #values = new Map<DataId, Value>();

  constructor(readonly builder: GraphBuilder) {
    super();
  }

  /** Registers a value and returns the tensor description that a kernel gives back to tfjs. */
  tensorInfo(value: Value): tf.TensorInfo {
    if (value.dtype === 'int64') throw new TraceError(`${value.op}: an int64 value cannot be a TensorFlow.js tensor`);
    const dataId = {};
    this.#values.set(dataId, value);
    return { dataId, shape: [...value.shape], dtype: value.dtype };
  }

  /** The value behind a tensor. A tensor made outside the traced function becomes a constant. */
  lookup(info: tf.TensorInfo): Value {
    const own = this.#values.get(info.dataId);
    if (own) return own;
    const owner = tf.engine().state.tensorInfo.get(info.dataId);
    if (!owner || owner.backend === this) throw new TraceError('a tensor of another trace was used');
    const value = this.#constant(owner.backend.readSync(info.dataId), info.shape, info.dtype);
    this.#values.set(info.dataId, value);
    return value;
  }

  override write(values: tf.backend_util.BackendValues, shape: number[], dtype: tf.DataType): DataId {
    return this.tensorInfo(this.#constant(values, shape, dtype)).dataId;
  }

  override move(
    dataId: DataId,
    values: tf.backend_util.BackendValues,
    shape: number[],
    dtype: tf.DataType,
    _refCount: number,
  ): void {
    this.#values.set(dataId, this.#constant(values, shape, dtype));
  }

  override readSync(dataId: DataId): tf.backend_util.BackendValues {
    throw this.#readError(dataId);
  }

  override async read(dataId: DataId): Promise<tf.backend_util.BackendValues> {
    throw this.#readError(dataId);
  }

  override numDataIds(): number {
    return this.#values.size;
  }
  override refCount(): number {
    return 1;
  }
  override incRef(): void {}
  override disposeData(): boolean {
    return true;
  }
  override memory(): { unreliable: boolean } {
    return { unreliable: true };
  }
  override floatPrecision(): 16 | 32 {
    return 32;
  }
  override epsilon(): number {
    return 1e-7;
  }
  override dispose(): void {
    this.#values.clear();
  }

  #constant(values: tf.backend_util.BackendValues, shape: readonly number[], dtype: tf.DataType): Value {
    if (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool') {
      throw new TraceError(`tensor of type ${dtype}: expected float32, int32 or bool`);
    }
    return this.builder.constant(asHostData(values, dtype), [...shape], dtype);
  }

  #readError(dataId: DataId): TraceError {
    const op = this.#values.get(dataId)?.op ?? 'a tensor of another trace';
    return new TraceError(`${op}: its value was read while tracing (dataSync, data, array or print); keep it a tensor`);
  }
}

function asHostData(values: tf.backend_util.BackendValues, dtype: HostType): HostData {
  if (dtype === 'float32' && values instanceof Float32Array) return values;
  if (dtype === 'int32' && values instanceof Int32Array) return values;
  if (dtype === 'bool' && values instanceof Uint8Array) return values;
  return arrayOf(dtype, Array.from(values as ArrayLike<number>, Number));
}
