/** Trials on all threads, as many at a time as fit in memory. */
import { freemem } from 'node:os';
import { AuscultError } from '../../contracts.js';
import type { ResultCache } from '../result-cache.js';
import { Schedule } from '../schedule.js';
import type { SoundTrial } from './plan-trials.js';
import type { SoundThread } from './read-dataset.js';
import type { SoundTrialResult } from './sound-job.js';

export interface RunTrialsOptions {
  readonly cache: ResultCache<SoundTrialResult>;
  readonly signal: AbortSignal;
  /** Ends what runs: nobody will read it. */
  readonly abort: () => void;
  /** @param share of the work, 0…1   @param note what is running */
  readonly onProgress?: (share: number, note: string) => void;
  readonly onNote?: (line: string) => void;
}

/** By the trial's id: what came out, or why nothing did. */
export type TrialResults = Map<string, SoundTrialResult | string>;

/** A method that cannot learn a machine is told in its result. @throws the signal's reason, InternalError */
export async function runTrials(
  trials: readonly SoundTrial[],
  threads: readonly SoundThread[],
  results: TrialResults,
  options: RunTrialsOptions,
): Promise<void> {
  const queue = new MemoryQueue(trials, 0.7 * freemem());
  const runner = new Runner(trials, results, options);
  const lane = async (thread: SoundThread): Promise<void> => {
    for (let trial = await queue.next(); trial; trial = await queue.next()) {
      options.signal.throwIfAborted();
      await runner.run(trial, thread).finally(queue.done(trial));
    }
  };
  const lanes = threads.map((thread) =>
    lane(thread).catch((error: unknown) => {
      options.abort();
      queue.close();
      throw error;
    }),
  );
  const ends = await Promise.allSettled(lanes);
  options.signal.throwIfAborted();
  const failed = ends.find((end) => end.status === 'rejected' && !isAbort(end.reason));
  if (failed?.status === 'rejected') throw failed.reason;
}

const isAbort = (error: unknown): boolean => error instanceof DOMException && error.name === 'AbortError';

/** Trials from the front; one that does not fit beside those that run lets others pass, or waits. */
class MemoryQueue {
  readonly #waiting: SoundTrial[];
  #used = 0;
  #running = 0;
  #sleepers: (() => void)[] = [];

  constructor(
    trials: readonly SoundTrial[],
    private readonly budget: number,
  ) {
    this.#waiting = [...trials];
  }

  async next(): Promise<SoundTrial | null> {
    for (;;) {
      const at = this.#waiting.findIndex(({ bytes }) => this.#running === 0 || this.#used + bytes <= this.budget);
      const [trial] = at < 0 ? [] : this.#waiting.splice(at, 1);
      if (trial) {
        this.#running++;
        this.#used += trial.bytes;
        return trial;
      }
      if (this.#waiting.length === 0) return null;
      await new Promise<void>((resolve) => this.#sleepers.push(resolve));
    }
  }

  /** To be called when the trial has ended, however it did. */
  done({ bytes }: SoundTrial): () => void {
    return () => {
      this.#running--;
      this.#used -= bytes;
      this.#wake();
    };
  }

  /** Nothing more is begun. */
  close(): void {
    this.#waiting.length = 0;
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#sleepers.splice(0)) resolve();
  }
}

class Runner {
  readonly #schedule: Schedule;
  readonly #said = new Set<string>();

  constructor(
    trials: readonly SoundTrial[],
    private readonly results: TrialResults,
    private readonly options: RunTrialsOptions,
  ) {
    this.#schedule = new Schedule(trials.map(({ name }) => name));
  }

  async run({ id, name, words, job }: SoundTrial, thread: SoundThread): Promise<void> {
    this.#schedule.start(id, name);
    this.#report(words);
    try {
      const answer = await thread.ask({ kind: 'trial', job }, (share) => {
        this.#schedule.step(id, share);
        this.#report(words);
      });
      if (answer.kind !== 'trial') return;
      await this.options.cache.write(job.checkpoint.key, answer.result);
      this.results.set(id, answer.result);
    } catch (error) {
      if (!(error instanceof AuscultError) || error.name === 'InternalError') throw error;
      this.results.set(id, error.message);
      this.#say(`${words}: ${error.message.split('\n')[0]}`);
    }
    this.#schedule.finish(id);
    this.#report(words);
  }

  #report(note: string): void {
    this.options.onProgress?.(this.#schedule.share, note);
  }

  #say(line: string): void {
    if (this.#said.has(line)) return;
    this.#said.add(line);
    this.options.onNote?.(line);
  }
}
