/** The thread in which a network is trained, since a native call blocks its event loop. It ends by itself. */
import { parentPort, workerData } from 'node:worker_threads';
import { openCheckpoints } from '../scorers/checkpoint.js';
import type { FittedModel } from '../scorers/method.js';
import { methodNamed } from '../scorers/methods.js';
import { StorageError } from '../sources/storage-error.js';
import type { TrainJob, TrainMessage } from './train-job.js';

const say = (message: TrainMessage): void => parentPort?.postMessage(message);

function work({ rows, width, method, cancel, checkpoint, ...options }: TrainJob): Promise<FittedModel> {
  const checkpoints = openCheckpoints({ ...checkpoint, onRefused: (text) => say({ kind: 'note', text }) });
  return methodNamed(method).fit(
    { data: rows, width },
    {
      ...options,
      cancelled: () => Atomics.load(cancel, 0) !== 0,
      onProgress: (step) => say({ kind: 'step', step }),
      onNote: (text) => say({ kind: 'note', text }),
      checkpoints,
    },
  );
}

try {
  say({ kind: 'done', result: await work(workerData as TrainJob) });
} catch (error) {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  say({
    kind: 'failed',
    name,
    message: ['ModelError', 'ConfigError', 'StorageError', 'AbortError'].includes(name)
      ? message
      : String((error as Error).stack),
    ...(error instanceof StorageError && { failure: error.failure }),
  });
}
