import {
  type CategoricalColumn,
  ConfigError,
  type NumericColumn,
  type TableSpec,
  type TableWatch,
} from '../contracts.js';
import type { Cell, Cells } from '../sources/tables/cells.js';
import { parseTime } from '../sources/tables/row-time.js';
import { RunLengths } from './run-lengths.js';
import { RunningCount } from './running-count.js';
import { RunningMoments } from './running-moments.js';

export interface TableFitOptions {
  /** Columns to leave out, as labels are. */
  readonly exclude?: readonly string[];
  /** Of the rows, those that a model learns from: a column that never changes in them is dropped, too. All by default. */
  readonly learnt?: Iterable<Cells>;
}

/** More different texts than this are names or remarks, not categories. */
const MAX_CATEGORIES = 256;
/** Share of a column's values that must be numbers, or times, for the rest to be taken as slips. */
const NEARLY_ALL = 0.99;
const MISSING = 'missing in every row';

/**
 * Learns from the training rows how a row becomes numbers: types, means, deviations, categories.
 *
 * Dropped, each with its reason: excluded columns; an unnamed first column (an index); date-times (the first is the time
 * of the row); columns that count the rows; columns that are missing throughout or never change; texts that nearly all differ.
 * @throws {ConfigError} when an excluded column is not there, or no column is left
 */
export function fitTableSpec(rows: Iterable<Cells>, options: TableFitOptions = {}): TableSpec {
  const { summaries, count } = summarise(rows);
  const learnt = options.learnt ? summarise(options.learnt).summaries : summaries;
  if (count === 0) throw new ConfigError('table: expected training rows, found none');
  const names = [...summaries.keys()];
  for (const name of options.exclude ?? []) {
    if (!summaries.has(name)) throw new ConfigError(`exclude: no column "${name}"; the table has ${names.join(', ')}`);
  }
  return toSpec([...summaries.values()], learnt, new Set(options.exclude), count);
}

function summarise(rows: Iterable<Cells>): { summaries: Map<string, ColumnSummary>; count: number } {
  const summaries = new Map<string, ColumnSummary>();
  let count = 0;
  for (const cells of rows) {
    count++;
    for (const [name, cell] of Object.entries(cells)) {
      const summary = summaries.get(name) ?? new ColumnSummary(name, summaries.size, count - 1);
      summaries.set(name, summary);
      summary.add(cell);
    }
    if (Object.keys(cells).length === summaries.size) continue;
    // A row of JSON has the columns that it has.
    for (const [name, summary] of summaries) if (!Object.hasOwn(cells, name)) summary.add(null);
  }
  return { summaries, count };
}

function toSpec(
  summaries: readonly ColumnSummary[],
  learnt: ReadonlyMap<string, ColumnSummary>,
  excluded: ReadonlySet<string>,
  rows: number,
): TableSpec {
  const columns: (NumericColumn | CategoricalColumn)[] = [];
  const dropped: { name: string; reason: string }[] = [];
  const timeColumn = summaries.find((summary) => summary.isTime)?.name ?? null;
  for (const summary of summaries) {
    const { name } = summary;
    const judged = excluded.has(name) ? 'excluded' : summary.toColumn(timeColumn, rows);
    const result = typeof judged === 'string' ? judged : (whyConstant(learnt.get(name)) ?? judged);
    if (typeof result === 'string') dropped.push({ name, reason: result });
    else columns.push(result);
  }
  if (columns.length === 0) {
    const why = dropped.map(({ name, reason }) => `"${name}" ${reason}`).join('; ');
    throw new ConfigError(`table: no column is left to learn from: ${why}`);
  }
  return { kind: 'table', columns, dropped, timeColumn, watch: toWatch(summaries, learnt, columns, dropped, rows) };
}

/** Why the learnt rows leave a column out; null when it changes in them. */
function whyConstant(learnt: ColumnSummary | undefined): string | null {
  const why = learnt === undefined ? MISSING : learnt.constant;
  return why === null ? null : `${why} but for what is held out`;
}

