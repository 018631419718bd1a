import { Worker } from 'node:worker_threads';
import { workerFile } from '../commissioning/worker-file.js';
import { ConfigError, InternalError, ModelError, SourceError } from '../contracts.js';
import type { EncodedSplit } from './encode.js';
import type { TrialJob, TrialMessage, TrialRequest, TrialResult, TrialWorkerData } from './trial-job.js';

/**
 * One thread and its requests, one at a time. Ending a thread inside native code would end the process: an abort raises
 * the shared flag, which the fit looks at, and its answer is awaited.
 */
export class TrialThread {
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  #onMessage: (message: TrialMessage) => void = () => {};

  constructor(data: TrialWorkerData) {
    this.#worker = new Worker(workerFile(import.meta.url, 'trial-worker'), { workerData: data });
    this.#worker.on('message', (message: TrialMessage) => this.#onMessage(message));
    const failed = (message: string): void => this.#onMessage({ kind: 'failed', name: 'InternalError', message });
    this.#worker.on('error', (error: Error) => failed(String(error.stack)));
    this.#ended = new Promise((resolve) => {
      this.#worker.once('exit', (code) => {
        failed(`expected an answer, the thread ended with code ${code}`);
        resolve();
      });
    });
  }

  /** @throws {ConfigError} when the table cannot be split or encoded */
  async encode(splitSeed: number): Promise<EncodedSplit> {
    const message = await this.#ask({ kind: 'encode', splitSeed });
    if (message.kind === 'encoded') return message.split;
    throw new InternalError(`evaluation thread: expected a split, found ${message.kind}`);
  }

  /** @throws {ModelError} when the method cannot learn these rows   @throws AbortError when cancelled */
  async run(split: EncodedSplit, job: TrialJob, onStep: (share: number) => void): Promise<TrialResult> {
    const message = await this.#ask({ kind: 'trial', split, job }, onStep);
    if (message.kind === 'result') return message.result;
    throw new InternalError(`evaluation thread: expected a result, found ${message.kind}`);
  }

  async close(): Promise<void> {
    this.#worker.postMessage(null);
    await this.#ended;
  }

  #ask(request: TrialRequest, onStep: (share: number) => void = () => {}): Promise<TrialMessage> {
    return new Promise((resolve, reject) => {
      this.#onMessage = (message) => {
        if (message.kind === 'step') return onStep(message.share);
        this.#onMessage = () => {};
        if (message.kind === 'failed') reject(errorOf(message.name, message.message));
        else resolve(message);
      };
      this.#worker.postMessage(request);
    });
  }
}

function errorOf(name: string, message: string): Error {
  switch (name) {
    case 'ConfigError':
      return new ConfigError(message);
    case 'ModelError':
      return new ModelError(message);
    case 'SourceError':
      return new SourceError(message);
    case 'AbortError':
      return new DOMException(message, 'AbortError');
    default:
      return new InternalError(`evaluation thread: ${message}`);
  }
}
