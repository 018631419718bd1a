/** What every baseline does with its training rows before and after it learns. */
import { ModelError } from '../../contracts.js';
import { applyTransform, fitTransform, type InputTransform, type RowMatrix, rowsOf } from '../input-transform.js';
import type { FitOptions, FittedModel, Hyperparameters } from '../method.js';
import { openRandom } from '../random.js';
import { settingsFor } from '../recipes.js';

const LEAST_ROWS = 8;

/** @throws {ModelError} for fewer than 8 rows or a value that is not finite */
export function refuseUnusable(rows: RowMatrix): void {
  if (rowsOf(rows) < LEAST_ROWS)
    throw new ModelError(`training rows: expected at least ${LEAST_ROWS}, found ${rowsOf(rows)}`);
  const bad = rows.data.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  const where = `row ${Math.floor(bad / rows.width)}, column ${bad % rows.width}`;
  throw new ModelError(`training rows: expected finite values, found ${rows.data[bad]} in ${where}`);
}

/** @throws {DOMException} AbortError when cancelled */
export function stopIfCancelled({ cancelled }: FitOptions): void {
  if (cancelled?.()) throw new DOMException('training was cancelled', 'AbortError');
}

/** Standard deviations that a value is cut off at: far beyond any anomaly, so that float32 squares stay finite. */
const FAR = 1e6;

/** Every column to mean 0 and deviation 1; a constant column is only shifted. */
export function standardise(rows: RowMatrix): { transform: InputTransform; scaled: RowMatrix } {
  const transform = fitTransform(rows, {
    scaling: 'z-score',
    clip: FAR,
    whitenTo: 0,
    whitenAboveWidth: Number.MAX_SAFE_INTEGER,
    whitenBelowRowsPerColumn: 0,
  });
  return { transform, scaled: { data: applyTransform(rows, transform).data, width: rows.width } };
}

/** At most `most` rows, drawn without replacement, in their order. */
export function sampleRows(rows: RowMatrix, most: number, seed: number): RowMatrix {
  const count = rowsOf(rows);
  if (count <= most) return rows;
  return pickRows(rows, openRandom(seed, 'sample').permutation(count).subarray(0, most).sort());
}

export function pickRows({ data, width }: RowMatrix, index: ArrayLike<number>): RowMatrix {
  const out = new Float32Array(index.length * width);
  for (let i = 0; i < index.length; i++) {
    const from = (index[i] as number) * width;
    out.set(data.subarray(from, from + width), i * width);
  }
  return { data: out, width };
}

/** A fit without epochs, loss or retries. */
export function fittedModel(
  rows: RowMatrix,
  { preset }: FitOptions,
  onnx: Uint8Array,
  hyperparameters: Hyperparameters,
): FittedModel {
  const { scoringRows } = settingsFor(preset, 'robust', rowsOf(rows), rows.width);
  const fit = { epochs: 0, skippedSteps: 0, singularRetries: 0, finalLoss: null };
  return { onnx, meanRow: meanRow(rows), scoringRows, hyperparameters, ...fit };
}

function meanRow({ data, width }: RowMatrix): Float32Array {
  const sums = new Float64Array(width);
  for (let at = 0, j = 0; at < data.length; at++, j = j + 1 === width ? 0 : j + 1)
    sums[j] = (sums[j] as number) + (data[at] as number);
  return Float32Array.from(sums, (sum) => sum / (data.length / width));
}
