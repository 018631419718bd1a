/** Tensors outside any runtime: plain typed arrays with a shape. */

export type HostData = Float32Array | Int32Array | BigInt64Array | Uint8Array;

/** Row-major values. Float32Array is float32, Int32Array int32, BigInt64Array int64, and Uint8Array bool (0 or 1). */
export interface HostTensor {
  readonly data: HostData;
  readonly shape: readonly number[];
}

export type HostType = 'float32' | 'int32' | 'int64' | 'bool';

/** The element type that a typed array stands for. */
export function hostType(data: HostData): HostType {
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof Int32Array) return 'int32';
  if (data instanceof BigInt64Array) return 'int64';
  return 'bool';
}

/** Number of elements of a shape; 1 for a scalar. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
