import { ModelError, type TableSpec } from '../contracts.js';
import type { Cell, Cells } from '../sources/tables/cells.js';
import { columnWidth, rowWidth } from './spec-sizes.js';
import { toNumber } from './table-fit.js';

/** What did not fit while encoding, counted since the beginning. */
export interface TableCounts {
  readonly rows: number;
  /** Cells that were empty: taken as the mean, or as no category. */
  readonly missing: number;
  /** Texts in a numeric column, and numbers that a float32 cannot hold once standardised (1e300): taken as missing. */
  readonly notNumeric: number;
  /** Categories that training did not see: all zeros. */
  readonly unknownCategories: number;
  /** Columns of the rows that the spec does not know; they are ignored. */
  readonly surplusColumns: readonly string[];
}

/** What did not fit, a line each; none when everything did. */
export function describeCounts({
  rows,
  missing,
  notNumeric,
  unknownCategories,
  surplusColumns,
}: TableCounts): string[] {
  const of = (cells: number) => `${cells} cell${cells === 1 ? '' : 's'} of ${rows} row${rows === 1 ? '' : 's'}`;
  return [
    ...(missing > 0 ? [`${of(missing)} missing: judged as the mean`] : []),
    ...(notNumeric > 0 ? [`${of(notNumeric)} not a number to judge: taken as the mean`] : []),
    ...(unknownCategories > 0 ? [`${of(unknownCategories)} of a category never seen in training`] : []),
    ...(surplusColumns.length > 0 ? [`columns the model does not know, ignored: ${surplusColumns.join(', ')}`] : []),
  ];
}

/** Rows of cells → rows of numbers, as a spec says: z-scores in double precision, one-hot categories. */
export class TableEncoder {
  readonly width: number;
  private readonly known: ReadonlySet<string>;
  private readonly surplus = new Set<string>();
  private rows = 0;
  private missing = 0;
  private notNumeric = 0;
  private unknownCategories = 0;

  constructor(readonly spec: TableSpec) {
    this.width = rowWidth(spec);
    const named = [...spec.columns, ...spec.dropped].map((column) => column.name);
    this.known = new Set(spec.timeColumn === null ? named : [...named, spec.timeColumn]);
  }

  get counts(): TableCounts {
    const { rows, missing, notNumeric, unknownCategories } = this;
    return { rows, missing, notNumeric, unknownCategories, surplusColumns: [...this.surplus] };
  }

  /**
   * @param where the row's file and number, for the message
   * @returns (width), new @throws {ModelError} when a column that the spec needs is not there, naming it
   */
  encode(cells: Cells, where: string): Float32Array {
    const data = new Float32Array(this.width);
    this.rows++;
    let at = 0;
    for (const column of this.spec.columns) {
      const cell = Object.hasOwn(cells, column.name) ? cells[column.name] : undefined;
      if (cell === undefined) throw new ModelError(this.absent(column.name, cells, where));
      if (cell === null) this.missing++;
      else if (column.type === 'numeric') data[at] = this.standardise(cell, column.mean, column.deviation);
      else this.oneHot(cell, column.categories, data, at);
      at += columnWidth(column);
    }
    for (const name of Object.keys(cells)) if (!this.known.has(name)) this.surplus.add(name);
    return data;
  }

  private standardise(cell: Cell, mean: number, deviation: number): number {
    const number = toNumber(cell);
    const z = number === null ? Number.NaN : Math.fround((number - mean) / deviation);
    if (Number.isFinite(z)) return z;
    this.notNumeric++;
    return 0;
  }

  private oneHot(cell: Cell, categories: readonly string[], data: Float32Array, at: number): void {
    const category = categories.indexOf(String(cell));
    if (category < 0) this.unknownCategories++;
    else data[at + category] = 1;
  }

  private absent(name: string, cells: Cells, where: string): string {
    return `${where}: the model needs column "${name}", found ${Object.keys(cells).join(', ')}`;
  }
}

/** All rows at once: (rows, width). */
export function encodeRows(spec: TableSpec, rows: readonly Cells[]): { data: Float32Array; shape: [number, number] } {
  const encoder = new TableEncoder(spec);
  const data = new Float32Array(rows.length * encoder.width);
  rows.forEach((cells, i) => {
    data.set(encoder.encode(cells, `row ${i + 1}`), i * encoder.width);
  });
  return { data, shape: [rows.length, encoder.width] };
}

/** Columns that a table must have to be scored under this spec. */
export function requiredColumns(spec: TableSpec): string[] {
  return spec.columns.map((column) => column.name);
}

/** What each number of an encoded row is: the column's name, or `protocol = tcp`. */
export function tableLabels(spec: TableSpec): string[] {
  return spec.columns.flatMap((column) =>
    column.type === 'numeric' ? [column.name] : column.categories.map((category) => `${column.name} = ${category}`),
  );
}
