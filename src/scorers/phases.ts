/** A training as a sequence of phases, each one an ONNX loop over its plan of steps. */
import { type HostTensor, openTrainLoop, type TrainLoop } from '../engine/index.js';
import type { Checkpoint } from './checkpoint.js';
import type { FitOptions, FitProgress } from './method.js';
import { floats } from './recorded.js';
import { STEPS_PER_CALL, type TrainingPlan } from './training-plan.js';
import type { Step } from './training-steps.js';
import { isOver, lookedAt, UNSEEN, type Watch, type Watched, type WatchedPhases } from './watch.js';

export interface Phase {
  /** Unique within a training; checkpoints go by it. */
  readonly name: string;
  /** What progress calls it. */
  readonly shown: FitProgress['phase'];
  readonly plan: TrainingPlan;
  readonly step: Step;
  /** Where the phase starts, once the parameters that earlier phases left, and what they carried beside them, are known. */
  begin(parameters: Float32Array, extra: readonly HostTensor[]): PhaseStart | Promise<PhaseStart>;
  /** Keeps the best of what the phase passes through; by default the phase ends with what its last step left. */
  readonly watch?: Watch;
  /** Steps of one native call, for steps that take long; 64 by default. */
  readonly stepsPerCall?: number;
}

export interface PhaseStart {
  /** What came in, and perhaps new ones behind. */
  readonly parameters: Float32Array;
  /** What a step gets its rows from, (rows, …) each. */
  readonly data: readonly HostTensor[];
  /** What the step carries beside parameters and optimiser, such as centres. */
  readonly extra?: readonly HostTensor[];
}

export interface TrainedPhases {
  readonly parameters: Float32Array;
  /** What the last phase carried beside parameters and optimiser. */
  readonly extra: readonly HostTensor[];
  /** Of all phases. */
  readonly epochs: number;
  readonly skippedSteps: number;
  /** NaN without a step whose loss is finite. */
  readonly finalLoss: number;
  /** By name of the phase. */
  readonly watched: WatchedPhases;
}

export type PhaseOptions = Pick<FitOptions, 'device' | 'threads' | 'onProgress' | 'cancelled' | 'checkpoints'>;

/**
 * Runs the phases one after the other, from a checkpoint where there is one.
 * @param initial parameters of the first phase   @throws {DOMException} AbortError when cancelled
 */
export async function runPhases(
  phases: readonly Phase[],
  initial: Float32Array,
  options: PhaseOptions,
): Promise<TrainedPhases> {
  const saved = (await options.checkpoints?.read()) ?? null;
  const first = Math.max(0, saved ? phases.findIndex(({ name }) => name === saved.phase) : 0);
  const steps = stepsOf(phases);
  let state = saved?.state ?? adamState(initial);
  let skippedSteps = saved?.skippedBefore ?? 0;
  let finalLoss = saved?.loss ?? Number.NaN;
  let watched = saved?.watched ?? {};
  for (const [index, phase] of phases.entries()) {
    if (index < first) continue;
    const done = stepsOf(phases.slice(0, index));
    const resume = saved && index === first ? saved : null;
    const start = await phase.begin(floats(state[0]), state.slice(SKIPPED + 1));
    const end = await runPhase(phase, start, {
      ...options,
      resume,
      skippedBefore: skippedSteps,
      watchedBefore: watched,
      loss: finalLoss,
      report: (step, loss) => options.onProgress?.({ phase: phase.shown, step: done + step, steps, loss }),
    });
    state = end.state;
    if (end.watched) watched = { ...watched, [phase.name]: { ...end.watched, kept: [] } };
    skippedSteps += floats(state[SKIPPED])[0] as number;
    finalLoss = end.loss;
  }
  const epochs = phases.reduce((sum, { plan }) => sum + plan.epochs, 0);
  return { parameters: floats(state[0]), extra: state.slice(SKIPPED + 1), epochs, skippedSteps, finalLoss, watched };
}

