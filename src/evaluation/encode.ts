/** The rows of one split as numbers, encoded once and shared by every method. */
import type { TableSpec } from '../contracts.js';
import { RunningMoments } from '../features/running-moments.js';
import { type TableCounts, TableEncoder } from '../features/table-encoder.js';
import { fitTableSpec } from '../features/table-fit.js';
import type { Encoding } from './dataset.js';
import type { Split } from './split.js';
import { cellsOf, type Table } from './table.js';

export interface EncodedSplit {
  /** (trainRows, width) normal rows. */
  readonly train: Float32Array<SharedArrayBuffer>;
  /** (testRows, width) */
  readonly test: Float32Array<SharedArrayBuffer>;
  /** (testRows) 1 = anomalous */
  readonly anomalous: Uint8Array<SharedArrayBuffer>;
  readonly width: number;
  readonly anomalies: number;
  /** Test rows that are flagged. */
  readonly flagged: number;
  readonly notes: readonly string[];
}

/** Bytes of a split of so many rows and columns, about. */
export const splitBytes = (rows: number, width: number): number => 4 * rows * width;

/** @throws {ConfigError} when no column is left to learn from */
export function encodeSplit(
  table: Table,
  anomalous: Uint8Array,
  encoding: Encoding,
  { train, test, anomalies, flagged }: Split,
): EncodedSplit {
  const spec = specOf(table, encoding, train);
  const [learnt, judged] = [new TableEncoder(spec), new TableEncoder(spec)];
  const labels = new Uint8Array(new SharedArrayBuffer(test.length));
  test.forEach((row, i) => {
    labels[i] = anomalous[row] as number;
  });
  return {
    train: encodeRows(table, train, learnt),
    test: encodeRows(table, test, judged),
    anomalous: labels,
    width: learnt.width,
    anomalies,
    flagged,
    notes: [...(encoding.kind === 'learnt' ? droppedNotes(spec, encoding.exclude) : []), ...countNotes(judged.counts)],
  };
}

function specOf(table: Table, encoding: Encoding, train: Int32Array): TableSpec {
  if (encoding.kind === 'learnt') return fitTableSpec(rowsOf(table, train), { exclude: encoding.exclude });
  const columns = encoding.columns.map((column) => (column.type === 'numeric' ? scaled(table, column, train) : column));
  return { kind: 'table', columns, dropped: [], timeColumn: null };
}

function* rowsOf(table: Table, rows: Int32Array) {
  for (const row of rows) yield cellsOf(table, row);
}

/** Mean and deviation of the training rows; a column that is constant there keeps its place, with deviation 1. */
function scaled(table: Table, column: Extract<TableSpec['columns'][number], { type: 'numeric' }>, train: Int32Array) {
  const numbers = table.columns.find(({ name }) => name === column.name)?.numbers;
  const moments = new RunningMoments();
  for (const row of train) {
    const number = numbers?.[row] ?? Number.NaN;
    if (!Number.isNaN(number)) moments.add(number);
  }
  return { ...column, mean: moments.mean, deviation: moments.isConstant ? 1 : moments.deviation };
}

function encodeRows(table: Table, rows: Int32Array, encoder: TableEncoder): Float32Array<SharedArrayBuffer> {
  const { width } = encoder;
  const data = new Float32Array(new SharedArrayBuffer(4 * rows.length * width));
  rows.forEach((row, i) => {
    data.set(encoder.encode(cellsOf(table, row), `row ${row + 1}`), i * width);
  });
  return data;
}

const MOST_NAMES = 8;
const MOST_LETTERS = 60;

/** A cell may hold anything: one short line of it. */
function plain(text: string): string {
  const short = text.length > MOST_LETTERS ? `${text.slice(0, MOST_LETTERS)}…` : text;
  return JSON.stringify(short).slice(1, -1);
}

function droppedNotes({ dropped }: TableSpec, excluded: readonly string[]): string[] {
  const unasked = dropped.filter(({ name }) => !excluded.includes(name));
  if (unasked.length === 0) return [];
  const shown = unasked.slice(0, MOST_NAMES).map(({ name, reason }) => `"${plain(name)}" (${plain(reason)})`);
  const more = unasked.length > MOST_NAMES ? ` and ${unasked.length - MOST_NAMES} more` : '';
  return [`columns left out, by the training rows: ${shown.join(', ')}${more}`];
}

function countNotes({ missing, notNumeric, unknownCategories }: TableCounts): string[] {
  return [
    ...(missing > 0 ? [`${missing} missing cells were judged as the mean, or as no category`] : []),
    ...(notNumeric > 0 ? [`${notNumeric} texts in numeric columns were judged as missing`] : []),
    ...(unknownCategories > 0 ? [`${unknownCategories} categories that training never saw were judged as none`] : []),
  ];
}
