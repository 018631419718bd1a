/** Trials on all threads, as many at a time as fit in memory. */
import { freemem } from 'node:os';
import type { ResultCache } from '../result-cache.js';
import { runLanes, TrialBook, type TrialListener, type TrialResults } from '../trial-book.js';
import type { SoundTrial } from './plan-trials.js';
import type { SoundThread } from './read-dataset.js';
import type { SoundTrialResult } from './sound-job.js';

export interface RunTrialsOptions extends TrialListener {
  readonly cache: ResultCache<SoundTrialResult>;
  readonly signal: AbortSignal;
  /** Ends what runs: nobody will read it. */
  readonly abort: () => void;
}

/** A method that cannot learn a machine is told in its result. @throws the signal's reason, InternalError */
export async function runTrials(
  trials: readonly SoundTrial[],
  threads: readonly SoundThread[],
  results: TrialResults<SoundTrialResult>,
  options: RunTrialsOptions,
): Promise<void> {
  const { cache, signal, abort } = options;
  const queue = new MemoryQueue(trials, 0.7 * freemem());
  const names = trials.map(({ name }) => name);
  const book = new TrialBook(names, results, options);
  const run = ({ id, name, words, job }: SoundTrial, thread: SoundThread): Promise<void> =>
    book.enter({ id, name, running: words, failed: words }, async (onShare) => {
      const answer = await thread.ask({ kind: 'trial', job }, onShare);
      if (answer.kind !== 'trial') return null;
      await cache.write(job.checkpoint.key, answer.result);
      return answer.result;
    });
  const lane = async (thread: SoundThread): Promise<void> => {
    for (let trial = await queue.next(); trial; trial = await queue.next()) {
      signal.throwIfAborted();
      await run(trial, thread).finally(queue.done(trial));
    }
  };
  const stop = (): void => {
    abort();
    queue.close();
  };
  await runLanes(threads, lane, { signal, stop });
}

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
