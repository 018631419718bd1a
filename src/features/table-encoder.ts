import { ModelError, type TableSpec } from '../contracts.js';
import type { Cell, Cells } from '../sources/tables/cells.js';
import { columnWidth, rowWidth } from './spec-sizes.js';
import { toNumber } from './table-fit.js';

/** What did not fit while encoding, counted since the beginning. */
export interface TableCounts {
  readonly rows: number;
  /** Cells that were empty, but for those that the last value stands for. What stands for them: {@link TableEncoder}. */
  readonly missing: number;
  /** Texts in a numeric column, and numbers that a float32 cannot hold once standardised (1e300): as if missing. */
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
    ...(missing > 0 ? [`${of(missing)} missing: the last usual value stands for it`] : []),
    ...(notNumeric > 0 ? [`${of(notNumeric)} not a number to judge: the last usual value stands for it`] : []),
    ...(unknownCategories > 0 ? [`${of(unknownCategories)} of a category never seen in training`] : []),
    ...(surplusColumns.length > 0 ? [`columns the model does not know, ignored: ${surplusColumns.join(', ')}`] : []),
  ];
}

/** Deviations from the mean: a sensor that fails may show anything at last. */
const USUAL = 4;

/**
 * Rows of cells → rows of numbers, as a spec says: z-scores in double precision, one-hot categories. For a cell without a
 * value stands the mean, or no category; where rows follow each other in time, the last usual value: the mean of a machine of
 * two speeds is one that it never has.
 */
export class TableEncoder {
  readonly width: number;
  private readonly known: ReadonlySet<string>;
  private readonly surplus = new Set<string>();
  private rows = 0;
  private missing = 0;
  private notNumeric = 0;
  private unknownCategories = 0;
  /** (width) The last usual value of every column as it is encoded. */
  private readonly before: Float32Array;

  /** @param inTime whether rows come in the order of time */
  constructor(
    readonly spec: TableSpec,
    private readonly inTime = false,
  ) {
    this.width = rowWidth(spec);
    this.before = new Float32Array(this.width);
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
      const end = at + columnWidth(column);
      const encoded = data.subarray(at, end);
      if (!this.encodeCell(cell, column, encoded)) encoded.set(this.before.subarray(at, end));
      else if (this.inTime && encoded.every((z) => Math.abs(z) <= USUAL)) this.before.set(encoded, at);
      at = end;
    }
    for (const name of Object.keys(cells)) if (!this.known.has(name)) this.surplus.add(name);
    return data;
  }

  /** @returns false where the cell says nothing */
  private encodeCell(cell: Cell, column: TableSpec['columns'][number], encoded: Float32Array): boolean {
    if (cell === null) {
      this.missing++;
      return false;
    }
    if (column.type === 'categorical') {
      const category = column.categories.indexOf(String(cell));
      if (category < 0) this.unknownCategories++;
      else encoded[category] = 1;
      return true;
    }
    const number = toNumber(cell);
    const z = number === null ? Number.NaN : Math.fround((number - column.mean) / column.deviation);
    if (!Number.isFinite(z)) {
      this.notNumeric++;
      return false;
    }
    encoded[0] = z;
    return true;
  }

  private absent(name: string, cells: Cells, where: string): string {
    return `${where}: the model needs column "${name}", found ${Object.keys(cells).join(', ')}`;
  }
}

/** Columns that a table must have to be scored under this spec. */
export function requiredColumns(spec: TableSpec): string[] {
  return spec.columns.map((column) => column.name);
}
