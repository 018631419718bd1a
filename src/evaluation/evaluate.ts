/** Methods × splits × seeds on one data set, each trial once, and what they come to. */
import { availableParallelism, freemem } from 'node:os';
import { codeDigest } from './code-digest.js';
import type { Dataset } from './dataset.js';
import { type EncodedSplit, splitBytes } from './encode.js';
import { type MethodRun, runName } from './method-request.js';
import type { ResultCache } from './result-cache.js';
import type { Protocol } from './split.js';
import { runLanes, TrialBook, type TrialListener, type TrialResults } from './trial-book.js';
import type { TrialResult } from './trial-job.js';
import { TrialThread } from './trial-thread.js';

export interface EvaluateOptions extends TrialListener {
  readonly dataset: Dataset;
  readonly methods: readonly MethodRun[];
  readonly protocol: Protocol;
  /** Trials of each method. */
  readonly seeds: number;
  /** Seed of the first trial; the next is one higher. */
  readonly firstSeed?: number;
  /** One split for all trials, so that only the methods' own random numbers differ; by default the seed makes the split. */
  readonly splitSeed?: number;
  /** Trials at a time: by default one a core, as far as memory allows. */
  readonly jobs?: number;
  /** Threads inside one operator: 1 by default, and figures are repeatable to the bit. */
  readonly threads?: number;
  readonly cache: ResultCache;
  readonly signal: AbortSignal;
}

/** One method on all splits. */
export interface MethodOutcome extends MethodRun {
  /** `dagmm robust` */
  readonly name: string;
  /** By seed; null where it failed. */
  readonly trials: readonly (TrialResult | null)[];
  /** The first failure. */
  readonly error: string | null;
}

export interface Evaluation {
  readonly outcomes: readonly MethodOutcome[];
  /** Trials whose results were there already. */
  readonly reused: number;
}

interface Trial {
  readonly id: string;
  readonly run: MethodRun;
  readonly index: number;
  readonly seed: number;
  readonly splitSeed: number;
  readonly key: string;
}

type Results = TrialResults<TrialResult>;

/**
 * A method that cannot learn a split is told in its outcome, and the others go on.
 * @throws {ConfigError} when the table cannot be split   @throws the signal's reason
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const trials = trialsOf(options);
  const results: Results = new Map();
  for (const { id, key } of trials) {
    const known = await options.cache.read(key);
    if (known) results.set(id, known);
  }
  const reused = results.size;
  const open = trials.filter(({ id }) => !results.has(id));
  if (open.length > 0) await runAll(open, results, options);
  const outcomes = options.methods.map((run) => outcomeOf(run, trials, results));
  const [first] = outcomes.flatMap((outcome) => outcome.trials.filter((trial) => trial !== null));
  for (const note of first?.notes ?? []) options.onNote?.(`${seedsWords(options)}: ${note}`);
  return { outcomes, reused };
}

const seedsWords = ({ seeds, splitSeed }: EvaluateOptions): string =>
  seeds > 1 && splitSeed === undefined ? 'first split' : 'split';

/** Splits outermost: a split is encoded once for all methods, and what is finished is comparable. */
function trialsOf({
  dataset,
  methods,
  protocol,
  seeds,
  firstSeed = 0,
  splitSeed,
  threads = 1,
}: EvaluateOptions): Trial[] {
  const code = codeDigest();
  const { name, digest } = dataset;
  return Array.from({ length: seeds }, (_, index) => {
    const seed = firstSeed + index;
    const split = splitSeed ?? seed;
    return methods.map((run): Trial => {
      const key = JSON.stringify({ code, name, digest, protocol, split, ...run, seed, threads });
      return { id: `${runName(run)} ${index}`, run, index, seed, splitSeed: split, key };
    });
  }).flat();
}

