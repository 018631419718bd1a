/** Which rows are anomalies, and which other columns give that away or only count. */
import { ConfigError } from '../contracts.js';
import { RunningCount } from '../features/running-count.js';
import { toNumber } from '../features/table-fit.js';
import type { Cell } from '../sources/tables/cells.js';
import { cellOf, type Table, type TableColumn } from './table.js';

export interface Labels {
  /** (rows) 1 = anomalous, 0 = normal, 255 = no label: such rows are left out. */
  readonly anomalous: Uint8Array<SharedArrayBuffer>;
  readonly anomalies: number;
  readonly unlabelled: number;
}

const UNLABELLED = 255;
const ANOMALOUS = new Set(['1', 'true', 'anomaly', 'outlier']);

/** A judge of one cell: `value`, compared as a number where both are, else as text without regard to case. */
function meansAnomalous(value?: string): (cell: Cell) => boolean {
  if (value === undefined) return (cell) => ANOMALOUS.has(plain(cell));
  const number = toNumber(value);
  return (cell) => plain(cell) === plain(value) || (number !== null && cell !== null && toNumber(cell) === number);
}

const plain = (cell: Cell): string => String(cell).trim().toLowerCase();

/**
 * @param anomalyLabel the value that means anomalous; 1, true, anomaly and outlier do by default
 * @throws {ConfigError} when the column is not there, or one of the two classes is empty
 */
export function labelsOf(table: Table, column: string, anomalyLabel?: string): Labels {
  const isAnomalous = meansAnomalous(anomalyLabel);
  const labels = columnNamed(table, column, '--label-column');
  const judged = new Map<Cell, number>();
  const anomalous = new Uint8Array(new SharedArrayBuffer(table.rows));
  for (let row = 0; row < table.rows; row++) {
    const cell = cellOf(labels, row);
    const known = judged.get(cell) ?? (cell === null ? UNLABELLED : Number(isAnomalous(cell)));
    judged.set(cell, known);
    anomalous[row] = known;
  }
  const anomalies = anomalous.reduce((sum, label) => sum + Number(label === 1), 0);
  const unlabelled = anomalous.reduce((sum, label) => sum + Number(label === UNLABELLED), 0);
  const values = [...judged.keys()].filter((cell) => cell !== null);
  refuseOneClass({ column, values, anomalyLabel, anomalies, normals: table.rows - anomalies - unlabelled });
  return { anomalous, anomalies, unlabelled };
}

/** @throws {ConfigError} naming the flag when the column is not there */
export function columnNamed({ columns }: Table, name: string, flag: string): TableColumn {
  const found = columns.find((column) => column.name === name);
  if (found) return found;
  const names = columns.map((column) => column.name);
  const shown = names.length > 20 ? [...names.slice(0, 20), `… and ${names.length - 20} more`] : names;
  throw new ConfigError(`${flag}: no column "${name}"; the table has ${shown.join(', ')}`);
}

interface Classes {
  readonly column: string;
  readonly values: readonly Cell[];
  readonly anomalyLabel: string | undefined;
  readonly anomalies: number;
  readonly normals: number;
}

function refuseOneClass({ column, values, anomalyLabel, anomalies, normals }: Classes): void {
  if (anomalies > 0 && normals > 0) return;
  const found = values.slice(0, 8).join(', ') + (values.length > 8 ? ', …' : '');
  const asked = anomalyLabel === undefined ? '1, true, anomaly or outlier' : `"${anomalyLabel}"`;
  throw new ConfigError(
    anomalies === 0
      ? `--label-column ${column}: expected ${asked} in some rows, found ${found}; --anomaly-label says which value is meant`
      : `--label-column ${column}: expected some normal rows, found ${found}, every one of them anomalous`,
  );
}

/** More different values than this, and a column is no label in disguise. */
const FEW_VALUES = 20;

/**
 * Columns by which the label can be read off: few values, and each of them with one class only.
 * @returns their names
 */
export function telltales({ rows, columns }: Table, anomalous: Uint8Array, except: readonly string[]): string[] {
  return columns
    .filter((column) => !except.includes(column.name) && tells(column, anomalous, rows))
    .map(({ name }) => name);
}

function tells(column: TableColumn, anomalous: Uint8Array, rows: number): boolean {
  const classes = new Map<Cell, number>();
  const most = Math.min(FEW_VALUES, rows / 4);
  for (let row = 0; row < rows; row++) {
    const label = anomalous[row] as number;
    if (label === UNLABELLED) continue;
    const cell = cellOf(column, row);
    const before = classes.get(cell);
    if (before !== undefined && before !== label) return false;
    if (before === undefined && classes.size >= most) return false;
    classes.set(cell, label);
  }
  return new Set(classes.values()).size === 2;
}

/**
 * Columns that count the rows or the time, in the order of the file: in a random half the steps are uneven, and where
 * the anomalies lie together the number tells them.
 * @returns their names
 */
export function countingColumns(table: Table, except: readonly string[]): string[] {
  return table.columns
    .filter((column) => !except.includes(column.name) && counts(column, table.rows))
    .map(({ name }) => name);
}

function counts(column: TableColumn, rows: number): boolean {
  const counting = new RunningCount();
  for (let row = 0; row < rows; row++) {
    const cell = cellOf(column, row);
    if (cell === null) continue;
    const number = toNumber(cell);
    if (number === null) return false;
    counting.add(number);
  }
  return counting.isCount;
}
