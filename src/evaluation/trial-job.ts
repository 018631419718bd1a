/** What goes to a thread that learns and judges, and what comes back. */
import type { CheckpointPlace } from '../scorers/checkpoint.js';
import type { Hyperparameters } from '../scorers/method.js';
import type { Histogram, Point } from './curves.js';
import type { Dataset } from './dataset.js';
import type { EncodedSplit } from './encode.js';
import type { Metrics } from './metrics.js';
import type { Protocol } from './split.js';

/** Given once to every thread: nothing large is copied. */
export interface TrialWorkerData {
  readonly dataset: Pick<Dataset, 'table' | 'anomalous' | 'encoding' | 'flaggedShare' | 'anomalyShare'>;
  readonly protocol: Protocol;
  /** One number; not 0 asks the running fit to end. */
  readonly cancel: Int32Array<SharedArrayBuffer>;
}

/** One method on one split with one seed. */
export interface TrialJob {
  readonly method: string;
  readonly recipe: string;
  readonly settings: Hyperparameters;
  readonly seed: number;
  readonly threads: number;
  readonly checkpoint: CheckpointPlace;
}

export type TrialRequest =
  | { readonly kind: 'encode'; readonly splitSeed: number }
  | { readonly kind: 'trial'; readonly split: EncodedSplit; readonly job: TrialJob };

/** Everything that is kept of a trial. */
export interface TrialResult {
  readonly metrics: Metrics;
  readonly trainRows: number;
  readonly testRows: number;
  readonly anomalies: number;
  readonly flagged: number;
  readonly width: number;
  /** Energy of the last flagged row. */
  readonly threshold: number;
  readonly fitSeconds: number;
  /** All test rows through the package's graph. */
  readonly scoreSeconds: number;
  readonly hyperparameters: Hyperparameters;
  readonly epochs: number;
  readonly skippedSteps: number;
  readonly singularRetries: number;
  readonly finalLoss: number | null;
  readonly notes: readonly string[];
  readonly roc: readonly Point[];
  readonly precisionRecall: readonly Point[];
  readonly histogram: Histogram;
  readonly latent: Latent | null;
  /** Loss by step of all phases. */
  readonly losses: readonly { readonly phase: string; readonly points: readonly Point[] }[];
}

/** Some test rows in the latent space of the graph: as it is up to 3 dimensions, else along its first 3 principal axes. */
export interface Latent {
  readonly axes: readonly string[];
  readonly normals: readonly (readonly number[])[];
  readonly anomalies: readonly (readonly number[])[];
}

export type TrialAnswer =
  | { readonly kind: 'encoded'; readonly split: EncodedSplit }
  | { readonly kind: 'result'; readonly result: TrialResult };
