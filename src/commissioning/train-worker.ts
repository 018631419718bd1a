/** The thread in which a network is trained, since a native call blocks its event loop. It ends by itself. */
import { parentPort, workerData } from 'node:worker_threads';
import { openCheckpoints } from '../scorers/checkpoint.js';
import { type TrainedDagmm, trainDagmm } from '../scorers/train-dagmm.js';
import type { TrainJob, TrainMessage, TrainResult } from './train-job.js';

const say = (message: TrainMessage): void => parentPort?.postMessage(message);

async function work(job: TrainJob): Promise<TrainResult> {
  const checkpoints = openCheckpoints({ ...job.checkpoint, onRefused: (text) => say({ kind: 'note', text }) });
  const trained = await trainDagmm(
    { data: job.rows, width: job.width },
    {
      preset: job.preset,
      recipe: job.recipe,
      seed: job.seed,
      settings: job.settings,
      device: job.device,
      threads: job.threads,
      cancelled: () => Atomics.load(job.cancel, 0) !== 0,
      onProgress: (step) => say({ kind: 'step', step }),
      checkpoints,
    },
  );
  return resultOf(trained);
}

function resultOf({ onnx, meanRow, model, choice, epochs, skippedSteps, finalLoss }: TrainedDagmm): TrainResult {
  const { mixture, settings, shape, transform } = model;
  const likelihoods = Object.entries(choice.likelihoods).map(([name, value]) => [`likelihood ${name}`, value] as const);
  const hyperparameters = {
    ...settings,
    encoderWidth: shape.width,
    explainedVariance: transform.whitening?.explained ?? 1,
    mixtureFit: choice.fit,
    mixtureComponents: mixture.components,
    ...Object.fromEntries(likelihoods),
  };
  const { scoringRows } = settings;
  return {
    onnx,
    meanRow,
    hyperparameters,
    scoringRows,
    epochs,
    skippedSteps,
    singularRetries: mixture.singularRetries,
    finalLoss,
  };
}

try {
  say({ kind: 'done', result: await work(workerData as TrainJob) });
} catch (error) {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  say({
    kind: 'failed',
    name,
    message: name === 'ModelError' || name === 'AbortError' ? message : String((error as Error).stack),
  });
}
