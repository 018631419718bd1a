/** Trains a flat DAGMM: transform, pretraining, joint training, final mixture, one ONNX file. */
import { ModelError } from '../contracts.js';
import {
  type HostTensor,
  openSession,
  openTrainLoop,
  type SessionOptions,
  serialise,
  type TrainLoop,
  traceBatched,
} from '../engine/index.js';
import type { Checkpoint, CheckpointStore } from './checkpoint.js';
import {
  type DagmmModel,
  type DagmmNetworks,
  type LatentScale,
  latentFunction,
  membershipFunction,
  scoringFunction,
} from './dagmm-model.js';
import { applyTransform, fitTransform, type RowMatrix, rowsOf, type TransformedRows } from './input-transform.js';
import { chooseMixture, type MixtureChoice } from './mixture-choice.js';
import { latentSize, type NetworkShape, parameterCounts } from './network-shape.js';
import { initialAutoencoder, initialEstimator } from './networks.js';
import { openRandom } from './random.js';
import { type DagmmSettings, networkShape, settingsFor } from './recipes.js';
import { STEPS_PER_CALL, TrainingPlan } from './training-plan.js';
import { jointStep, pretrainStep, type Step } from './training-steps.js';

export interface TrainingProgress {
  readonly phase: 'pretrain' | 'joint' | 'mixture';
  readonly step: number;
  /** Steps of all phases. */
  readonly steps: number;
  readonly loss: number;
}

export interface DagmmTrainingOptions {
  readonly preset: string;
  readonly recipe: string;
  readonly seed: number;
  /** Overrides of the preset's and recipe's values. */
  readonly settings?: Partial<DagmmSettings>;
  readonly device?: SessionOptions['device'];
  /** 1 by default: reproducible to the bit on one machine. */
  readonly threads?: number;
  readonly onProgress?: (progress: TrainingProgress) => void;
  /** Looked at between native calls; true ends the training with an AbortError. */
  readonly cancelled?: () => boolean;
  readonly checkpoints?: CheckpointStore;
}

export interface TrainedDagmm {
  /** Raw rows (N, width) → latent, energy, for any N. */
  readonly onnx: Uint8Array;
  readonly model: DagmmModel;
  readonly choice: MixtureChoice;
  /** (W) mean of the training rows, raw. */
  readonly meanRow: Float32Array;
  readonly epochs: number;
  readonly skippedSteps: number;
  readonly finalLoss: number;
}

/**
 * @param rows raw feature rows in order of time, at least 8   @throws {ModelError} for too few rows, a value that is not
 * finite, or a training that diverged   @throws {DOMException} AbortError when cancelled
 */
export async function trainDagmm(rows: RowMatrix, options: DagmmTrainingOptions): Promise<TrainedDagmm> {
  refuseUnusable(rows);
  const settings = { ...settingsFor(options.preset, options.recipe, rowsOf(rows), rows.width), ...options.settings };
  const transform = fitTransform(rows, settings);
  const x = applyTransform(rows, transform);
  const shape = networkShape(settings, x.width, x.outside !== null);
  const { networks, skippedSteps, finalLoss } = await trainNetworks(x, shape, settings, options);
  options.onProgress?.({ phase: 'mixture', step: 0, steps: 0, loss: finalLoss });
  const { latentScale, choice } = await fitFinalMixture(x, networks, options);
  const model: DagmmModel = { ...networks, transform, latentScale, mixture: choice.mixture };
  const epochs = settings.pretrainEpochs + settings.jointEpochs;
  return { onnx: recordModel(model), model, choice, meanRow: meanRowOf(rows), epochs, skippedSteps, finalLoss };
}

const LEAST_ROWS = 8;

function refuseUnusable(rows: RowMatrix): void {
  if (rowsOf(rows) < LEAST_ROWS) {
    throw new ModelError(`training rows: expected at least ${LEAST_ROWS}, found ${rowsOf(rows)}`);
  }
  const bad = rows.data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    const where = `row ${Math.floor(bad / rows.width)}, column ${bad % rows.width}`;
    throw new ModelError(`training rows: expected finite values, found ${rows.data[bad]} in ${where}`);
  }
}

/** Records the model's scoring as ONNX for any batch size. */
export function recordModel(model: DagmmModel): Uint8Array {
  const input = { name: 'rows', shape: [-1, model.transform.width], dtype: 'float32' } as const;
  return serialise(traceBatched(scoringFunction(model), [input], ['latent', 'energy']), { scorer: 'dagmm' });
}

function meanRowOf({ data, width }: RowMatrix): Float32Array {
  const sums = new Float64Array(width);
  for (let at = 0; at < data.length; at++) sums[at % width] = (sums[at % width] as number) + (data[at] as number);
  return Float32Array.from(sums, (sum) => sum / (data.length / width));
}

interface Phase {
  readonly name: 'pretrain' | 'joint';
  readonly plan: TrainingPlan;
  readonly step: Step;
  readonly perStep: { readonly shape: readonly number[] }[];
}

