import { type RowObservation, SourceError } from '../../contracts.js';
import type { RowRange } from './row-range.js';
import { TableSource } from './table-source.js';

export interface ReadTable {
  readonly rows: readonly RowObservation[];
  /** One line for each row that was left out, with its line number (at most 1,000). */
  readonly skipped: readonly string[];
}

export interface ReadTableOptions {
  readonly path: string;
  readonly rows?: RowRange;
  readonly requiredColumns?: readonly string[];
  readonly signal?: AbortSignal;
}

/**
 * All rows of a table in memory, for training. @throws {SourceError} when the file cannot be read, or has no usable row
 */
export async function readTable(options: ReadTableOptions): Promise<ReadTable> {
  const { signal = new AbortController().signal, ...what } = options;
  const rows: RowObservation[] = [];
  const skipped: string[] = [];
  for await (const found of new TableSource({ feed: '', machine: '', ...what }).stream(signal)) {
    if (found.kind === 'row') rows.push(found);
    else if (found.code === 'bad-file') throw new SourceError(found.message);
    else if (skipped.length < 1000) skipped.push(found.message);
  }
  signal.throwIfAborted();
  if (rows.length === 0)
    throw new SourceError(`${options.path}: expected rows, found ${skipped[0] ?? 'none in the range'}`);
  return { rows, skipped };
}
