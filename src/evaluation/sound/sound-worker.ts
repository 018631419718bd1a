/** A thread that reads clips and runs trials, one request after the other, until it is told to end. */
import { workerData } from 'node:worker_threads';
import { answerRequests } from '../answer-requests.js';
import { ClipReader } from './clip-reader.js';
import { ClipStore } from './clip-store.js';
import type { ReadClip, SoundAnswer, SoundRequest, SoundWorkerData } from './sound-job.js';
import { runSoundTrial } from './sound-trial.js';

const { store, code, cancel } = workerData as SoundWorkerData;
const reader = new ClipReader(new ClipStore(store, code));
const cancelled = (): boolean => Atomics.load(cancel, 0) !== 0;

answerRequests(async (request: SoundRequest, onStep): Promise<SoundAnswer> => {
  if (request.kind === 'trial')
    return { kind: 'trial', result: await runSoundTrial(reader, request.job, { cancelled, onStep }) };
  const clips: ReadClip[] = [];
  for (const clip of request.job.clips) {
    if (cancelled()) break;
    clips.push(await reader.look(clip, request.job.mels));
  }
  return { kind: 'read', clips };
});
