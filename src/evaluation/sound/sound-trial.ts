/** One method on one machine: learns its training clips, scores its test clips as `auscult score` would. */
import type { AudioFeatureSpec } from '../../contracts.js';
import { Scratch } from '../../features/scratch.js';
import { clipHopFrames, rowShape } from '../../features/spec-sizes.js';
import { openCheckpoints } from '../../scorers/checkpoint.js';
import type { FittedModel } from '../../scorers/method.js';
import { methodNamed } from '../../scorers/methods.js';
import { scoreWindows } from '../../scorers/package-scorer.js';
import { RowScorer } from '../../scorers/row-scorer.js';
import type { ClipReader } from './clip-reader.js';
import { type HeardClip, hear, isShort, windowsOf } from './clip-windows.js';
import { explainClips } from './explain-clips.js';
import type { KnownClip, SoundTrialJob, SoundTrialResult } from './sound-job.js';
import { planLearning, TrainingRows } from './training-rows.js';

export interface SoundTrialOptions {
  readonly cancelled: () => boolean;
  /** Share of the trial that is done, 0…1. */
  readonly onStep?: (share: number) => void;
}

/** With fewer held-out clips the threshold needs every training clip's score. */
export const ENOUGH_HELD_OUT = 10;
/** Shares of a trial's time, roughly: reading, fitting; the rest is scoring. */
const [READ, FIT] = [0.05, 0.8];

export async function runSoundTrial(
  reader: ClipReader,
  job: SoundTrialJob,
  options: SoundTrialOptions,
): Promise<SoundTrialResult> {
  const { train, test, spec } = job;
  const notes: string[] = [];
  const plan = planLearning(train, spec);
  const rows = await gather(reader, job, options);
  const started = performance.now();
  const fitted = await learn(rows, job, notes, options);
  const fitSeconds = (performance.now() - started) / 1000;
  const scorer = await RowScorer.open(fitted.onnx, { width: rows.width, ...fitted, threads: job.threads });
  try {
    const wanted = plan.heldOut.length >= ENOUGH_HELD_OUT ? plan.heldOut : [...train.keys()];
    const clips = [...test, ...wanted.flatMap((i) => train[i] ?? [])];
    const scored = performance.now();
    const scores = await scoreClips(reader, scorer, clips, job, options);
    const testScores = scores.slice(0, test.length);
    const trainScores = train.map((_, i) =>
      wanted.includes(i) ? (scores[test.length + wanted.indexOf(i)] ?? null) : null,
    );
    const scoreSeconds = (performance.now() - scored) / 1000;
    const explained = job.explain ? await explainClips(reader, scorer, fitted.meanRow, testScores, job) : [];
    const { hyperparameters, epochs, skippedSteps, singularRetries, finalLoss } = fitted;
    return {
      ...{ testScores, trainScores, heldOut: plan.heldOut, explained, notes },
      ...{ width: rows.width, rows: rows.rows, rowsFound: plan.total },
      repeated: [...train, ...test].filter((clip) => isShort(clip, spec)).length,
      ...{ fitSeconds, scoreSeconds },
      ...{ hyperparameters, epochs, skippedSteps, singularRetries, finalLoss },
    };
  } finally {
    await scorer.close();
  }
}

async function gather(reader: ClipReader, job: SoundTrialJob, options: SoundTrialOptions): Promise<TrainingRows> {
  const { train, spec, referenceLevelDb, mostRowBytes } = job;
  const plan = planLearning(train, spec);
  const rows = new TrainingRows(plan, spec, mostRowBytes);
  for (const [i, clip] of train.entries()) {
    stopIfAsked(options);
    if ((plan.learnt[i] ?? 0) > 0) rows.add(i, await hear(reader, clip, spec, referenceLevelDb));
    options.onStep?.((READ * (i + 1)) / train.length);
  }
  return rows;
}

async function learn(
  rows: TrainingRows,
  { spec, method, recipe, seed, settings, threads, checkpoint }: SoundTrialJob,
  notes: string[],
  { cancelled, onStep }: SoundTrialOptions,
): Promise<FittedModel> {
  const checkpoints = openCheckpoints({ ...checkpoint, onRefused: (line) => notes.push(line) });
  const fitted = await methodNamed(method).fit(
    { data: rows.data, width: rows.width },
    {
      ...{ rowKind: spec.kind, rowShape: rowShape(spec), recipe, seed, settings, threads, cancelled, checkpoints },
      device: 'cpu',
      onProgress: ({ step, steps }) => {
        if (steps > 0) onStep?.(READ + ((FIT - READ) * step) / steps);
      },
      onNote: (line) => notes.push(line),
    },
  );
  await checkpoints.clear();
  return fitted;
}

/** Clips one after the other: memory does not grow with their number. */
async function scoreClips(
  reader: ClipReader,
  scorer: RowScorer,
  clips: readonly KnownClip[],
  { spec, referenceLevelDb }: SoundTrialJob,
  options: SoundTrialOptions,
): Promise<number[]> {
  const scores: number[] = [];
  const scratch = new Scratch();
  for (const clip of clips) {
    stopIfAsked(options);
    const energies = await windowEnergies(scorer, await hear(reader, clip, spec, referenceLevelDb), spec, scratch);
    let sum = 0;
    for (const energy of energies) sum += energy;
    scores.push(sum / energies.length);
    options.onStep?.(FIT + ((1 - FIT) * scores.length) / clips.length);
  }
  return scores;
}

/** Some 40 s of frame stacks: constant memory for a clip of any length. */
const WINDOWS_AT_ONCE = 48;

/** Energies of a clip's windows as they lie when it is scored: stacks of frames side by side, each once. */
async function windowEnergies(
  scorer: RowScorer,
  clip: HeardClip,
  spec: AudioFeatureSpec,
  scratch: Scratch,
): Promise<number[]> {
  const hop = clipHopFrames(spec);
  const count = 1 + Math.floor((clip.frames - spec.windowFrames) / hop);
  const energies: number[] = [];
  for (let from = 0; from < count; from += WINDOWS_AT_ONCE) {
    const rows = windowsOf(spec, hop, clip, [from, Math.min(count, from + WINDOWS_AT_ONCE)], scratch);
    const windows = rows.map((window, i) => ({ ...window, origin: 'clip', sequence: from + i }));
    energies.push(...(await scoreWindows(scorer, windows, rows[0]?.shape[1] ?? 0)));
  }
  return energies;
}

function stopIfAsked({ cancelled }: SoundTrialOptions): void {
  if (cancelled()) throw new DOMException('the evaluation was interrupted', 'AbortError');
}
