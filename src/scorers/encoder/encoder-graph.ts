/** An encoder's files as one graph from a window's samples to one embedding, row by row. */
import { ModelError } from '../../contracts.js';
import { openSession } from '../../engine/session.js';
import type { EncoderFile, EncoderManner } from './encoder-file.js';
import { asNumber, type GraphMessage, type ModelMessage, node, tensor, value, writeModel } from './onnx-message.js';
import { commonOpsets, opsetOf, upgraded } from './opset.js';
import { renamed } from './renamed.js';

/** Operators of the body that make `embedding` (size) of `row` (samples). */
export interface EncoderBody {
  readonly body: GraphMessage;
  /** Numbers of an embedding. */
  readonly size: number;
  readonly opsetImport: { readonly domain: string; readonly version: number }[];
  readonly irVersion: number;
}

/** What is known of a value inside the body while it grows. */
interface Flow {
  readonly name: string;
  readonly shape: readonly number[];
}

/** Oldest operator set and file version that the rest of the graph is written in. */
const OWN_OPSET = 17;
const OWN_IR = 8;

/**
 * Joins the files. What one makes is cut into pieces of the length that the next takes; the embedding is the mean over
 * everything but the last axis longer than one. Shapes are found by running what there is so far.
 * @param width samples of a window   @throws {ModelError} when files do not fit each other or the window
 */
export async function joinEncoder(
  files: readonly EncoderFile[],
  manner: EncoderManner,
  width: number,
): Promise<EncoderBody> {
  const opsetImport = commonOpsets(files);
  const own = opsetImport.find(({ domain }) => domain === '');
  if (own) own.version = Math.max(OWN_OPSET, own.version);
  const irVersion = Math.max(OWN_IR, ...files.map(({ model }) => asNumber(model.irVersion)));
  const head = { opsetImport, irVersion };
  const body: GraphMessage = { name: 'encoder', node: [], initializer: [], input: [value('row', [width])], output: [] };
  let flow: Flow = { name: 'row', shape: [width] };
  for (const [i, file] of files.entries()) {
    const [scale, shift] = i === 0 ? [manner.inputScale, 0] : [manner.stageScale, manner.stageShift];
    const scaled = rescaled(body, flow, scale, shift, `s${i}`);
    const fed = fitted(body, scaled, file, i === 0 ? 0 : manner.stageHop, `s${i}`);
    flow = await through(body, fed, file, head, `e${i}`);
  }
  const { name, size } = pooled(body, flow);
  body.output = [value(name, [size])];
  return { body, size, ...head };
}

function rescaled(body: GraphMessage, { name, shape }: Flow, scale: number, shift: number, prefix: string): Flow {
  let last = name;
  const apply = (op: string, factor: number, neutral: number): void => {
    if (factor === neutral) return;
    body.initializer.push(tensor(`${prefix}.${op}`, Float32Array.of(factor), []));
    body.node.push(node(op, [last, `${prefix}.${op}`], `${prefix}.${op}.out`));
    last = `${prefix}.${op}.out`;
  };
  apply('Mul', scale, 1);
  apply('Add', shift, 0);
  return { name: last, shape };
}

/** The values as the file's input wants them: (1 or pieces, …). */
function fitted(body: GraphMessage, { name, shape }: Flow, file: EncoderFile, hop: number, prefix: string): Flow {
  const count = shape.reduce((product, size) => product * size, 1);
  const { inputShape } = file;
  const refuse = () =>
    new ModelError(`${file.name}: expects input [${inputShape.map((s) => (s < 0 ? '?' : s))}], found [${shape}]`);
  if (inputShape.length === 0) throw refuse();
  const [axis, perStep] = timeOf(inputShape);
  const steps = count / perStep;
  if (!Number.isInteger(steps)) throw refuse();
  const length = (inputShape[axis] ?? -1) > 0 ? (inputShape[axis] as number) : steps;
  const distance = hop > 0 ? hop : length;
  const pieces = steps < length ? 0 : 1 + Math.floor((steps - length) / distance);
  const batched = axis > 0;
  if (pieces === 0 || (pieces > 1 && (!batched || (inputShape[0] as number) === 1))) throw refuse();
  const flat = reshaped(body, name, [steps, perStep], `${prefix}.steps`);
  const index = Array.from({ length: pieces }, (_, p) => Array.from({ length }, (_, t) => p * distance + t)).flat();
  body.initializer.push(tensor(`${prefix}.index`, index, [index.length]));
  body.node.push(node('Gather', [flat, `${prefix}.index`], `${prefix}.pieces`));
  const wanted = inputShape.map((size, i) => (i === axis ? length : i === 0 ? pieces : Math.abs(size)));
  return { name: reshaped(body, `${prefix}.pieces`, wanted, `${prefix}.fed`), shape: wanted };
}

