/** What every baseline does with its training rows before and after it learns. */
import { applyTransform, fitTransform, type InputTransform, type TransformedRows } from '../input-transform.js';
import type { FitOptions, FittedModel, Hyperparameters } from '../method.js';
import { SCORING_ROWS } from '../recipes.js';
import type { RowMatrix } from '../row-matrix.js';
import { meanRowOf } from '../training-rows.js';

/** Standard deviations that a value is cut off at: far beyond any anomaly, so that float32 squares stay finite. */
const FAR = 1e6;
const Z_SCORE = { scaling: 'z-score', clip: FAR, whitenBelowRowsPerColumn: 0 } as const;

/** Every column to mean 0 and deviation 1; a constant column is only shifted. */
export function standardise(rows: RowMatrix): { transform: InputTransform; scaled: RowMatrix } {
  const transform = fitTransform(rows, { ...Z_SCORE, whitenTo: 0, whitenAboveWidth: Number.MAX_SAFE_INTEGER });
  return { transform, scaled: applyTransform(rows, transform) };
}

/** As {@link standardise}; rows wider than `widest` become their first principal axes, whitened, and what lies outside. */
export function narrowed(
  rows: RowMatrix,
  widest: number,
  axes: number,
): { transform: InputTransform; scaled: TransformedRows } {
  const transform = fitTransform(rows, { ...Z_SCORE, whitenTo: axes, whitenAboveWidth: widest });
  return { transform, scaled: applyTransform(rows, transform) };
}

/** A fit without epochs, loss or retries. */
export function fittedModel(
  rows: RowMatrix,
  { rowKind }: FitOptions,
  onnx: Uint8Array,
  hyperparameters: Hyperparameters,
): FittedModel {
  const fit = { epochs: 0, skippedSteps: 0, singularRetries: 0, finalLoss: null };
  return { onnx, meanRow: meanRowOf(rows), scoringRows: SCORING_ROWS[rowKind], hyperparameters, ...fit };
}
