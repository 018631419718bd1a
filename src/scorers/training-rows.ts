import { ModelError } from '../contracts.js';
import { type RowMatrix, rowsOf } from './row-matrix.js';

const LEAST_ROWS = 8;

/** @throws {ModelError} for fewer than 8 rows, or a value that is not finite */
export function refuseUnusable(rows: RowMatrix): void {
  if (rowsOf(rows) < LEAST_ROWS) {
    throw new ModelError(`training rows: expected at least ${LEAST_ROWS}, found ${rowsOf(rows)}`);
  }
  const bad = rows.data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    const where = `row ${Math.floor(bad / rows.width)}, column ${bad % rows.width}`;
    throw new ModelError(`training rows: expected finite values, found ${rows.data[bad]} in ${where}`);
  }
}

/** (W) mean of the rows. */
export function meanRowOf({ data, width }: RowMatrix): Float32Array {
  const sums = new Float64Array(width);
  for (let at = 0; at < data.length; at++) sums[at % width] = (sums[at % width] as number) + (data[at] as number);
  return Float32Array.from(sums, (sum) => sum / (data.length / width));
}
