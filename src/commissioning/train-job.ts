import type { RowKind } from '../contracts.js';
import type { SessionOptions } from '../engine/session.js';
import type { CheckpointPlace } from '../scorers/checkpoint.js';
import type { FittedModel, Hyperparameters } from '../scorers/method.js';
import type { StorageFailure } from '../sources/storage-error.js';

/** What the training worker is given. */
export interface TrainJob {
  readonly rows: Float32Array<SharedArrayBuffer>;
  readonly width: number;
  /** Name of a method. */
  readonly method: string;
  readonly rowKind: RowKind;
  readonly rowShape: readonly number[];
  readonly recipe: string;
  readonly seed: number;
  readonly settings: Hyperparameters;
  readonly device: SessionOptions['device'];
  readonly threads: number;
  /** One number; not 0 asks the training to end. */
  readonly cancel: Int32Array<SharedArrayBuffer>;
  readonly checkpoint: CheckpointPlace;
}

export interface TrainStep {
  readonly phase: 'pretrain' | 'joint' | 'mixture';
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
}

/** What the worker says. */
export type TrainMessage =
  | { readonly kind: 'step'; readonly step: TrainStep }
  | { readonly kind: 'note'; readonly text: string }
  | { readonly kind: 'done'; readonly result: FittedModel }
  | {
      readonly kind: 'failed';
      readonly name: string;
      readonly message: string;
      /** Of a StorageError. */
      readonly failure?: StorageFailure;
    };