async function trainNetworks(
  x: TransformedRows,
  shape: NetworkShape,
  settings: DagmmSettings,
  options: DagmmTrainingOptions,
) {
  const phases = phasesOf(x, shape, settings, options.seed);
  const saved = (await options.checkpoints?.read()) ?? null;
  const start = saved ? phases.findIndex(({ name }) => name === saved.phase) : 0;
  const total = phases.reduce((sum, { plan }) => sum + plan.steps, 0);
  let done = phases.slice(0, start).reduce((sum, { plan }) => sum + plan.steps, 0);
  let skippedSteps = saved?.skippedBefore ?? 0;
  let finalLoss = saved?.loss ?? Number.NaN;
  let parameters = initialAutoencoder(shape, openRandom(options.seed, 'autoencoder'));
  for (const [index, phase] of phases.entries()) {
    if (index < start) continue;
    if (phase.name === 'joint') {
      parameters = joined(parameters, initialEstimator(shape, openRandom(options.seed, 'estimator')));
    }
    const resume = saved && index === start ? saved : null;
    const report = (step: number, loss: number): void =>
      options.onProgress?.({ phase: phase.name, step: done + step, steps: total, loss });
    const end = await runPhase(
      x,
      phase,
      { parameters, skippedBefore: skippedSteps, loss: finalLoss, resume, report },
      settings,
      options,
    );
    parameters = end.parameters;
    skippedSteps += end.skipped;
    finalLoss = end.loss;
    done += phase.plan.steps;
  }
  const { autoencoder } = parameterCounts(shape);
  const networks: DagmmNetworks = {
    settings,
    shape,
    autoencoder: parameters.slice(0, autoencoder),
    estimator: parameters.slice(autoencoder),
  };
  return { networks, skippedSteps, finalLoss };
}

function phasesOf(x: RowMatrix, shape: NetworkShape, settings: DagmmSettings, seed: number): Phase[] {
  const { batchRows, inputNoise, dropout } = settings;
  const rows = rowsOf(x);
  const noise = inputNoise > 0 ? { shape: [batchRows, x.width] as const, deviation: inputNoise } : null;
  const mask = dropout > 0 ? { shape: [batchRows, shape.estimatorHidden] as const, keep: 1 - dropout } : null;
  const shapes = (inputs: readonly ({ shape: readonly number[] } | null)[]) =>
    inputs.flatMap((input) => (input ? [{ shape: input.shape }] : []));
  const pretrain: Phase = {
    name: 'pretrain',
    plan: new TrainingPlan({
      seed,
      phase: 'pretrain',
      rows,
      batchRows,
      epochs: settings.pretrainEpochs,
      mask: null,
      noise,
    }),
    step: pretrainStep(shape, settings),
    perStep: shapes([noise]),
  };
  const joint: Phase = {
    name: 'joint',
    plan: new TrainingPlan({ seed, phase: 'joint', rows, batchRows, epochs: settings.jointEpochs, mask, noise }),
    step: jointStep(shape, settings),
    perStep: shapes([mask, noise]),
  };
  return settings.pretrainEpochs > 0 ? [pretrain, joint] : [joint];
}

/** Rows, and beside them their distance from the whitened axes where whitening cut something off. */
function dataOf(x: TransformedRows): HostTensor[] {
  const rows: HostTensor = { data: x.data, shape: [rowsOf(x), x.width] };
  return x.outside ? [rows, { data: x.outside, shape: [x.outside.length, 1] }] : [rows];
}

const joined = (a: Float32Array, b: Float32Array): Float32Array => Float32Array.from([...a, ...b]);

interface PhaseStart {
  readonly parameters: Float32Array;
  readonly skippedBefore: number;
  readonly loss: number;
  readonly resume: Checkpoint | null;
  readonly report: (step: number, loss: number) => void;
}

async function runPhase(
  x: TransformedRows,
  phase: Phase,
  start: PhaseStart,
  settings: DagmmSettings,
  options: DagmmTrainingOptions,
) {
  const loop = await openTrainLoop(
    {
      step: phase.step,
      state: start.resume ? start.resume.state : initialState(start.parameters),
      data: phase.name === 'joint' ? dataOf(x) : dataOf(x).slice(0, 1),
      batchRows: settings.batchRows,
      perStep: phase.perStep,
      metricNames: ['loss'],
    },
    { device: options.device ?? 'cpu', threads: options.threads ?? 1 },
  );
  try {
    const loss = await runSteps(loop, phase, start, options);
    const [parameters, , , , skipped] = loop.state();
    return { parameters: floats(parameters), skipped: floats(skipped)[0] as number, loss };
  } finally {
    await loop.close();
  }
}