function toWatch(
  summaries: readonly ColumnSummary[],
  learnt: ReadonlyMap<string, ColumnSummary>,
  columns: readonly { name: string }[],
  dropped: readonly { name: string; reason: string }[],
  rows: number,
): TableWatch {
  const kept = new Set(columns.map(({ name }) => name));
  const constant = new Set(dropped.flatMap(({ name, reason }) => (reason.startsWith('always ') ? [name] : [])));
  return {
    rows,
    columns: summaries
      .filter(({ name }) => kept.has(name))
      .map(({ name, runs }) => ({
        name,
        constantRows: runs.longestConstant,
        missingRows: runs.longestMissing,
        heldRows: runs.usualGap,
      })),
    constants: summaries.flatMap((summary) => {
      const { name } = summary;
      const only = summary.only ?? learnt.get(name)?.only ?? null;
      return only !== null && constant.has(name) ? [{ name, value: only }] : [];
    }),
  };
}

/** What the training rows say about one column. */
class ColumnSummary {
  private readonly moments = new RunningMoments();
  private readonly counting = new RunningCount();
  readonly runs: RunLengths;
  private readonly texts = new Set<string>();
  private values = 0;
  private numbers = 0;
  private times = 0;
  private textTimes = 0;

  constructor(
    readonly name: string,
    private readonly position: number,
    rowsBefore: number,
  ) {
    this.runs = new RunLengths(rowsBefore);
  }

  add(cell: Cell): void {
    this.runs.add(cell);
    if (cell === null) return;
    this.values++;
    const number = toNumber(cell);
    if (number !== null) {
      this.numbers++;
      this.moments.add(number);
      this.counting.add(number);
    }
    if (this.texts.size <= MAX_CATEGORIES) this.texts.add(String(cell));
    if (parseTime(cell) === null) return;
    this.times++;
    if (typeof cell === 'string') this.textTimes++;
  }

  /** Date-times in text, or seconds since 1970 under a name that says so. */
  get isTime(): boolean {
    const named = /time|date|epoch|^ts$/i.test(this.name);
    return this.values > 0 && (named ? this.times : this.textTimes) >= NEARLY_ALL * this.values;
  }

  /** The one value there is, as text; null when there are several. */
  get only(): string | null {
    return this.texts.size === 1 ? ([...this.texts][0] ?? null) : null;
  }

  /** Why a column that does not change is left out; null when it changes. */
  get constant(): string | null {
    if (this.values === 0) return MISSING;
    if (this.only !== null) return `always ${this.only}`;
    return this.isNumeric && this.moments.isConstant ? `always ${this.moments.mean}` : null;
  }

  private get isNumeric(): boolean {
    return this.numbers >= NEARLY_ALL * this.values;
  }

  /** The column, or why it is left out. */
  toColumn(timeColumn: string | null, rows: number): NumericColumn | CategoricalColumn | string {
    const { name } = this;
    const unnamed = this.position === 0 && (name === '' || name === 'Unnamed: 0');
    if (unnamed) return 'an unnamed first column is an index';
    if (this.isTime) return name === timeColumn ? 'the time of the row' : 'a date-time';
    if (this.constant !== null) return this.constant;
    if (this.isNumeric) return this.toNumeric();
    if (this.texts.size > MAX_CATEGORIES) return `more than ${MAX_CATEGORIES} different texts`;
    if (this.texts.size > 20 && this.texts.size > rows / 2) return `${this.texts.size} different texts in ${rows} rows`;
    return { name, type: 'categorical', categories: [...this.texts].sort() };
  }

  private toNumeric(): NumericColumn | string {
    const { mean, deviation } = this.moments;
    if (this.counting.isCount) return 'it counts the rows or the time';
    return { name: this.name, type: 'numeric', mean, deviation };
  }
}

/** A number, also one that was kept as text for its leading zeros; null when it is none. */
export function toNumber(cell: Cell): number | null {
  if (typeof cell === 'number') return cell;
  const number = cell === null || cell.trim() === '' ? Number.NaN : Number(cell);
  return Number.isFinite(number) ? number : null;
}
