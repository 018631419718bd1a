/** Recorded normals → trained scorer → calibration → model package. */
import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename } from 'node:path';
import type {
  Calibration,
  FeatureSpec,
  Manifest,
  Modality,
  Smoothing,
  Source,
  TrainingRecord,
  Trouble,
  Window,
} from '../contracts.js';
import { type CalibrationInput, calibrate } from '../decision/calibration.js';
import type { SessionOptions } from '../engine/session.js';
import { isSound, rowShape } from '../features/spec-sizes.js';
import type { FittedModel, Hyperparameters } from '../scorers/method.js';
import { methodNamed, recipeOf } from '../scorers/methods.js';
import { sha256, writePackage } from '../scorers/package-files.js';
import { checkPackagePlace } from '../scorers/package-places.js';
import { scoreWindows } from '../scorers/package-scorer.js';
import { RowScorer } from '../scorers/row-scorer.js';
import { type Segment, type Split, splitNormals } from './hold-out.js';
import { NormalStretches } from './normal-stretches.js';
import { type FeatureRequest, type Recordings, readRecordings } from './recordings.js';
import { RepeatedSound } from './repeated-sound.js';
import { runTraining } from './run-training.js';
import { slowColumns } from './slow-columns.js';
import { timingOf } from './timing.js';

export interface CommissionOptions {
  /** Opens the recorded normals from their start; may be called twice. */
  readonly open: () => Source;
  readonly features: FeatureRequest;
  /** Name of what was asked for, for the record. */
  readonly preset: string;
  /** One of METHODS; `dagmm` by default. */
  readonly method?: string;
  /** The method's first by default: `robust` of `dagmm`. */
  readonly recipe?: string;
  readonly seed?: number;
  /** Folder of the package; its last part is the package's name. */
  readonly out: string;
  readonly signal?: AbortSignal;
  readonly settings?: Hyperparameters;
  readonly device?: SessionOptions['device'];
  /** 1 by default: two trainings give the same bits. */
  readonly threads?: number;
  readonly smoothing?: Smoothing;
  /** Descriptors of one window's samples, whose means go into the calibration. */
  readonly describe?: (window: Window) => Readonly<Record<string, number>>;
  readonly onProgress?: (progress: CommissionProgress) => void;
  /** One line for each file, row or picture that could not be used; by default a note. */
  readonly onTrouble?: (text: string) => void;
  /** One line for the operator: a file that was skipped, a checkpoint that did not fit. */
  readonly onNote?: (text: string) => void;
}

export interface CommissionProgress {
  readonly stage: 'reading' | 'pretrain' | 'joint' | 'mixture' | 'scoring';
  readonly done: number;
  /** 0 where the total is not known. */
  readonly total: number;
  /** Training stages: the last loss. */
  readonly loss: number | null;
}

/**
 * Learns what normal is and writes the package. An interrupted training goes on where it was (`<out>.partial`) when data
 * and settings are the same.
 * @returns the manifest that was written   @throws the signal's reason, ModelError, ConfigError, StorageError
 */
export async function commission(options: CommissionOptions): Promise<Manifest> {
  const started = performance.now();
  const signal = options.signal ?? new AbortController().signal;
  checkPackagePlace(options.out);
  const descriptors = new DescriptorMeans(options.describe);
  const normals = await normalStretches(options.features);
  const repeated = new RepeatedSound();
  const recordings = await readRecordings(options.features, {
    open: options.open,
    signal,
    onTrouble: ({ message }: Trouble) => (options.onTrouble ?? options.onNote)?.(message),
    onNote: options.onNote,
    onRead: (windows) => options.onProgress?.({ stage: 'reading', done: windows, total: 0, loss: null }),
    onObservation: (observation) => {
      if (observation.kind === 'audio') repeated.add(observation.samples, observation.gap);
    },
    onWindow: (window) => {
      descriptors.add(window);
      normals?.add(window);
    },
  });
  if (recordings.cut) options.onNote?.('recordings: there is more than training needs; the rest was left out');
  const split = splitNormals(recordings.segments, recordings.spec);
  noteSlowColumns(recordings.spec, split, options);
  const dataDigest = digestOf(split.training);
  const result = await train(split, recordings.spec, dataDigest, signal, options);
  const sound = isSound(recordings.spec);
  const heard = { descriptors: descriptors.means(), ...(sound ? { repeatedShare: repeated.share } : {}) };
  const { calibration, device } = await calibrateOn(split, result, recordings.spec, heard, options);
  const record = recordOf(
    { recordings, split, result, dataDigest, seconds: (performance.now() - started) / 1000 },
    options,
  );
  const manifest = manifestOf(recordings.spec, split, result, { calibration, record, device }, options);
  await writePackage(options.out, result.onnx, manifest, normals?.files());
  await rm(partialOf(options.out), { recursive: true, force: true });
  return manifest;
}

/** What of the sound is kept for listening. */
const normalStretches = async (request: FeatureRequest): Promise<NormalStretches | null> =>
  request.kind !== 'learn-table' && isSound(request) ? NormalStretches.open(request) : null;

function noteSlowColumns(spec: FeatureSpec, { training, width }: Split, { onNote }: CommissionOptions): void {
  if (spec.kind === 'table') for (const line of slowColumns(spec, training, width)) onNote?.(line);
}

/** Where an interrupted training keeps its state. */
export const partialOf = (out: string): string => `${out}.partial`;

const digestOf = (rows: Float32Array): string =>
  createHash('sha256')
    .update(new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength))
    .digest('hex');

