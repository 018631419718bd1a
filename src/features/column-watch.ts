import type { MeasuredFault, TableSpec } from '../contracts.js';
import type { Cell, Cells } from '../sources/tables/cells.js';
import { toNumber } from './table-fit.js';

/** A column may stand still, or be without values, this many times as long as it ever was in training. */
const LONGER = 3;
const FEWEST_STUCK_ROWS = 30;
const FEWEST_MISSING_ROWS = 10;
/** What a row with a value makes up for of one that lacks it: a column that lacks more than a third of them is gone. */
const MADE_UP = 1 / 2;
/** What stood still, or was missing, for more than this share of the training rows does so by nature: not watched. */
const BY_NATURE = 1 / 4;
/** A column that was constant in training and is not any more is told for this many rows, once. */
const TOLD_ROWS = 60;

interface Watched {
  readonly name: string;
  readonly numeric: boolean;
  /** null: not watched. */
  readonly stuckLimit: number | null;
  readonly missingLimit: number | null;
  /** Longest run without a value in training. */
  readonly usualRows: number;
  last: Cell;
  stuck: number;
  missing: number;
  /** Rows that lacked a value beyond what is usual, less what the others make up for. */
  lacked: number;
}

interface Constant {
  readonly name: string;
  readonly value: string;
  /** The value that it changed to, and the rows for which that is still told. */
  now: Cell;
  toldRows: number;
}

/** Notices columns that are frozen, gone, or move for the first time, by how they were in training. */
export class ColumnWatch {
  private readonly columns: readonly Watched[];
  private readonly constants: readonly Constant[];

  constructor({ columns, watch }: TableSpec) {
    const types = new Map(columns.map(({ name, type }) => [name, type]));
    const rows = watch?.rows ?? 0;
    this.columns = (watch?.columns ?? []).map(({ name, constantRows, missingRows }) => ({
      name,
      numeric: types.get(name) === 'numeric',
      stuckLimit: types.get(name) === 'numeric' ? limit(constantRows, rows, FEWEST_STUCK_ROWS) : null,
      missingLimit: limit(missingRows, rows, FEWEST_MISSING_ROWS),
      usualRows: missingRows,
      last: null,
      stuck: 0,
      missing: 0,
      lacked: 0,
    }));
    this.constants = (watch?.constants ?? []).map(({ name, value }) => ({ name, value, now: null, toldRows: 0 }));
  }

  /** The last row lacks a value that every training row had, and not for so long that the column is told to be gone. */
  get incomplete(): boolean {
    return this.columns.some((column) => column.usualRows === 0 && column.missing > 0 && !isGone(column));
  }

  /** What is wrong with the columns as of this row: at most one fault of each code, naming all its columns. */
  push(cells: Cells): MeasuredFault[] {
    const missing: string[] = [];
    const stuck: string[] = [];
    for (const column of this.columns) {
      count(column, cells[column.name] ?? null);
      const { name, stuckLimit } = column;
      if (isGone(column)) missing.push(`${name} ${whyGone(column)}`);
      else if (stuckLimit !== null && column.stuck > stuckLimit)
        stuck.push(`${name} is ${column.last} for ${column.stuck} rows, expected to move within ${stuckLimit}`);
    }
    const changed = this.constants.flatMap((constant) => look(constant, cells[constant.name] ?? null));
    return [
      ...fault('column-missing', missing, 'judged by its last usual value'),
      ...fault('column-stuck', stuck, 'a frozen sensor?'),
      ...fault('column-changed', changed, 'not judged until the feed learns again'),
    ];
  }
}

function limit(longest: number, rows: number, fewest: number): number | null {
  return longest > rows * BY_NATURE ? null : Math.max(fewest, LONGER * longest);
}

function isGone({ missing, lacked, missingLimit }: Watched): boolean {
  return missingLimit !== null && (missing > missingLimit || lacked > missingLimit);
}

function whyGone({ missing, missingLimit, usualRows }: Watched): string {
  if (missing > (missingLimit ?? 0)) return `has no value for ${missing} rows`;
  return `lacks too many values, expected one in every ${usualRows === 0 ? 'row' : `${usualRows + 1} rows`}`;
}

function count(column: Watched, cell: Cell): void {
  const value = column.numeric ? toNumber(cell) : cell;
  const { missingLimit, usualRows } = column;
  column.missing = value === null ? column.missing + 1 : 0;
  const lacked = column.missing > usualRows ? column.lacked + 1 : column.lacked - MADE_UP;
  column.lacked = Math.min(Math.max(0, lacked), (missingLimit ?? 0) + 1);
  if (value === null) return;
  column.stuck = value === column.last ? column.stuck + 1 : 1;
  column.last = value;
}

function look(constant: Constant, cell: Cell): string[] {
  if (constant.now === null && cell !== null && String(cell) !== constant.value) {
    constant.now = cell;
    constant.toldRows = TOLD_ROWS;
  }
  if (constant.toldRows === 0) return [];
  constant.toldRows--;
  return [`${constant.name} was always ${constant.value}, now ${constant.now}`];
}

/** The value is the number of columns, so that an open event is told again when another joins. */
function fault(code: MeasuredFault['code'], columns: readonly string[], then: string): MeasuredFault[] {
  if (columns.length === 0) return [];
  const shown = columns.slice(0, 5).join('; ');
  const more = columns.length > 5 ? `; and ${columns.length - 5} more` : '';
  return [{ code, value: columns.length, limit: 0, message: `${shown}${more}: ${then}` }];
}
