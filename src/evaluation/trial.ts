import { openCheckpoints } from '../scorers/checkpoint.js';
import type { FitProgress, FittedModel } from '../scorers/method.js';
import { methodNamed } from '../scorers/methods.js';
import { RowScorer } from '../scorers/row-scorer.js';
import { histogramOf, type Point, precisionRecallOf, rocOf } from './curves.js';
import type { EncodedSplit } from './encode.js';
import { latentOf } from './latent.js';
import { metricsOf, stepsOf, thresholdOf } from './metrics.js';
import type { TrialJob, TrialResult } from './trial-job.js';

export interface TrialOptions {
  readonly cancelled: () => boolean;
  /** Steps done as a share of all, 0…1. */
  readonly onStep: (share: number) => void;
}

/** Learns the training rows, and judges the test rows as the live path would: by the fitted ONNX graph. */
export async function runTrial(split: EncodedSplit, job: TrialJob, options: TrialOptions): Promise<TrialResult> {
  const losses = new Losses();
  const started = performance.now();
  const fitted = await learn(split, job, losses, options);
  const fitSeconds = (performance.now() - started) / 1000;
  const { energies, scoreSeconds } = await score(split, fitted, job.threads);
  const steps = stepsOf(energies, split.anomalous);
  const threshold = thresholdOf(steps, split.flagged);
  const { width, anomalies, flagged, notes } = split;
  const { hyperparameters, epochs, skippedSteps, singularRetries, finalLoss } = fitted;
  return {
    metrics: metricsOf(steps, flagged),
    trainRows: split.train.length / width,
    testRows: split.test.length / width,
    ...{ anomalies, flagged, width, threshold, fitSeconds, scoreSeconds },
    ...{ hyperparameters, epochs, skippedSteps, singularRetries, finalLoss, notes },
    roc: rocOf(steps),
    precisionRecall: precisionRecallOf(steps),
    histogram: histogramOf(energies, split.anomalous, threshold),
    latent: await latentOf(fitted.onnx, split, job.threads),
    losses: losses.phases(),
  };
}

function learn(
  { train, width }: EncodedSplit,
  { method, recipe, seed, settings, threads, checkpoint }: TrialJob,
  losses: Losses,
  { cancelled, onStep }: TrialOptions,
): Promise<FittedModel> {
  const onProgress = (progress: FitProgress): void => {
    losses.add(progress);
    if (progress.steps > 0) onStep(progress.step / progress.steps);
  };
  const checkpoints = openCheckpoints(checkpoint);
  const named = methodNamed(method);
  const options = { rowKind: 'table' as const, seed, settings, threads, cancelled, onProgress, checkpoints };
  return named.fit({ data: train, width }, recipe === '' ? options : { ...options, recipe }).then(async (fitted) => {
    await checkpoints.clear();
    return fitted;
  });
}

async function score({ test, width }: EncodedSplit, { onnx, scoringRows }: FittedModel, threads: number) {
  const scorer = await RowScorer.open(onnx, { width, scoringRows, threads });
  try {
    const started = performance.now();
    const energies = await scorer.score([{ data: test, rows: test.length / width }]);
    return { energies, scoreSeconds: (performance.now() - started) / 1000 };
  } finally {
    await scorer.close();
  }
}

/** Losses as they are reported, by phase. */
class Losses {
  readonly #phases = new Map<string, Point[]>();

  add({ phase, step, loss }: FitProgress): void {
    if (!Number.isFinite(loss) || phase === 'mixture') return;
    const points = this.#phases.get(phase) ?? [];
    this.#phases.set(phase, points);
    points.push([step, Number(loss.toPrecision(5))]);
  }

  phases(): TrialResult['losses'] {
    return [...this.#phases].map(([phase, points]) => ({ phase, points: everyNth(points) }));
  }
}

const MOST_LOSSES = 200;

function everyNth(points: readonly Point[]): Point[] {
  const n = Math.ceil(points.length / MOST_LOSSES);
  return points.filter((_, i) => i % n === 0 || i === points.length - 1);
}