/** Native calls of at most 64 steps each, with a look at the flag, a report and perhaps a checkpoint between them. */
async function runSteps(
  loop: TrainLoop,
  phase: Phase,
  start: PhaseStart,
  options: DagmmTrainingOptions,
): Promise<number> {
  const { plan } = phase;
  let loss = start.resume?.loss ?? start.loss;
  let step = start.resume?.step ?? 0;
  const { skippedBefore } = start;
  const checkpoint = (): Checkpoint => ({ phase: phase.name, step, loss, skippedBefore, state: loop.state() });
  while (step < plan.steps) {
    if (options.cancelled?.()) {
      if (step > 0) await options.checkpoints?.save(checkpoint);
      throw new DOMException('training was cancelled', 'AbortError');
    }
    const count = Math.min(STEPS_PER_CALL, plan.steps - step);
    const metrics = await loop.run(plan.indices(step, count), plan.randomness(step, count));
    step += count;
    loss = lastFinite(metrics.loss ?? new Float32Array(0), loss);
    start.report(step, loss);
    await options.checkpoints?.offer(checkpoint);
  }
  return loss;
}

function lastFinite(values: Float32Array, otherwise: number): number {
  return values.findLast(Number.isFinite) ?? otherwise;
}

function initialState(parameters: Float32Array): HostTensor[] {
  const zeros = (): HostTensor => ({ data: new Float32Array(parameters.length), shape: [parameters.length] });
  const zero = (): HostTensor => ({ data: new Float32Array(1), shape: [] });
  return [{ data: parameters, shape: [parameters.length] }, zeros(), zeros(), zero(), zero()];
}

function floats(tensor: HostTensor | undefined): Float32Array {
  if (!(tensor?.data instanceof Float32Array)) throw new ModelError('training state: expected float32 parameters');
  return tensor.data;
}

/** Whole-set latents with dropout off, their scale, and the mixture in float64. */
async function fitFinalMixture(x: TransformedRows, networks: DagmmNetworks, options: DagmmTrainingOptions) {
  const { settings, shape } = networks;
  const size = latentSize(shape);
  const run = { threads: options.threads ?? 1 };
  const z = Float64Array.from(await mapRows(dataOf(x), latentFunction(networks), size, run));
  if (!z.every(Number.isFinite))
    throw new ModelError('training diverged: expected finite latents, found NaN; try another seed');
  const latentScale = settings.standardiseLatent ? scaleOf(z, size) : unscaled(size);
  const standard = z.map(
    (value, at) => (value - (latentScale.mean[at % size] as number)) * (latentScale.scale[at % size] as number),
  );
  const latents: HostTensor = { data: Float32Array.from(standard), shape: [standard.length / size, size] };
  const gamma = Float64Array.from(await mapRows([latents], membershipFunction(networks), shape.components, run));
  const choice = chooseMixture({ data: standard, size }, gamma, shape.components, {
    epsilon: settings.epsilon,
    shrink: settings.shrink,
    seed: options.seed,
    fit: settings.fit,
    candidates: settings.emComponents,
  });
  return { latentScale, choice };
}

const unscaled = (size: number): LatentScale => ({
  mean: new Float64Array(size),
  scale: new Float64Array(size).fill(1),
});

function scaleOf(z: Float64Array, size: number): LatentScale {
  const count = z.length / size;
  const mean = new Float64Array(size);
  const square = new Float64Array(size);
  z.forEach((value, at) => {
    mean[at % size] = (mean[at % size] as number) + value / count;
  });
  z.forEach((value, at) => {
    square[at % size] = (square[at % size] as number) + (value - (mean[at % size] as number)) ** 2 / count;
  });
  return { mean, scale: square.map((variance) => 1 / Math.sqrt(variance + 1e-5)) };
}

/** Rows of one native call when latents of a whole set are computed. */
const MAP_ROWS = 2048;

async function mapRows(
  inputs: readonly HostTensor[],
  fn: ReturnType<typeof latentFunction>,
  width: number,
  options: { threads: number },
): Promise<Float32Array> {
  const specs = inputs.map(({ shape }, i) => ({
    name: `in${i}`,
    shape: [-1, shape[1] as number],
    dtype: 'float32' as const,
  }));
  const session = await openSession(serialise(traceBatched(fn, specs, ['out'])), {
    device: 'cpu',
    threads: options.threads,
  });
  const count = inputs[0]?.shape[0] ?? 0;
  const out = new Float32Array(count * width);
  try {
    for (let from = 0; from < count; from += MAP_ROWS) {
      const parts = inputs.map(
        (input, i) => [`in${i}`, rowsFrom(input, from, Math.min(MAP_ROWS, count - from))] as const,
      );
      const { out: part } = await session.run(Object.fromEntries(parts));
      out.set(floats(part), from * width);
    }
  } finally {
    await session.close();
  }
  return out;
}

function rowsFrom(tensor: HostTensor, from: number, count: number): HostTensor {
  const width = tensor.shape[1] as number;
  return { data: floats(tensor).subarray(from * width, (from + count) * width), shape: [count, width] };
}
