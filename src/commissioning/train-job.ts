import type { SessionOptions } from '../engine/session.js';
import type { DagmmSettings } from '../scorers/recipes.js';

/** What the training worker is given. */
export interface TrainJob {
  readonly rows: Float32Array<SharedArrayBuffer>;
  readonly width: number;
  readonly preset: string;
  readonly recipe: string;
  readonly seed: number;
  readonly settings: Partial<DagmmSettings>;
  readonly device: SessionOptions['device'];
  readonly threads: number;
  /** One number; not 0 asks the training to end. */
  readonly cancel: Int32Array<SharedArrayBuffer>;
  readonly checkpoint: { readonly folder: string; readonly key: string };
}

export interface TrainStep {
  readonly phase: 'pretrain' | 'joint' | 'mixture';
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
}

/** What the package needs of a training. */
export interface TrainResult {
  readonly onnx: Uint8Array;
  readonly meanRow: Float32Array;
  readonly hyperparameters: Record<string, number | string | boolean | readonly number[]>;
  readonly scoringRows: number;
  readonly epochs: number;
  readonly skippedSteps: number;
  readonly singularRetries: number;
  readonly finalLoss: number;
}

/** What the worker says. */
export type TrainMessage =
  | { readonly kind: 'step'; readonly step: TrainStep }
  | { readonly kind: 'note'; readonly text: string }
  | { readonly kind: 'done'; readonly result: TrainResult }
  | { readonly kind: 'failed'; readonly name: string; readonly message: string };
