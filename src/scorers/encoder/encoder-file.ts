/** A pretrained encoder as its user names it: one ONNX file, or several that follow each other. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError, ModelError } from '../../contracts.js';
import { asNumber, type GraphMessage, type ModelMessage, readModel } from './onnx-message.js';

export interface EncoderFile {
  /** Of the file, for messages. */
  readonly name: string;
  readonly digest: string;
  readonly model: ModelMessage;
  readonly input: string;
  /** −1 for a size that is not fixed. */
  readonly inputShape: readonly number[];
  /** The first. */
  readonly output: string;
}

/** What is done to the samples and between two files. */
export interface EncoderManner {
  /** Samples (−1…1) are multiplied by it: 32,768 for encoders that were trained on 16-bit numbers. */
  readonly inputScale: number;
  /** What one file makes is multiplied by `stageScale`, and `stageShift` added, before the next. */
  readonly stageScale: number;
  readonly stageShift: number;
  /** Frames from one piece that the next file is shown to the following one; 0: pieces side by side. */
  readonly stageHop: number;
}

const PLAIN: EncoderManner = { inputScale: 1, stageScale: 1, stageShift: 0, stageHop: 0 };

/** Encoders whose manner is known, by the first 16 digits of the SHA-256 of each file. */
const KNOWN: Readonly<Record<string, EncoderManner>> = {
  // openWakeWord's log-mel and Google's speech embedding: one of 96 numbers for 76 frames, every 8 frames (80 ms).
  'ba2b0e0f8b7b8753+70d164290c1d095d': { inputScale: 32_768, stageScale: 0.1, stageShift: 2, stageHop: 8 },
};

export const mannerOf = (files: readonly EncoderFile[]): EncoderManner =>
  KNOWN[files.map(({ digest }) => digest.slice(0, 16)).join('+')] ?? PLAIN;

/** The encoder that comes with Auscult. */
export const OWN_ENCODER = ['melspectrogram.onnx', 'embedding_model.onnx'].map((file) =>
  fileURLToPath(new URL(`../../../models/encoders/openwakeword/${file}`, import.meta.url)),
);

/** @param paths separated by commas; '' is Auscult's own   @throws {ConfigError} for a file that cannot be read, {ModelError} for one that cannot be joined */
export async function readEncoder(paths: string): Promise<EncoderFile[]> {
  const list = paths.trim() === '' ? OWN_ENCODER : paths.split(',').map((path) => path.trim());
  return Promise.all(list.map(readOne));
}

async function readOne(path: string): Promise<EncoderFile> {
  const bytes = await readFile(path).catch((cause: Error) => {
    throw new ConfigError(`encoder: expected an ONNX file, found ${path}: ${cause.message}`, { cause });
  });
  const name = basename(path);
  const model = readModel(bytes, name);
  refuseUnjoinable(model, name);
  const inputs = fedInputs(model);
  const [input] = inputs;
  const type = input?.type?.tensorType;
  if (!input || inputs.length !== 1 || type?.elemType !== 1)
    throw new ModelError(
      `${name}: expected one input of float32, found ${inputs.map((i) => i.name).join(', ') || 'none'}`,
    );
  const inputShape = (type.shape?.dim ?? []).map(({ dimValue }) => (dimValue ? asNumber(dimValue) : -1));
  const output = model.graph.output[0]?.name;
  if (!output) throw new ModelError(`${name}: expected an output, found none`);
  const digest = createHash('sha256').update(bytes).digest('hex');
  return { name, digest, model, input: input.name, inputShape, output };
}

/** Inputs that must be fed: old models list their weights among them. */
function fedInputs({ graph }: ModelMessage): GraphMessage['input'] {
  const weights = new Set(graph.initializer.map(({ name }) => name));
  return graph.input.filter(({ name }) => !weights.has(name));
}

function refuseUnjoinable({ graph, functions = [] }: ModelMessage, name: string): void {
  const graphs = [graph, ...innerGraphs(graph)];
  if (graphs.some(({ initializer }) => initializer.some(({ dataLocation }) => dataLocation === 1)))
    throw new ModelError(`${name}: expected weights inside the file, found them beside it; save it as one file`);
  if (functions.length > 0 || graphs.some(({ sparseInitializer = [] }) => sparseInitializer.length > 0))
    throw new ModelError(`${name}: expected plain operators and weights, found local functions or sparse weights`);
}

function innerGraphs({ node }: GraphMessage): GraphMessage[] {
  const own = node.flatMap(({ attribute }) =>
    attribute.flatMap(({ g, graphs = [] }) => [...(g ? [g] : []), ...graphs]),
  );
  return own.flatMap((graph) => [graph, ...innerGraphs(graph)]);
}
