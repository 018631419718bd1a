/** A thread that encodes splits and runs trials, one after the other, until it is told to end. */
import { parentPort, workerData } from 'node:worker_threads';
import { encodeSplit } from './encode.js';
import { splitRows } from './split.js';
import { runTrial } from './trial.js';
import type { TrialMessage, TrialRequest, TrialWorkerData } from './trial-job.js';

const { dataset, protocol, cancel } = workerData as TrialWorkerData;
const say = (message: TrialMessage): void => parentPort?.postMessage(message);

async function answer(request: TrialRequest): Promise<TrialMessage> {
  if (request.kind === 'encode') {
    const split = splitRows(dataset, protocol, request.splitSeed);
    return { kind: 'encoded', split: encodeSplit(dataset.table, dataset.anomalous, dataset.encoding, split) };
  }
  const result = await runTrial(request.split, request.job, {
    cancelled: () => Atomics.load(cancel, 0) !== 0,
    onStep: (share) => say({ kind: 'step', share }),
  });
  return { kind: 'result', result };
}

parentPort?.on('message', (request: TrialRequest | null) => {
  if (request === null) return parentPort?.close();
  answer(request).then(say, (error: unknown) => {
    const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
    const known = ['ModelError', 'ConfigError', 'SourceError', 'AbortError'].includes(name);
    say({ kind: 'failed', name, message: known ? message : String(stack) });
  });
});
