/** Methods × machines × levels × seeds on labelled clips, each trial once, and what they come to. */
import { createHash } from 'node:crypto';
import { availableParallelism, freemem } from 'node:os';
import { join } from 'node:path';
import { workerFile } from '../../commissioning/worker-file.js';
import { AuscultError, type MelSpec } from '../../contracts.js';
import { rowWidth } from '../../features/spec-sizes.js';
import { AskedThread } from '../asked-thread.js';
import { codeDigest } from '../code-digest.js';
import type { ResultCache } from '../result-cache.js';
import { Schedule } from '../schedule.js';
import { ClipIndex } from './clip-index.js';
import { factsOf } from './clip-windows.js';
import type { SoundDataset } from './dataset.js';
import { type JudgedTrial, judge } from './judge.js';
import { type KnownMachine, type ReadDataset, readDataset, type SoundThread } from './read-dataset.js';
import type { SoundAnswer, SoundRequest, SoundTrialJob, SoundTrialResult, SoundWorkerData } from './sound-job.js';
import type { SoundMethod } from './sound-methods.js';
import { planLearning } from './training-rows.js';

export interface EvaluateSoundOptions {
  readonly dataset: SoundDataset;
  readonly methods: readonly SoundMethod[];
  /** false: as recorded, true: level-matched. */
  readonly levels: readonly boolean[];
  /** Trials of each method, machine and level. */
  readonly seeds: number;
  readonly firstSeed?: number;
  /** Trials at a time: by default one a core, as far as memory allows. */
  readonly jobs?: number;
  /** Threads inside one operator: 1 by default, and figures are repeatable to the bit. */
  readonly threads?: number;
  /** Bytes of training rows of one trial, at most; 1 GiB by default. */
  readonly mostRowBytes?: number;
  /** Folder of finished trials and pictures of clips. */
  readonly cacheFolder: string;
  readonly cache: ResultCache<SoundTrialResult>;
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

interface Trial {
  readonly id: string;
  readonly name: string;
  readonly machine: KnownMachine;
  readonly job: SoundTrialJob;
  readonly bytes: number;
}

type Results = Map<string, SoundTrialResult | string>;

/** 1 GiB: some 2,700 clips of ten seconds as stacks of frames. */
const MOST_ROW_BYTES = 2 ** 30;
/** Compiled code that pictures of clips come from, and that results come from besides. */
const PICTURE_CODE = ['contracts.js', 'features', 'sources/audio', 'evaluation/sound/clip-reader.js'];
const RESULT_CODE = [...PICTURE_CODE, 'engine', 'scorers', 'commissioning/hold-out.js', 'evaluation/sound'];

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
    const onProgress = (share: number, note: string) => options.onProgress?.('reading', share, note);
    const mels = distinctMels(options.methods);
    const { reused, ...read } = await readDataset(dataset, { mels, index, threads, signal, onProgress });
    const trials = trialsOf(read.machines, options);
    const results: Results = new Map();
    for (const { id, job } of trials) {
      const known = await options.cache.read(job.checkpoint.key);
      if (known) results.set(id, known);
    }
    const reusedTrials = results.size;
    await runAll(
      trials.filter(({ id }) => !results.has(id)),
      threads,
      results,
      options,
      abort,
    );
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

const idOf = (machine: KnownMachine, { name }: SoundMethod, levelMatched: boolean, index: number): string =>
  JSON.stringify([machine.name, name, levelMatched, index]);

/** Machines outermost: what is finished is comparable. */
function trialsOf(machines: readonly KnownMachine[], options: EvaluateSoundOptions): Trial[] {
  const { methods, levels, seeds, firstSeed = 0 } = options;
  const code = codeDigest(RESULT_CODE);
  return machines
    .filter((machine) => lacking(machine) === null)
    .flatMap((machine) => {
      const data = digestOf(machine);
      return methods.flatMap((method) =>
        levels.flatMap((levelMatched) =>
          Array.from({ length: seeds }, (_, index): Trial => {
            const job = jobOf(machine, method, levelMatched, firstSeed + index, index === 0, options);
            const { train, test, checkpoint, ...how } = job;
            const key = JSON.stringify({ code, data, ...how });
            const partial = { folder: options.cache.partialFolder(key), key };
            const bytes = bytesOf(job);
            const id = idOf(machine, method, levelMatched, index);
            return { id, name: method.name, machine, job: { ...job, checkpoint: partial }, bytes };
          }),
        ),
      );
    });
}

function jobOf(
  machine: KnownMachine,
  { spec, method, recipe, settings }: SoundMethod,
  levelMatched: boolean,
  seed: number,
  explain: boolean,
  { threads = 1, mostRowBytes = MOST_ROW_BYTES }: EvaluateSoundOptions,
): SoundTrialJob {
  const clips = ({ path, channel, digest, at }: KnownMachine['train'][number]) => ({ path, channel, digest, at });
  return {
    train: machine.train.map(clips),
    test: machine.test.map((clip) => ({ ...clips(clip), anomalous: clip.anomalous })),
    referenceLevelDb: levelMatched ? trainLevelDb(machine, spec) : null,
    ...{ spec, method, recipe, settings, seed, threads, mostRowBytes, explain },
    checkpoint: { folder: '', key: '' },
  };
}

/** What the model hears, in order, and what is called anomalous; not where the files lie. */
function digestOf({ train, test }: KnownMachine): string {
  const clips = [
    train.map(({ digest, channel }) => [digest, channel]),
    test.map(({ digest, channel, anomalous }) => [digest, channel, anomalous]),
  ];
  return createHash('sha256').update(JSON.stringify(clips)).digest('hex');
}

/** Mean over the training clips of their RMS level in dB. */
function trainLevelDb({ train }: KnownMachine, spec: SoundMethod['spec']): number {
  return train.reduce((sum, clip) => sum + factsOf(clip, spec).levelDb, 0) / train.length;
}

/** Copies of the rows that a fit may hold, and what a thread needs besides. */
const COPIES = 3;
const THREAD_BYTES = 400e6;

function bytesOf({ train, spec, mostRowBytes }: SoundTrialJob): number {
  return THREAD_BYTES + COPIES * Math.min(mostRowBytes, 4 * rowWidth(spec) * planLearning(train, spec).total);
}

/** Trials that threads take from the front; one that does not fit beside those that run waits for them. */
async function runAll(
  trials: readonly Trial[],
  threads: readonly SoundThread[],
  results: Results,
  options: EvaluateSoundOptions,
  abort: () => void,
): Promise<void> {
  if (trials.length === 0) return;
  const work = new Work(trials, results, options);
  const ends = await Promise.allSettled(
    threads.map((thread) =>
      work.lane(thread).catch((error: unknown) => {
        abort(); // the other threads need not finish what nobody will read
        work.stop();
        throw error;
      }),
    ),
  );
  options.signal.throwIfAborted();
  const failed = ends.find((end) => end.status === 'rejected' && !isAbort(end.reason));
  if (failed?.status === 'rejected') throw failed.reason;
}

const isAbort = (error: unknown): boolean => error instanceof DOMException && error.name === 'AbortError';

class Work {
  readonly #waiting: Trial[];
  readonly #schedule: Schedule;
  readonly #said = new Set<string>();
  readonly #budget = 0.7 * freemem();
  #used = 0;
  #running = 0;
  #freed: (() => void)[] = [];