const stepsOf = (phases: readonly Phase[]): number => phases.reduce((sum, { plan }) => sum + plan.steps, 0);

interface RunOptions extends PhaseOptions {
  readonly resume: Checkpoint | null;
  readonly skippedBefore: number;
  readonly watchedBefore: WatchedPhases;
  readonly loss: number;
  readonly report: (step: number, loss: number) => void;
}

async function runPhase(phase: Phase, start: PhaseStart, options: RunOptions) {
  const { plan, step } = phase;
  const state = options.resume?.state ?? [...adamState(start.parameters), ...(start.extra ?? [])];
  if (plan.steps === 0) return { state, loss: options.loss, watched: null };
  const { batchRows, perStep } = plan;
  const loop = await openTrainLoop(
    { step, state, data: start.data, batchRows, perStep, metricNames: ['loss'] },
    { device: options.device ?? 'cpu', threads: options.threads ?? 1 },
  );
  try {
    const { loss, watched } = await runSteps(loop, phase, options);
    return { state: withKept(loop.state(), watched), loss, watched };
  } finally {
    await loop.close();
  }
}

/** Parameters and what is carried beside them as they were at the best look. */
function withKept(state: HostTensor[], watched: Watched | null): HostTensor[] {
  const [parameters, ...extra] = watched?.kept ?? [];
  return parameters ? [parameters, ...state.slice(1, SKIPPED + 1), ...extra] : state;
}

/** Native calls of at most 64 steps each, with a look at the flag, a report and perhaps a checkpoint between them. */
async function runSteps(loop: TrainLoop, phase: Phase, options: RunOptions) {
  const { name, plan, watch } = phase;
  let loss = options.resume?.loss ?? options.loss;
  let step = options.resume?.step ?? 0;
  let watched = watch ? (options.watchedBefore[name] ?? UNSEEN) : null;
  const { skippedBefore } = options;
  const checkpoint = (): Checkpoint => ({
    ...{ phase: name, step, loss, skippedBefore, state: loop.state() },
    watched: { ...options.watchedBefore, ...(watched ? { [name]: watched } : {}) },
  });
  while (step < plan.steps && !isOver(watch, watched)) {
    if (options.cancelled?.()) {
      if (step > 0) await options.checkpoints?.save(checkpoint);
      throw new DOMException('training was cancelled', 'AbortError');
    }
    const count = stepsOfCall(phase, step);
    const metrics = await loop.run(plan.indices(step, count), plan.randomness(step, count));
    step += count;
    loss = metrics.loss?.findLast(Number.isFinite) ?? loss;
    if (watch && watched && (step % watch.everySteps === 0 || step === plan.steps))
      watched = await look(watch, watched, step, loop.state());
    options.report(step, loss);
    await options.checkpoints?.offer(checkpoint);
  }
  return { loss, watched };
}

function look(watch: Watch, before: Watched, step: number, state: HostTensor[]): Promise<Watched> {
  const [parameters, ...rest] = state as [HostTensor, ...HostTensor[]];
  return lookedAt(watch, before, step, [parameters, ...rest.slice(SKIPPED)]);
}

/** No call goes past the next look. */
function stepsOfCall({ plan, watch, stepsPerCall = STEPS_PER_CALL }: Phase, step: number): number {
  const untilLook = watch ? watch.everySteps - (step % watch.everySteps) : plan.steps;
  return Math.min(stepsPerCall, plan.steps - step, untilLook);
}

/** Place of the count of skipped steps in the state. */
const SKIPPED = 4;

/** Parameters and Adam's memory, as {@link AdamState} on the host. */
function adamState(parameters: Float32Array): HostTensor[] {
  const zeros = (): HostTensor => ({ data: new Float32Array(parameters.length), shape: [parameters.length] });
  const zero = (): HostTensor => ({ data: new Float32Array(1), shape: [] });
  return [{ data: parameters, shape: [parameters.length] }, zeros(), zeros(), zero(), zero()];
}
