import { SampleClock } from '../sample-clock.js';
import type { Cells } from './cells.js';
import { findTimeColumn, parseTime } from './row-time.js';

export interface RowClockOptions {
  /** The column that carries the time; null: none does; not given: looked for in the first row. */
  readonly timeColumn?: string | null;
  /** Time between rows where no column carries it, and the length of the first row. */
  readonly intervalMs: number;
  /** Time of the first row where no column carries it. */
  readonly startMs: number;
}

/** Longest time that one row can stand for. */
const LONGEST_ROW_MS = 3_600_000;

/**
 * When a row happened: the time in its column, else by the count of rows at the interval. A row lasts as long as the
 * step to it from the row before. Times never go back; a row whose time is missing comes one step after the last.
 */
export class RowClock {
  private readonly counted: SampleClock;
  private timeColumn: string | null | undefined;
  private lastMs: number | null = null;
  private stepMs: number;

  constructor(private readonly options: RowClockOptions) {
    this.counted = new SampleClock(1000 / options.intervalMs, options.startMs);
    this.timeColumn = options.timeColumn;
    this.stepMs = options.intervalMs;
  }

  /** @param arrivedMs when a live row arrived, UTC milliseconds; null for rows of the past */
  take(cells: Cells, arrivedMs: number | null): { startMs: number; endMs: number } {
    if (this.timeColumn === undefined) this.timeColumn = findTimeColumn(cells);
    if (this.timeColumn !== null) return this.fromColumn(cells, this.timeColumn);
    if (arrivedMs !== null) this.counted.arrived(1, arrivedMs);
    return this.counted.take(1);
  }

  private fromColumn(cells: Cells, column: string): { startMs: number; endMs: number } {
    const last = this.lastMs;
    const read = parseTime(cells[column] ?? null);
    const startMs = Math.round(read ?? (last === null ? this.options.startMs : last + this.stepMs));
    if (last !== null && startMs > last && startMs - last <= LONGEST_ROW_MS) this.stepMs = startMs - last;
    this.lastMs = Math.max(startMs, last ?? startMs);
    return { startMs: this.lastMs, endMs: this.lastMs + this.stepMs };
  }
}