  constructor(
    trials: readonly Trial[],
    private readonly results: Results,
    private readonly options: EvaluateSoundOptions,
  ) {
    this.#waiting = [...trials];
    this.#schedule = new Schedule(trials.map(({ name }) => name));
  }

  async lane(thread: SoundThread): Promise<void> {
    for (let trial = await this.#next(); trial; trial = await this.#next()) {
      this.options.signal.throwIfAborted();
      try {
        await this.#run(trial, thread);
      } finally {
        this.#free(trial);
      }
    }
  }

  /** Nothing more is begun. */
  stop(): void {
    this.#waiting.length = 0;
    this.#wake();
  }

  async #next(): Promise<Trial | null> {
    for (;;) {
      const at = this.#waiting.findIndex(({ bytes }) => this.#running === 0 || this.#used + bytes <= this.#budget);
      const [trial] = at < 0 ? [] : this.#waiting.splice(at, 1);
      if (trial) {
        this.#running++;
        this.#used += trial.bytes;
        return trial;
      }
      if (this.#waiting.length === 0) return null;
      await new Promise<void>((resolve) => this.#freed.push(resolve));
    }
  }

  #free({ bytes }: Trial): void {
    this.#running--;
    this.#used -= bytes;
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#freed.splice(0)) resolve();
  }

  async #run({ id, name, machine, job }: Trial, thread: SoundThread): Promise<void> {
    const note = `${machine.name}, ${name}`;
    this.#schedule.start(id, name);
    this.#report(note);
    try {
      const answer = await thread.ask({ kind: 'trial', job }, (share) => {
        this.#schedule.step(id, share);
        this.#report(note);
      });
      if (answer.kind !== 'trial') return;
      await this.options.cache.write(job.checkpoint.key, answer.result);
      this.results.set(id, answer.result);
    } catch (error) {
      if (!(error instanceof AuscultError) || error.name === 'InternalError') throw error;
      this.results.set(id, error.message);
      this.#say(`${note}: ${error.message.split('\n')[0]}`);
    }
    this.#schedule.finish(id);
    this.#report(note);
  }

  #report(note: string): void {
    this.options.onProgress?.('evaluating', this.#schedule.share, note);
  }

  #say(line: string): void {
    if (this.#said.has(line)) return;
    this.#said.add(line);
    this.options.onNote?.(line);
  }
}

/** Why a machine cannot be judged; null when it can. */
function lacking({ train, test }: KnownMachine): string | null {
  const anomalies = test.filter(({ anomalous }) => anomalous).length;
  if (train.length === 0) return 'no training clip can be read';
  if (anomalies === 0) return 'no anomalous test clip can be read';
  return anomalies === test.length ? 'no normal test clip can be read' : null;
}

function outcomesOf(
  machines: readonly KnownMachine[],
  results: Results,
  { dataset, methods, levels, seeds }: EvaluateSoundOptions,
): SoundOutcome[] {
  const ownAnomalies = dataset.name === 'dcase2021';
  return machines.flatMap((machine) =>
    methods.flatMap((method) =>
      levels.map((levelMatched): SoundOutcome => {
        const own = Array.from({ length: seeds }, (_, i) => results.get(idOf(machine, method, levelMatched, i)));
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
