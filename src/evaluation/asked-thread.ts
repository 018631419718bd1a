import { Worker } from 'node:worker_threads';
import { ConfigError, InternalError, ModelError, SourceError } from '../contracts.js';

/** What a thread says about the request that it works on. */
export type ThreadMessage<Answer> =
  | { readonly kind: 'step'; readonly share: number }
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'failed'; readonly name: string; readonly message: string };

/**
 * A thread and its requests, one at a time. Ending a thread inside native code would end the process: whoever wants it to
 * stop raises a flag that the work looks at, and its answer is awaited. `answer-requests.ts` is the other side.
 */
export class AskedThread<Request, Answer> {
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  #onMessage: (message: ThreadMessage<Answer>) => void = () => {};

  constructor(file: string, workerData: unknown) {
    this.#worker = new Worker(file, { workerData });
    this.#worker.on('message', (message: ThreadMessage<Answer>) => this.#onMessage(message));
    const failed = (message: string): void => this.#onMessage({ kind: 'failed', name: 'InternalError', message });
    this.#worker.on('error', (error: Error) => failed(String(error.stack)));
    this.#ended = new Promise((resolve) => {
      this.#worker.once('exit', (code) => {
        failed(`expected an answer, the thread ended with code ${code}`);
        resolve();
      });
    });
  }

  /** @throws the AuscultError or AbortError that the work threw, InternalError for anything else */
  ask(request: Request, onStep: (share: number) => void = () => {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#onMessage = (message) => {
        if (message.kind === 'step') return onStep(message.share);
        this.#onMessage = () => {};
        if (message.kind === 'failed') reject(errorOf(message.name, message.message));
        else resolve(message.answer);
      };
      this.#worker.postMessage(request);
    });
  }

  async close(): Promise<void> {
    this.#worker.postMessage(null);
    await this.#ended;
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
