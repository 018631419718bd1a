import { arrayOf } from './builder.js';
import { type Attributes, type Graph, reachable, type Value } from './graph.js';
import { type HostData, type HostType, hostType, sizeOf } from './host-tensor.js';
import {
  type AttributeMessage,
  encodeModel,
  type GraphMessage,
  type NodeMessage,
  type TensorMessage,
  type ValueInfoMessage,
} from './onnx-schema.js';
import { TraceError } from './trace-error.js';

const TYPE_CODES: Record<HostType, number> = { float32: 1, int32: 6, int64: 7, bool: 9 };
const FLOAT_ATTRIBUTES = new Set(['alpha', 'beta', 'epsilon']);
/** Attributes here that are int64 inputs in ONNX, from the second input on. */
const INPUT_ATTRIBUTES: Readonly<Record<string, readonly string[]>> = {
  Reshape: ['shape'],
  Expand: ['shape'],
  Tile: ['repeats'],
  Slice: ['starts', 'ends', 'axes'],
  Pad: ['pads'],
  ReduceSum: ['axes'],
  CumSum: ['axis'],
  Split: ['split'],
};

/** The graph as an ONNX file (opset 17, IR 8). A size of −1 is written as the symbolic size `batch`. */
export function serialise(graph: Graph, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  return encodeModel(graphMessage(graph, 'auscult', ''), metadata);
}

/**
 * @param prefix put before the names of inner values, so that a loop body and the graph around it do not clash
 */
export function graphMessage(graph: Graph, name: string, prefix: string): GraphMessage {
  const writer = new GraphWriter(graph, prefix);
  return {
    node: writer.nodes,
    name,
    initializer: writer.initializers,
    input: graph.inputs.map((input) => valueInfo(input.name, input.value.dtype, input.value.shape)),
    output: graph.outputs.map((output) => valueInfo(output.name, output.value.dtype, output.value.shape)),
  };
}

class GraphWriter {
  readonly nodes: NodeMessage[] = [];
  readonly initializers: TensorMessage[] = [];
  readonly #names = new Map<Value, string>();
  readonly #integers = new Map<string, string>();

  constructor(
    graph: Graph,
    readonly prefix: string,
  ) {
    for (const { name, value } of graph.inputs) this.#names.set(value, name);
    // A graph's outputs are named by the operators that make them: a copy of a step's state costs as much as an operator.
    const copies = graph.outputs.filter(({ name, value }) => !this.#claim(value, name));
    for (const value of reachable(graph)) this.#write(value);
    for (const { name, value } of copies) this.nodes.push(node('Identity', [this.#nameOf(value)], [name], []));
  }

  /** Gives a computed value its name; false where it has one, or is no operator's only result. */
  #claim(value: Value, name: string): boolean {
    if (this.#names.has(value) || value.data || value.op === 'Output') return false;
    this.#names.set(value, name);
    return true;
  }

  /** An `Output` is one of the results of an operator that has several. */
  #nameOf(value: Value): string {
    const [parent] = value.inputs;
    if (value.op === 'Output' && parent) return `${this.#nameOf(parent)}.${value.attributes.index}`;
    return this.#names.get(value) ?? `${this.prefix}v${value.id}`;
  }

  #write(value: Value): void {
    if (value.op === 'Input') {
      if (!this.#names.has(value)) throw new TraceError(`input ${value.attributes.name}: not an input of this graph`);
      return;
    }
    if (value.op === 'Output') return;
    if (value.data) {
      this.initializers.push(tensorMessage(this.#nameOf(value), filled(value.data, value.shape), value.shape));
      return;
    }
    const asInputs = value.op === 'Expand' && value.inputs.length > 1 ? [] : (INPUT_ATTRIBUTES[value.op] ?? []);
    const [first, ...rest] = value.inputs.map((input) => this.#nameOf(input));
    const extra = asInputs.map((attribute) => this.#integerInput(value.attributes[attribute]));
    const own = Object.entries(value.attributes).filter(([key]) => {
      return !asInputs.includes(key) && !(value.op === 'Expand' && key === 'shape');
    });
    const inputs = [...(first === undefined ? [] : [first]), ...extra, ...rest];
    const name = this.#nameOf(value);
    const outputs = value.op === 'Split' ? splitSizes(value).map((_, index) => `${name}.${index}`) : [name];
    this.nodes.push(node(value.op, inputs, outputs, attributeMessages(Object.fromEntries(own))));
  }

  /** Shapes, axes and the like as shared int64 initialisers. */
  #integerInput(attribute: Attributes[string] | undefined): string {
    const numbers = typeof attribute === 'object' ? attribute : [Number(attribute)];
    const shape = typeof attribute === 'object' ? [numbers.length] : [];
    const key = `${shape.length}:${numbers.join(',')}`;
    const known = this.#integers.get(key);
    if (known) return known;
    const name = `${this.prefix}i${this.#integers.size}`;
    this.#integers.set(key, name);
    this.initializers.push(tensorMessage(name, arrayOf('int64', numbers), shape));
    return name;
  }
}

function node(
  opType: string,
  input: readonly string[],
  output: readonly string[],
  attribute: readonly AttributeMessage[],
): NodeMessage {
  return { input, output, name: `${opType}:${output[0]}`, opType, attribute };
}

function splitSizes(value: Value): readonly number[] {
  return value.attributes.split as readonly number[];
}

function attributeMessages(attributes: Attributes): AttributeMessage[] {
  return Object.entries(attributes).map(([name, value]) => {
    if (name === 'to') return { name, i: TYPE_CODES[value as HostType], type: 2 };
    if (typeof value === 'string') return { name, s: new TextEncoder().encode(value), type: 3 };
    if (typeof value === 'object') return { name, ints: value, type: 7 };
    return FLOAT_ATTRIBUTES.has(name) ? { name, f: value, type: 1 } : { name, i: value, type: 2 };
  });
}

export function tensorMessage(name: string, data: HostData, shape: readonly number[]): TensorMessage {
  const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { name, dims: shape, dataType: TYPE_CODES[hostType(data)], rawData };
}

export function valueInfo(name: string, dtype: HostType, shape: readonly number[]): ValueInfoMessage {
  const dim = shape.map((size) => (size < 0 ? { dimParam: 'batch' } : { dimValue: size }));
  return { name, type: { tensorType: { elemType: TYPE_CODES[dtype], shape: { dim } } } };
}

/** A constant's elements, one repeated value written out. */
function filled(data: HostData, shape: readonly number[]): HostData {
  const size = sizeOf(shape);
  if (data.length === size) return data;
  const [first = 0] = data;
  return arrayOf(hostType(data), new Array<number>(size).fill(Number(first)));
}
