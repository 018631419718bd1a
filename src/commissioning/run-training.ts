import { Worker } from 'node:worker_threads';
import { ConfigError, InternalError, ModelError } from '../contracts.js';
import type { FittedModel } from '../scorers/method.js';
import { StorageError } from '../sources/storage-error.js';
import type { TrainJob, TrainMessage, TrainStep } from './train-job.js';
import { workerFile } from './worker-file.js';

export interface RunTrainingOptions {
  readonly signal: AbortSignal;
  readonly onStep?: (step: TrainStep) => void;
  readonly onNote?: (text: string) => void;
}

/**
 * Trains in a worker thread. Ending a thread inside native code would end the process, so an abort raises a flag that
 * the worker looks at between native calls, and its end is awaited.
 * @throws the signal's reason, ModelError when the training cannot be done, ConfigError for a setting that makes no sense, StorageError
 */
export async function runTraining(job: Omit<TrainJob, 'cancel'>, options: RunTrainingOptions): Promise<FittedModel> {
  const { signal } = options;
  signal.throwIfAborted();
  const cancel = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(workerFile(import.meta.url, 'train-worker'), { workerData: { ...job, cancel } });
  const abort = (): void => void Atomics.store(cancel, 0, 1);
  signal.addEventListener('abort', abort, { once: true });
  try {
    const last = await lastMessage(worker, options);
    if (last.kind === 'done') return last.result;
    signal.throwIfAborted();
    throw errorOf(last);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function errorOf({ name, message, failure }: Extract<TrainMessage, { kind: 'failed' }>): Error {
  if (failure) return new StorageError(message, failure);
  if (name === 'ModelError') return new ModelError(message);
  return name === 'ConfigError' ? new ConfigError(message) : new InternalError(`training: ${message}`);
}

type LastMessage = Extract<TrainMessage, { kind: 'done' | 'failed' }>;

/** Resolves once the thread has ended. */
function lastMessage(worker: Worker, { onStep, onNote }: RunTrainingOptions): Promise<LastMessage> {
  return new Promise((resolve, reject) => {
    let last: LastMessage | null = null;
    worker.on('message', (message: TrainMessage) => {
      if (message.kind === 'step') onStep?.(message.step);
      else if (message.kind === 'note') onNote?.(message.text);
      else last = message;
    });
    worker.on('error', reject);
    worker.on('exit', (code) => {
      if (last) resolve(last);
      else reject(new InternalError(`training thread: expected a result, it ended with code ${code}`));
    });
  });
}
