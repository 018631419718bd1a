/** A thread that encodes splits and runs trials, one after the other, until it is told to end. */
import { workerData } from 'node:worker_threads';
import { answerRequests } from './answer-requests.js';
import { encodeSplit } from './encode.js';
import { splitRows } from './split.js';
import { runTrial } from './trial.js';
import type { TrialAnswer, TrialRequest, TrialWorkerData } from './trial-job.js';

const { dataset, protocol, cancel } = workerData as TrialWorkerData;

answerRequests(async (request: TrialRequest, onStep): Promise<TrialAnswer> => {
  if (request.kind === 'encode') {
    const split = splitRows(dataset, protocol, request.splitSeed);
    return { kind: 'encoded', split: encodeSplit(dataset.table, dataset.anomalous, dataset.encoding, split) };
  }
  const cancelled = () => Atomics.load(cancel, 0) !== 0;
  return { kind: 'result', result: await runTrial(request.split, request.job, { cancelled, onStep }) };
});
