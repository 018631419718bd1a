import { workerFile } from '../commissioning/worker-file.js';
import { InternalError } from '../contracts.js';
import { AskedThread } from './asked-thread.js';
import type { EncodedSplit } from './encode.js';
import type { TrialAnswer, TrialJob, TrialRequest, TrialResult, TrialWorkerData } from './trial-job.js';

/** One thread that encodes splits and runs trials, one request at a time; an abort raises the flag in its data. */
export class TrialThread {
  readonly #thread: AskedThread<TrialRequest, TrialAnswer>;

  constructor(data: TrialWorkerData) {
    this.#thread = new AskedThread(workerFile(import.meta.url, 'trial-worker'), data);
  }

  /** @throws {ConfigError} when the table cannot be split or encoded */
  async encode(splitSeed: number): Promise<EncodedSplit> {
    const answer = await this.#thread.ask({ kind: 'encode', splitSeed });
    if (answer.kind === 'encoded') return answer.split;
    throw new InternalError(`evaluation thread: expected a split, found ${answer.kind}`);
  }

  /** @throws {ModelError} when the method cannot learn these rows   @throws AbortError when cancelled */
  async run(split: EncodedSplit, job: TrialJob, onStep: (share: number) => void): Promise<TrialResult> {
    const answer = await this.#thread.ask({ kind: 'trial', split, job }, onStep);
    if (answer.kind === 'result') return answer.result;
    throw new InternalError(`evaluation thread: expected a result, found ${answer.kind}`);
  }

  close(): Promise<void> {
    return this.#thread.close();
  }
}
