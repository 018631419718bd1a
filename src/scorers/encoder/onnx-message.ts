/** Models made elsewhere, read and written whole. */
import { ModelError } from '../../contracts.js';
import { onnxModel } from '../../engine/onnx-schema.js';

/** An int64 as it was read (perhaps wider than a number can be), or a number. */
export type Int64 = number | { toNumber(): number };

export interface TensorMessage {
  name: string;
  dims: Int64[];
  /** 1 float32, 7 int64 */
  dataType: number;
  rawData?: Uint8Array;
  int64Data?: Int64[];
  /** 1: beside the file. */
  dataLocation?: number;
}

export interface AttributeMessage {
  name: string;
  i?: Int64;
  ints?: Int64[];
  g?: GraphMessage;
  graphs?: GraphMessage[];
  t?: TensorMessage;
  /** 2 int, 5 graph, 7 ints */
  type: number;
}

export interface NodeMessage {
  name: string;
  opType: string;
  domain?: string;
  input: string[];
  output: string[];
  attribute: AttributeMessage[];
}

export interface ValueMessage {
  name: string;
  type?: {
    tensorType?: { elemType: number; shape?: { dim?: { dimValue?: Int64; dimParam?: string }[] } };
  };
}

export interface GraphMessage {
  name: string;
  node: NodeMessage[];
  initializer: TensorMessage[];
  input: ValueMessage[];
  output: ValueMessage[];
  sparseInitializer?: Uint8Array[];
}

export interface ModelMessage {
  irVersion: Int64;
  graph: GraphMessage;
  opsetImport: { domain?: string; version: Int64 }[];
  functions?: Uint8Array[];
}

export const asNumber = (value: Int64): number => (typeof value === 'number' ? value : value.toNumber());

/** @param name of the file, for the message   @throws {ModelError} when the bytes are no ONNX model */
export function readModel(bytes: Uint8Array, name: string): ModelMessage {
  try {
    const model = onnxModel.decode(bytes) as unknown as ModelMessage;
    if (model.graph?.node.length && model.opsetImport.length) return model;
  } catch (cause) {
    throw new ModelError(`${name}: expected an ONNX model, found bytes that cannot be read as one`, { cause });
  }
  throw new ModelError(`${name}: expected an ONNX model, found one without a graph or an operator set`);
}

export function writeModel(model: ModelMessage, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const metadataProps = Object.entries(metadata).map(([key, value]) => ({ key, value }));
  return onnxModel.encode({ producerName: 'auscult', ...model, metadataProps }).finish();
}

/** A tensor of float32 or int64. */
export function tensor(name: string, values: Float32Array | readonly number[], dims: readonly number[]): TensorMessage {
  const data = values instanceof Float32Array ? values : BigInt64Array.from(values, BigInt);
  const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { name, dims: [...dims], dataType: data instanceof Float32Array ? 1 : 7, rawData };
}

/** A float32 value; a size of −1 is the batch. */
export function value(name: string, sizes: readonly number[]): ValueMessage {
  const dim = sizes.map((size) => (size < 0 ? { dimParam: 'batch' } : { dimValue: size }));
  return { name, type: { tensorType: { elemType: 1, shape: { dim } } } };
}

export function node(
  opType: string,
  input: readonly string[],
  output: string,
  attribute: AttributeMessage[] = [],
): NodeMessage {
  return { name: `${opType}:${output}`, opType, input: [...input], output: [output], attribute };
}
