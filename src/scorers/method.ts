/** What every way of learning normal rows offers, from DAGMM to the baselines that it is compared with. */
import type { MixtureParameters, RowKind } from '../contracts.js';
import type { SessionOptions } from '../engine/session.js';
import type { CheckpointStore } from './checkpoint.js';
import type { RowMatrix } from './row-matrix.js';

export type Hyperparameters = Readonly<Record<string, number | string | boolean | readonly number[]>>;

export interface FitProgress {
  /** `pretrain`, `joint` and `mixture` of a DAGMM; methods without epochs need not report. */
  readonly phase: 'pretrain' | 'joint' | 'mixture';
  readonly step: number;
  /** Steps of all phases. */
  readonly steps: number;
  readonly loss: number;
}

export interface FitOptions {
  /** What a row is. */
  readonly rowKind: RowKind;
  /**
   * Shape of one row, row-major: mel-frames [frames, bands], mel-flat [frames, bands, 1], mel-pooled [statistics, bands],
   * image-flat [height, width, channels]; [width] by default.
   */
  readonly rowShape?: readonly number[];
  /** One of the method's own recipes; its first by default. */
  readonly recipe?: string;
  readonly seed: number;
  /** Overrides of the recipe's values, by name. */
  readonly settings?: Hyperparameters;
  readonly device?: SessionOptions['device'];
  /** 1 by default: reproducible to the bit on one machine. */
  readonly threads?: number;
  readonly onProgress?: (progress: FitProgress) => void;
  /** One line for the operator: what looks wrong with the fit. */
  readonly onNote?: (line: string) => void;
  /** Looked at between native calls; true ends the fit with an AbortError. */
  readonly cancelled?: () => boolean;
  readonly checkpoints?: CheckpointStore;
}

/** @throws {DOMException} AbortError when cancelled */
export function stopIfCancelled({ cancelled }: Pick<FitOptions, 'cancelled'>): void {
  if (cancelled?.()) throw new DOMException('training was cancelled', 'AbortError');
}

export interface FittedModel {
  /** Raw rows "rows" (N, width) → "energy" (N), float32, for any N; higher = more anomalous. Perhaps "latent" (N, D). */
  readonly onnx: Uint8Array;
  /** (W) mean of the training rows, raw. */
  readonly meanRow: Float32Array;
  /** Rows of one scoring call. */
  readonly scoringRows: number;
  /** Everything that repeats the fit, and what it chose by itself. */
  readonly hyperparameters: Hyperparameters;
  readonly epochs: number;
  readonly skippedSteps: number;
  readonly singularRetries: number;
  /** null for methods without a loss. */
  readonly finalLoss: number | null;
  /** Where the energy is that of one mixture on `latent`. */
  readonly mixture?: MixtureParameters;
}

/** One way of learning what normal rows are. `fit` is a pure function of rows, options and seed. */
export interface Method {
  /** As in `--method`, and in a package's `scorer`. */
  readonly name: string;
  /** Author, title, venue, year. */
  readonly source: string;
  /** Named sets of hyper-parameters, the default first. */
  readonly recipes: readonly string[];
  /** What rows may be; anything where it is absent. */
  readonly rowKinds?: readonly RowKind[];
  /**
   * Every hyper-parameter that `settings` may override, with the value it has for so many rows of such a width. Where it
   * is absent, none may be.
   */
  defaults?(rowKind: RowKind, recipe: string, rows: number, width: number): Hyperparameters;
  /**
   * @param rows normal rows in order of time, finite   @throws {ModelError} when the method cannot learn from them
   * @throws {DOMException} AbortError when cancelled
   */
  fit(rows: RowMatrix, options: FitOptions): Promise<FittedModel>;
}
