import type { TableSpec } from '../contracts.js';
import { columnWidth } from '../features/spec-sizes.js';

/**
 * A row that could be: numbers as in the mean training row, and each category the most frequent, since halves of two
 * categories are no row that was ever seen.
 * @param meanRow (width)   @returns (width)
 */
export function usualRow({ columns }: Pick<TableSpec, 'columns'>, meanRow: readonly number[]): number[] {
  let from = 0;
  return columns.flatMap((column) => {
    const cells = meanRow.slice(from, from + columnWidth(column));
    from += cells.length;
    if (column.type === 'numeric') return cells;
    const most = cells.indexOf(Math.max(...cells));
    return cells.map((_, i) => Number(i === most));
  });
}
