import type { TableSpec } from '../contracts.js';
import type { Cell, Cells } from '../sources/tables/cells.js';
import { toNumber } from './table-fit.js';

interface Held {
  readonly name: string;
  readonly numeric: boolean;
  /** Rows for which a value stands after its own. */
  readonly rows: number;
  last: Cell;
  age: number;
}

/**
 * Rows of columns that come at different rates, made whole: for a cell without a value stands the last one, as long as its
 * column is usually without (a slow sensor among fast ones). What is missing for longer stays so. A text where a number is
 * expected is no value.
 */
export class HeldCells {
  private readonly columns: readonly Held[];

  constructor({ columns, watch }: TableSpec) {
    const numeric = new Set(columns.flatMap(({ name, type }) => (type === 'numeric' ? [name] : [])));
    this.columns = (watch?.columns ?? []).flatMap(({ name, heldRows = 0 }) =>
      heldRows > 0 ? [{ name, numeric: numeric.has(name), rows: heldRows, last: null, age: 0 }] : [],
    );
  }

  /** @param cells of the next row */
  fill(cells: Cells): Cells {
    const filled: [string, Cell][] = [];
    for (const column of this.columns) {
      const cell = cells[column.name] ?? null;
      const isValue = column.numeric ? toNumber(cell) !== null : cell !== null;
      column.age = isValue ? 0 : column.age + 1;
      if (isValue) column.last = cell;
      else if (column.age <= column.rows) filled.push([column.name, column.last]);
    }
    return filled.length === 0 ? cells : { ...cells, ...Object.fromEntries(filled) };
  }
}