/** Which axis of an input is time (the only one that is not fixed behind the batch, else the longest first), and numbers of one step. */
function timeOf(shape: readonly number[]): [axis: number, perStep: number] {
  if (shape.length === 1) return [0, 1];
  const open = shape.findIndex((size, i) => i > 0 && size < 0);
  const axis = open > 0 ? open : shape.findIndex((size, i) => i > 0 && size > 1);
  const at = axis > 0 ? axis : shape.length - 1;
  return [at, shape.slice(1).reduce((product, size, i) => (i + 1 === at ? product : product * Math.abs(size)), 1)];
}

function reshaped(body: GraphMessage, from: string, shape: readonly number[], to: string): string {
  body.initializer.push(tensor(`${to}.shape`, shape, [shape.length]));
  body.node.push(node('Reshape', [from, `${to}.shape`], to));
  return to;
}

type Head = Pick<EncoderBody, 'opsetImport' | 'irVersion'>;

/** Puts the file's operators behind what there is, under names of their own. */
async function through(body: GraphMessage, fed: Flow, file: EncoderFile, head: Head, prefix: string): Promise<Flow> {
  const newest = head.opsetImport.find(({ domain }) => domain === '')?.version ?? OWN_OPSET;
  const graph = upgraded(file.model.graph, opsetOf(file.model), newest, file.name);
  const own = renamed(graph, (name) => (name === file.input ? fed.name : `${prefix}/${name}`));
  body.node.push(...own.node);
  body.initializer.push(...own.initializer);
  const name = file.output === file.input ? fed.name : `${prefix}/${file.output}`;
  return { name, shape: await shapeOf(body, name, head, file) };
}

/** By running the body on a quiet tone. */
async function shapeOf(body: GraphMessage, name: string, head: Head, file: EncoderFile): Promise<readonly number[]> {
  const graph = { ...body, output: [{ name, type: { tensorType: { elemType: 1 } } }] };
  const width = asNumber(body.input[0]?.type?.tensorType?.shape?.dim?.[0]?.dimValue ?? 0);
  try {
    const session = await openSession(writeModel({ ...head, graph }));
    try {
      const data = Float32Array.from({ length: width }, (_, i) => 0.01 * Math.sin(0.3 * i));
      const { [name]: out } = await session.run({ row: { data, shape: [width] } });
      if (out?.data instanceof Float32Array) return out.shape;
    } finally {
      await session.close();
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause);
    throw new ModelError(`${file.name}: cannot be joined for windows of ${width} samples: ${reason}`, { cause });
  }
  throw new ModelError(`${file.name}: expected an output of float32`);
}

/** Mean over all axes but the last longer than one, as a product, which all operator sets write alike. */
function pooled(body: GraphMessage, { name, shape }: Flow): { name: string; size: number } {
  const size = shape.findLast((length) => length > 1) ?? 1;
  const parts = shape.reduce((product, length) => product * length, 1) / size;
  const flat = reshaped(body, name, [parts, size], 'parts');
  body.initializer.push(tensor('share', new Float32Array(parts).fill(1 / parts), [1, parts]));
  body.node.push(node('MatMul', ['share', flat], 'mean'));
  return { name: reshaped(body, 'mean', [size], 'embedding'), size };
}

/**
 * The encoder on every row by itself: "rows" (N, samples) → `output` (N, size). A Scan, since some encoders look at all
 * that they are given at once, and no window may change with those beside it.
 */
export function overRows({ body, size }: EncoderBody, width: number, output: string): GraphMessage {
  const scan = node('Scan', ['rows'], output, [
    { name: 'body', g: body, type: 5 },
    { name: 'num_scan_inputs', i: 1, type: 2 },
  ]);
  return {
    ...{ name: 'auscult', node: [scan], initializer: [] },
    ...{ input: [value('rows', [-1, width])], output: [value(output, [-1, size])] },
  };
}

/** The encoder, and behind it a model that takes its embeddings as "rows" and has an output "energy". */
export function withHead(
  encoder: EncoderBody,
  width: number,
  head: ModelMessage,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const newest = encoder.opsetImport.find(({ domain }) => domain === '')?.version ?? OWN_OPSET;
  const { input, output } = head.graph;
  const kept = new Map([...output.map(({ name }) => [name, name] as const), [input[0]?.name ?? '', 'embeddings']]);
  const own = renamed(upgraded(head.graph, opsetOf(head), newest, 'auscult'), (name) => kept.get(name) ?? `h/${name}`);
  const first = overRows(encoder, width, 'embeddings');
  const graph = {
    ...first,
    node: [...first.node, ...own.node],
    initializer: own.initializer,
    output: own.output,
  };
  return writeModel({ opsetImport: encoder.opsetImport, irVersion: encoder.irVersion, graph }, metadata);
}