/** @throws {ConfigError} for a name that is not known */
function chosen({ method = 'dagmm', recipe }: CommissionOptions): { method: string; recipe: string } {
  return { method, recipe: recipeOf(methodNamed(method), recipe) };
}

function train(
  split: Split,
  spec: FeatureSpec,
  dataDigest: string,
  signal: AbortSignal,
  options: CommissionOptions,
): Promise<FittedModel> {
  const { seed = 0, settings = {}, device = 'cpu', threads = 1 } = options;
  const { method, recipe } = chosen(options);
  const how = { method, rowKind: spec.kind, rowShape: rowShape(spec), recipe, seed, settings, device, threads };
  const key = JSON.stringify({ version: versions(), ...how, dataDigest });
  return runTraining(
    {
      rows: split.training,
      width: split.width,
      ...how,
      checkpoint: { folder: partialOf(options.out), key },
    },
    {
      signal,
      onStep: ({ phase, step, steps, loss }) => options.onProgress?.({ stage: phase, done: step, total: steps, loss }),
      onNote: options.onNote,
    },
  );
}

/** Scores the held-out windows as the live path will, and calibrates on them. */
async function calibrateOn(
  { heldOut, width }: Split,
  { onnx, scoringRows, meanRow }: FittedModel,
  spec: FeatureSpec,
  heard: Pick<CalibrationInput, 'descriptors' | 'repeatedShare'>,
  { device, threads = 1, smoothing, onProgress }: CommissionOptions,
): Promise<{ calibration: Calibration; device: string }> {
  const scoringDevice = device === 'tensorflow' ? 'cpu' : device;
  const scorer = await RowScorer.open(onnx, { width, scoringRows, meanRow, device: scoringDevice, threads });
  try {
    const segments: Float64Array[] = [];
    for (const { windows } of heldOut) {
      segments.push(await scoreWindows(scorer, windows, width));
      onProgress?.({ stage: 'scoring', done: segments.length, total: heldOut.length, loss: null });
    }
    const levelsDb = isSound(spec) ? levelsOf(heldOut) : undefined;
    const calibration = calibrate({ segments, ...timingOf(spec, heldOut), smoothing, levelsDb, ...heard });
    return { calibration, device: scorer.device };
  } finally {
    await scorer.close();
  }
}

const levelsOf = (segments: readonly Segment[]): number[] =>
  segments.flatMap(({ windows }) => windows.map(({ levelDb }) => levelDb ?? Number.NaN));

interface Facts {
  readonly recordings: Recordings;
  readonly split: Split;
  readonly result: FittedModel;
  readonly dataDigest: string;
  readonly seconds: number;
}

function recordOf(
  { recordings, split, result, dataDigest, seconds }: Facts,
  options: CommissionOptions,
): TrainingRecord {
  const files = new Set(recordings.segments.map(({ name }) => name)).size;
  const heldOutRows = split.heldOut.reduce((sum, { windows }) => sum + windows.reduce((n, w) => n + w.shape[0], 0), 0);
  const { epochs, hyperparameters, skippedSteps, singularRetries, finalLoss } = result;
  return {
    preset: options.preset,
    recipe: chosen(options).recipe,
    seed: options.seed ?? 0,
    epochs,
    hyperparameters,
    dataDigest,
    files,
    rows: split.training.length / split.width,
    heldOutRows,
    skippedSteps,
    singularRetries,
    seconds: Math.round(seconds * 10) / 10,
    finalLoss,
  };
}

const modalityOf = (spec: FeatureSpec): Modality =>
  isSound(spec) ? 'audio' : spec.kind === 'image-flat' ? 'image' : 'table';

function manifestOf(
  features: FeatureSpec,
  split: Split,
  { onnx, meanRow, scoringRows, mixture }: FittedModel,
  { calibration, record, device }: { calibration: Calibration; record: TrainingRecord; device: string },
  options: CommissionOptions,
): Manifest {
  const { auscult, runtime } = versions();
  return {
    format: 1,
    name: basename(options.out),
    scorer: chosen(options).method,
    createdAt: new Date().toISOString(),
    auscultVersion: auscult,
    modality: modalityOf(features),
    features,
    input: { width: split.width, scoringRows, meanRow: Array.from(meanRow, (x) => Number(x.toPrecision(7))) },
    engine: { runtime, device, threads: options.threads ?? 1 },
    training: record,
    calibration,
    ...(mixture ? { mixture } : {}),
    modelDigest: sha256(onnx),
  };
}

function versions(): { auscult: string; runtime: string } {
  const require = createRequire(import.meta.url);
  const own = require('../../package.json') as { version: string };
  const runtime = require('onnxruntime-node/package.json') as { version: string };
  return { auscult: own.version, runtime: `onnxruntime-node ${runtime.version}` };
}

/** Means of the acoustic descriptors over all windows. */
class DescriptorMeans {
  readonly #sums = new Map<string, { sum: number; count: number }>();

  constructor(private readonly describe: CommissionOptions['describe']) {}

  add(window: Window): void {
    if (!this.describe) return;
    for (const [name, value] of Object.entries(this.describe(window))) {
      if (!Number.isFinite(value)) continue;
      const { sum, count } = this.#sums.get(name) ?? { sum: 0, count: 0 };
      this.#sums.set(name, { sum: sum + value, count: count + 1 });
    }
  }

  means(): Readonly<Record<string, number>> | null {
    if (this.#sums.size === 0) return null;
    return Object.fromEntries([...this.#sums].map(([name, { sum, count }]) => [name, sum / count]));
  }
}
