/** Trials of tables and of sound: what they come to, how far they are, and what is said of them. */
import { AuscultError } from '../contracts.js';
import { Schedule } from './schedule.js';

/** By the trial's id: what came out, or why nothing did. */
export type TrialResults<Result> = Map<string, Result | string>;

export interface TrialListener {
  /** @param share of the work, 0…1   @param note what is running */
  readonly onProgress?: (share: number, note: string) => void;
  readonly onNote?: (line: string) => void;
}

export interface BookedTrial {
  readonly id: string;
  /** Trials of one name take about as long as each other. */
  readonly name: string;
  /** What is said while it runs, and when it failed. */
  readonly running: string;
  readonly failed: string;
}

export class TrialBook<Result> {
  readonly #schedule: Schedule;
  readonly #said = new Set<string>();

  /** @param names of all trials that will run */
  constructor(
    names: readonly string[],
    private readonly results: TrialResults<Result>,
    private readonly listener: TrialListener,
  ) {
    this.#schedule = new Schedule(names);
  }

  /**
   * Does the work and keeps its result; what a method cannot learn is told in its result.
   * @param work null: there is nothing to keep   @throws the signal's reason, InternalError
   */
  async enter(
    { id, name, running, failed }: BookedTrial,
    work: (onShare: (share: number) => void) => Promise<Result | null>,
  ): Promise<void> {
    this.#schedule.start(id, name);
    this.#report(running);
    try {
      const result = await work((share) => {
        this.#schedule.step(id, share);
        this.#report(running);
      });
      if (result === null) return;
      this.results.set(id, result);
    } catch (error) {
      if (!(error instanceof AuscultError) || error.name === 'InternalError') throw error;
      this.results.set(id, error.message);
      this.#say(`${failed}: ${error.message.split('\n')[0]}`);
    }
    this.#schedule.finish(id);
    this.#report(running);
  }

  #report(note: string): void {
    this.listener.onProgress?.(this.#schedule.share, note);
  }

  #say(line: string): void {
    if (this.#said.has(line)) return;
    this.#said.add(line);
    this.listener.onNote?.(line);
  }
}

/**
 * Runs a lane on each thread until all have ended; when one fails the others are told to stop.
 * @throws the signal's reason, or what the first failed lane threw
 */
export async function runLanes<Thread>(
  threads: readonly Thread[],
  lane: (thread: Thread) => Promise<void>,
  { signal, stop }: { readonly signal: AbortSignal; readonly stop: () => void },
): Promise<void> {
  const lanes = threads.map((thread) =>
    lane(thread).catch((error: unknown) => {
      stop(); // the other threads need not finish what nobody will read
      throw error;
    }),
  );
  const ends = await Promise.allSettled(lanes);
  signal.throwIfAborted();
  const failed = ends.find((end) => end.status === 'rejected' && !isAbort(end.reason));
  if (failed?.status === 'rejected') throw failed.reason;
}

const isAbort = (error: unknown): boolean => error instanceof DOMException && error.name === 'AbortError';
