import { SampleClock } from '../sample-clock.js';
import type { Cells } from './cells.js';
import { findTimeColumn, parseTime } from './row-time.js';

export interface RowClockOptions {
  /** The column that carries the time; null: none does; not given: looked for in the first rows. */
  readonly timeColumn?: string | null;
  /** Time between rows where no column carries it, and the length of the first row. */
  readonly intervalMs: number;
  /** Time of the first row where no column carries it. */
  readonly startMs: number;
  /** Where no column carries the time: by the count of rows (a file), or when each arrived (a message). Default count. */
  readonly untimed?: 'count' | 'arrival';
}

/** A row in time, or why it has no place there. */
export type Placed =
  /** `gap`: the clock was set back. */
  | { readonly kind: 'placed'; readonly startMs: number; readonly endMs: number; readonly gap: boolean }
  | { readonly kind: 'repeated' | 'late'; readonly message: string };

/** Longest time that one row can stand for. */
const LONGEST_ROW_MS = 3_600_000;
/** So many late rows in a row are no late rows: the clock that writes them was set back. */
const SET_BACK_ROWS = 10;
/** A file's first row may hold units, or miss its time: so many are looked at for a time column. */
const LOOKED_AT_ROWS = 10;

/**
 * When a row happened: the time in its column, else by the count of rows at the interval, or by its arrival. A row lasts
 * as long as the step to it from the row before. A row whose time is missing comes one step after the last; one that is
 * the last row again, and one that is older than the last, has no place.
 */
export class RowClock {
  private readonly counted: SampleClock;
  private timeColumn: string | null | undefined;
  /** Its time column has held a time: a source may lack the column that its model knows. */
  private timed = false;
  private last: { readonly startMs: number; readonly cells: Cells } | null = null;
  private late = 0;
  private lookedAt = 0;
  private stepMs: number;

  constructor(private readonly options: RowClockOptions) {
    this.counted = new SampleClock(1000 / options.intervalMs, options.startMs);
    this.timeColumn = options.timeColumn;
    this.stepMs = options.intervalMs;
  }

  /** @param arrivedMs when a live row arrived, UTC milliseconds; null for rows of the past */
  take(cells: Cells, arrivedMs: number | null): Placed {
    const byArrival = this.options.untimed === 'arrival' && arrivedMs !== null;
    if (this.timeColumn === undefined) {
      const found = findTimeColumn(cells);
      if (found !== null || byArrival || ++this.lookedAt === LOOKED_AT_ROWS) this.timeColumn = found;
    }
    if (typeof this.timeColumn === 'string') {
      const read = parseTime(cells[this.timeColumn] ?? null);
      if (read !== null && !this.timed) this.last = null;
      this.timed ||= read !== null;
      if (this.timed) return this.timedAt(read, cells);
    }
    if (byArrival) return this.arrived(cells, arrivedMs);
    if (arrivedMs !== null) this.counted.arrived(1, arrivedMs);
    return { kind: 'placed', ...this.counted.take(1), gap: false };
  }

  private arrived(cells: Cells, arrivedMs: number): Placed {
    return this.place(Math.max(arrivedMs, this.last?.startMs ?? arrivedMs), cells, false);
  }

  private timedAt(read: number | null, cells: Cells): Placed {
    const { last } = this;
    if (last === null) return this.place(Math.round(read ?? this.options.startMs), cells, false);
    const startMs = Math.round(read ?? last.startMs + this.stepMs);
    if (startMs === last.startMs && sameCells(cells, last.cells)) {
      return { kind: 'repeated', message: `the row of ${iso(startMs)} comes again, left out` };
    }
    if (startMs >= last.startMs) return this.place(startMs, cells, false);
    if (++this.late >= SET_BACK_ROWS) return this.place(startMs, cells, true);
    return { kind: 'late', message: `${iso(startMs)} comes after ${iso(last.startMs)}, left out` };
  }

  private place(startMs: number, cells: Cells, gap: boolean): Placed {
    const stepMs = startMs - (this.last?.startMs ?? startMs);
    if (stepMs > 0 && stepMs <= LONGEST_ROW_MS) this.stepMs = stepMs;
    this.last = { startMs, cells };
    this.late = 0;
    return { kind: 'placed', startMs, endMs: startMs + this.stepMs, gap };
  }
}

function sameCells(a: Cells, b: Cells): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