async function runAll(trials: readonly Trial[], results: Results, options: EvaluateOptions): Promise<void> {
  const { dataset, protocol, signal, threads: perTrial = 1, jobs = jobsFor(dataset, perTrial) } = options;
  signal.throwIfAborted();
  const cancel = new Int32Array(new SharedArrayBuffer(4));
  const { table, anomalous, encoding, flaggedShare, anomalyShare } = dataset;
  const data = { dataset: { table, anomalous, encoding, flaggedShare, anomalyShare }, protocol, cancel };
  const stop = new AbortController();
  const abort = (): void => {
    stop.abort();
    Atomics.store(cancel, 0, 1);
  };
  signal.addEventListener('abort', abort, { once: true });
  const threads = Array.from({ length: Math.min(jobs, trials.length) }, () => new TrialThread(data));
  const work = new Work(trials, results, options, stop.signal);
  try {
    await runLanes(threads, (thread) => work.lane(thread), { signal, stop: abort });
  } finally {
    signal.removeEventListener('abort', abort);
    await Promise.all(threads.map((thread) => thread.close()));
  }
}

const BYTES_A_THREAD = 400e6;
/** Copies of a split that a fit may hold. */
const COPIES = 3;

function jobsFor({ table, encoding }: Dataset, threads: number): number {
  const width =
    encoding.kind === 'published'
      ? encoding.columns.reduce((sum, c) => sum + (c.type === 'numeric' ? 1 : c.categories.length), 0)
      : table.columns.length;
  const split = splitBytes(table.rows, width);
  const fits = Math.floor((0.7 * freemem() - split) / (BYTES_A_THREAD + COPIES * split));
  return Math.max(1, Math.min(Math.floor(availableParallelism() / threads), fits));
}

/** Trials that threads take from the front. Splits are encoded when first needed and dropped when done with. */
class Work {
  readonly #waiting: Trial[];
  readonly #splits = new Map<number, Promise<EncodedSplit>>();
  readonly #book: TrialBook<TrialResult>;

  constructor(
    trials: readonly Trial[],
    results: Results,
    private readonly options: EvaluateOptions,
    private readonly stop: AbortSignal,
  ) {
    this.#waiting = [...trials];
    const names = trials.map(({ run }) => runName(run));
    this.#book = new TrialBook(names, results, options);
  }

  async lane(thread: TrialThread): Promise<void> {
    for (let trial = this.#waiting.shift(); trial; trial = this.#waiting.shift()) {
      this.stop.throwIfAborted();
      const split = await this.#splitFor(trial, thread);
      this.stop.throwIfAborted();
      await this.#run(trial, split, thread);
    }
  }

  #splitFor({ splitSeed }: Trial, thread: TrialThread): Promise<EncodedSplit> {
    for (const seed of this.#splits.keys()) {
      if (seed !== splitSeed && !this.#waiting.some((other) => other.splitSeed === seed)) this.#splits.delete(seed);
    }
    const known = this.#splits.get(splitSeed);
    if (known) return known;
    const encoded = thread.encode(splitSeed);
    this.#splits.set(splitSeed, encoded);
    return encoded;
  }

  #run({ id, run, seed, key, index }: Trial, split: EncodedSplit, thread: TrialThread): Promise<void> {
    const { cache, threads = 1, seeds } = this.options;
    const name = runName(run);
    const words = { running: `${name}, ${index + 1} of ${seeds}`, failed: `${name}, seed ${seed}` };
    return this.#book.enter({ id, name, ...words }, async (onShare) => {
      const job = { ...run, seed, threads, checkpoint: cache.checkpoint(key) };
      const result = await thread.run(split, job, onShare);
      await cache.write(key, result);
      return result;
    });
  }
}

function outcomeOf(run: MethodRun, trials: readonly Trial[], results: Results): MethodOutcome {
  const name = runName(run);
  const own = trials.filter((trial) => runName(trial.run) === name).map(({ id }) => results.get(id) ?? 'not run');
  return {
    ...run,
    name,
    trials: own.map((result) => (typeof result === 'string' ? null : result)),
    error: own.find((result) => typeof result === 'string') ?? null,
  };
}
