/** A table by columns, in memory that threads share: half a million rows of 41 columns take 160 MB, once. */
import type { Cell, Cells } from '../sources/tables/cells.js';

export interface TableColumn {
  readonly name: string;
  /** (rows) NaN where the cell is no number; null when no cell of the column is one. */
  readonly numbers: Float64Array<SharedArrayBuffer> | null;
  /** (rows) 1 + the text's place in `texts`, 0 where the cell is no text; null when no cell is one. */
  readonly codes: Int32Array<SharedArrayBuffer> | null;
  readonly texts: readonly string[];
}

export interface Table {
  readonly rows: number;
  readonly columns: readonly TableColumn[];
}

/** The cell of a row, 0-based; null where it is missing. */
export function cellOf({ numbers, codes, texts }: TableColumn, row: number): Cell {
  const code = codes?.[row] ?? 0;
  if (code > 0) return texts[code - 1] ?? null;
  const number = numbers?.[row] ?? Number.NaN;
  return Number.isNaN(number) ? null : number;
}

/** The row, 0-based, as a source would give it. */
export function cellsOf({ columns }: Table, row: number): Cells {
  const cells: Record<string, Cell> = {};
  for (const column of columns) cells[column.name] = cellOf(column, row);
  return cells;
}

/** Gathers rows into columns. A column that a row does not have is missing there. */
export class TableBuilder {
  readonly #columns = new Map<string, ColumnBuilder>();
  #rows = 0;

  get rows(): number {
    return this.#rows;
  }

  add(cells: Cells): void {
    for (const name in cells) this.#column(name).set(this.#rows, cells[name] ?? null);
    this.#rows++;
  }

  build(): Table {
    const columns = [...this.#columns.values()].map((column) => column.build(this.#rows));
    this.#columns.clear();
    return { rows: this.#rows, columns };
  }

  #column(name: string): ColumnBuilder {
    const known = this.#columns.get(name);
    if (known) return known;
    const made = new ColumnBuilder(name);
    this.#columns.set(name, made);
    return made;
  }
}

const FIRST_ROWS = 64;

class ColumnBuilder {
  #numbers: Float64Array | null = null;
  #codes: Int32Array | null = null;
  readonly #places = new Map<string, number>();

  constructor(private readonly name: string) {}

  set(row: number, cell: Cell): void {
    if (typeof cell === 'number') {
      this.#numbers = grown(this.#numbers, row, (size) => new Float64Array(size).fill(Number.NaN));
      this.#numbers[row] = cell;
    } else if (cell !== null) {
      this.#codes = grown(this.#codes, row, (size) => new Int32Array(size));
      this.#codes[row] = this.#place(cell);
    }
  }

  build(rows: number): TableColumn {
    const numbers = this.#numbers && new Float64Array(new SharedArrayBuffer(8 * rows)).fill(Number.NaN);
    numbers?.set((this.#numbers as Float64Array).subarray(0, rows));
    const codes = this.#codes && new Int32Array(new SharedArrayBuffer(4 * rows));
    codes?.set((this.#codes as Int32Array).subarray(0, rows));
    return { name: this.name, numbers, codes, texts: [...this.#places.keys()] };
  }

  #place(text: string): number {
    const known = this.#places.get(text);
    if (known !== undefined) return known;
    this.#places.set(text, this.#places.size + 1);
    return this.#places.size;
  }
}

/** The array, twice as large or more where the row lies beyond its end. */
function grown<T extends Float64Array | Int32Array>(array: T | null, row: number, make: (size: number) => T): T {
  if (array && row < array.length) return array;
  const larger = make(Math.max(FIRST_ROWS, 2 * (array?.length ?? 0), row + 1));
  if (array) larger.set(array);
  return larger;
}
