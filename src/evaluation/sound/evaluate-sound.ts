/** Methods × machines × levels × seeds on labelled clips, each trial once, and what they come to. */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { workerFile } from '../../commissioning/worker-file.js';
import { AuscultError, type MelSpec } from '../../contracts.js';
import { AskedThread } from '../asked-thread.js';
import { codeDigest } from '../code-digest.js';
import type { TrialResults } from '../trial-book.js';
import { ClipIndex } from './clip-index.js';
import type { SoundDataset } from './dataset.js';
import { type JudgedTrial, judge } from './judge.js';
import { lacking, PICTURE_CODE, planTrials, type TrialPlanOptions, trainLevelDb, trialId } from './plan-trials.js';
import { type KnownMachine, type ReadDataset, readDataset, type SoundThread } from './read-dataset.js';
import { runTrials } from './run-trials.js';
import type { SoundAnswer, SoundRequest, SoundTrialResult, SoundWorkerData } from './sound-job.js';
import type { SoundMethod } from './sound-methods.js';

export interface EvaluateSoundOptions extends TrialPlanOptions {
  readonly dataset: SoundDataset;
  /** Trials at a time: by default one a core, as far as memory allows. */
  readonly jobs?: number;
  /** Folder of the pictures of clips. */
  readonly cacheFolder: string;
  readonly signal: AbortSignal;
  /** @param share of the stage, 0…1   @param note what is running */
  readonly onProgress?: (stage: 'reading' | 'evaluating', share: number, note: string) => void;
  readonly onNote?: (line: string) => void;
}

/** One method on one machine at one level. */
export interface SoundOutcome {
  readonly machine: KnownMachine;
  readonly method: SoundMethod;
  readonly levelMatched: boolean;
  /** Mean RMS level of the training clips, dBFS. */
  readonly trainLevelDb: number;
  /** By seed; null where it failed. */
  readonly trials: readonly (JudgedTrial | null)[];
  /** The first failure. */
  readonly error: string | null;
}

export interface SoundEvaluation extends Omit<ReadDataset, 'reused'> {
  readonly dataset: SoundDataset;
  readonly outcomes: readonly SoundOutcome[];
  /** Trials whose results were there already, and all of them. */
  readonly reusedTrials: number;
  readonly trials: number;
  /** Clips whose pictures were there already. */
  readonly reusedClips: number;
}

/**
 * A file that cannot be read is skipped, and a method that cannot learn a machine says so in its outcome; the others go
 * on. @throws the signal's reason
 */
export async function evaluateSound(options: EvaluateSoundOptions): Promise<SoundEvaluation> {
  const { dataset, signal } = options;
  signal.throwIfAborted();
  const cancel = new Int32Array(new SharedArrayBuffer(4));
  const abort = (): void => void Atomics.store(cancel, 0, 1);
  signal.addEventListener('abort', abort, { once: true });
  const threads = openThreads(options, cancel);
  try {
    const index = await ClipIndex.open(join(options.cacheFolder, 'clips', 'index.jsonl'));
    const mels = distinctMels(options.methods);
    const report = (stage: 'reading' | 'evaluating') => (share: number, note: string) =>
      options.onProgress?.(stage, share, note);
    const reading = { mels, index, threads, signal, onProgress: report('reading') };
    const { reused, ...read } = await readDataset(dataset, reading);
    const trials = planTrials(read.machines, options);
    const results: TrialResults<SoundTrialResult> = new Map();
    for (const { id, job } of trials) {
      const known = await options.cache.read(job.checkpoint.key);
      if (known) results.set(id, known);
    }
    const reusedTrials = results.size;
    const open = trials.filter(({ id }) => !results.has(id));
    await runTrials(open, threads, results, { ...options, abort, onProgress: report('evaluating') });
    return {
      ...read,
      ...{ dataset, reusedTrials, trials: trials.length, reusedClips: reused },
      outcomes: outcomesOf(read.machines, results, options),
    };
  } finally {
    signal.removeEventListener('abort', abort);
    abort();
    await Promise.all(threads.map((thread) => thread.close()));
  }
}

function openThreads({ threads = 1, jobs, cacheFolder }: EvaluateSoundOptions, cancel: SoundWorkerData['cancel']) {
  const count = jobs ?? Math.max(1, Math.floor(availableParallelism() / threads));
  const data: SoundWorkerData = { store: join(cacheFolder, 'clips'), code: codeDigest(PICTURE_CODE), cancel };
  const file = workerFile(import.meta.url, 'sound-worker');
  return Array.from({ length: count }, (): SoundThread => new AskedThread<SoundRequest, SoundAnswer>(file, data));
}

const distinctMels = (methods: readonly SoundMethod[]): MelSpec[] => [
  ...new Map(methods.map(({ spec: { mel } }) => [JSON.stringify(mel), mel])).values(),
];

function outcomesOf(
  machines: readonly KnownMachine[],
  results: TrialResults<SoundTrialResult>,
  { dataset, methods, levels, seeds }: EvaluateSoundOptions,
): SoundOutcome[] {
  const ownAnomalies = dataset.name === 'dcase2021';
  return machines.flatMap((machine) =>
    methods.flatMap((method) =>
      levels.map((levelMatched): SoundOutcome => {
        const own = Array.from({ length: seeds }, (_, i) => results.get(trialId(machine, method, levelMatched, i)));
        const judged = own.map((result) => judgedOrWhy(machine, result, ownAnomalies));
        return {
          ...{ machine, method, levelMatched, trainLevelDb: trainLevelDb(machine, method.spec) },
          trials: judged.map((trial) => (typeof trial === 'string' ? null : trial)),
          error: judged.find((trial) => typeof trial === 'string') ?? null,
        };
      }),
    ),
  );
}

function judgedOrWhy(
  machine: KnownMachine,
  result: SoundTrialResult | string | undefined,
  ownAnomalies: boolean,
): JudgedTrial | string {
  if (result === undefined || typeof result === 'string') return result ?? lacking(machine) ?? 'not run';
  try {
    return judge(machine, result, ownAnomalies);
  } catch (error) {
    if (error instanceof AuscultError) return error.message;
    throw error;
  }
}
