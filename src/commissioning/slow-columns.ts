import type { TableSpec } from '../contracts.js';
import { columnWidth } from '../features/spec-sizes.js';

/** Fewer independent values than this say little of a column's range; calibration asks for as many. */
const FEWEST_INDEPENDENT = 10;

/**
 * Numeric columns that hardly moved while they were recorded, a line each: a temperature that needs an hour to settle shows
 * in minutes only a part of what is normal, and leaves it later without any fault. By the column's correlation ρ from row
 * to row: N rows are worth N(1 − ρ)/(1 + ρ) independent values, as of an AR(1).
 * @param rows (N, W) training rows in the order of time
 */
export function slowColumns(spec: TableSpec, rows: Float32Array, width: number): string[] {
  const count = rows.length / width;
  let at = 0;
  return spec.columns.flatMap((column) => {
    const start = at;
    at += columnWidth(column);
    if (column.type !== 'numeric' || count < FEWEST_INDEPENDENT ** 2) return [];
    const rho = correlation(Float64Array.from({ length: count }, (_, row) => rows[row * width + start] ?? 0));
    const worth = (count * (1 - rho)) / (1 + rho);
    if (worth >= FEWEST_INDEPENDENT) return [];
    const values = Math.max(1, Math.round(worth));
    return [
      `column ${column.name} moves so slowly that ${count} rows are worth ${values} independent value${values === 1 ? '' : 's'}: ` +
        'it may leave what it has shown without a fault; record longer, or leave it out',
    ];
  });
}

/** Of each value with the one before; 1 for a constant: what is left of a column beside a value of 1e30. */
function correlation(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  let [squares, products, before] = [0, 0, 0];
  for (const value of values) {
    const deviation = value - mean;
    squares += deviation * deviation;
    products += deviation * before;
    before = deviation;
  }
  return squares === 0 ? 1 : products / squares;
}
