/*
 * The part of onnx.proto (ONNX 1.12, Apache-2.0) that a model made elsewhere may use, with its field numbers. What is
 * left out (documentation, shapes of inner values, training) is not needed to run it.
 */
import protobuf from 'protobufjs/light.js';
import { ModelError } from '../../contracts.js';

const field = (type: string, id: number) => ({ type, id });
const list = (type: string, id: number) => ({ rule: 'repeated', type, id, options: { packed: false } });

const root = protobuf.Root.fromJSON({
  nested: {
    ModelProto: {
      fields: {
        irVersion: field('int64', 1),
        producerName: field('string', 2),
        graph: field('GraphProto', 7),
        opsetImport: list('OperatorSetIdProto', 8),
        metadataProps: list('StringStringEntryProto', 14),
        functions: list('bytes', 25),
      },
    },
    OperatorSetIdProto: { fields: { domain: field('string', 1), version: field('int64', 2) } },
    StringStringEntryProto: { fields: { key: field('string', 1), value: field('string', 2) } },
    GraphProto: {
      fields: {
        node: list('NodeProto', 1),
        name: field('string', 2),
        initializer: list('TensorProto', 5),
        input: list('ValueInfoProto', 11),
        output: list('ValueInfoProto', 12),
        sparseInitializer: list('bytes', 15),
      },
    },
    NodeProto: {
      fields: {
        input: list('string', 1),
        output: list('string', 2),
        name: field('string', 3),
        opType: field('string', 4),
        attribute: list('AttributeProto', 5),
        domain: field('string', 7),
      },
    },
    AttributeProto: {
      fields: {
        name: field('string', 1),
        f: field('float', 2),
        i: field('int64', 3),
        s: field('bytes', 4),
        t: field('TensorProto', 5),
        g: field('GraphProto', 6),
        floats: list('float', 7),
        ints: list('int64', 8),
        strings: list('bytes', 9),
        tensors: list('TensorProto', 10),
        graphs: list('GraphProto', 11),
        type: field('int32', 20),
      },
    },
    TensorProto: {
      fields: {
        dims: list('int64', 1),
        dataType: field('int32', 2),
        floatData: list('float', 4),
        int32Data: list('int32', 5),
        stringData: list('bytes', 6),
        int64Data: list('int64', 7),
        name: field('string', 8),
        rawData: field('bytes', 9),
        doubleData: list('double', 10),
        uint64Data: list('uint64', 11),
        dataLocation: field('int32', 14),
      },
    },
    ValueInfoProto: { fields: { name: field('string', 1), type: field('TypeProto', 2) } },
    TypeProto: { fields: { tensorType: field('TensorTypeProto', 1) } },
    TensorTypeProto: { fields: { elemType: field('int32', 1), shape: field('TensorShapeProto', 2) } },
    TensorShapeProto: { fields: { dim: list('DimensionProto', 1) } },
    DimensionProto: { fields: { dimValue: field('int64', 1), dimParam: field('string', 2) } },
  },
});

const modelType = root.lookupType('ModelProto');

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
    const model = modelType.decode(bytes) as unknown as ModelMessage;
    if (model.graph?.node.length && model.opsetImport.length) return model;
  } catch (cause) {
    throw new ModelError(`${name}: expected an ONNX model, found bytes that cannot be read as one`, { cause });
  }
  throw new ModelError(`${name}: expected an ONNX model, found one without a graph or an operator set`);
}

export function writeModel(model: ModelMessage, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const metadataProps = Object.entries(metadata).map(([key, value]) => ({ key, value }));
  return modelType.encode({ producerName: 'auscult', ...model, metadataProps }).finish();
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
