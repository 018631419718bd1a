import type { TableSpec } from '../contracts.js';
import type { Table } from './table.js';

export interface DatasetOptions {
  readonly data: string;
  readonly labelColumn?: string;
  readonly anomalyLabel?: string;
  /** Columns to leave out beside the label. */
  readonly exclude?: readonly string[];
  readonly signal: AbortSignal;
}

/** How rows become numbers, always with what the training rows alone say. */
export type Encoding =
  /** Types, columns and categories are learnt as `auscult train` learns them. */
  | { readonly kind: 'learnt'; readonly exclude: readonly string[] }
  /** Every column is kept, as the data set's publications do; categories are those of the published file. */
  | { readonly kind: 'published'; readonly columns: TableSpec['columns'] };

/** A labelled table, ready to be split. */
export interface Dataset {
  readonly name: string;
  readonly table: Table;
  /** (rows) 1 = anomalous, 0 = normal, 255 = left out. */
  readonly anomalous: Uint8Array<SharedArrayBuffer>;
  /** Digest of everything that the rows and labels are a function of. */
  readonly digest: string;
  readonly encoding: Encoding;
  /** Share of the test rows that protocol `paper` flags, 0…1. */
  readonly flaggedShare: number;
  /** So many anomalies are drawn for each split that they are this share of its rows; absent: all are used. */
  readonly anomalyShare?: number;
  /** One line each for the reader: what was left out, and what looks wrong. */
  readonly notes: readonly string[];
}

/** One kind of data set, by the name that `--dataset` gives it. */
export interface DatasetKind {
  readonly name: string;
  /** @throws {SourceError} saying where it is published when it is not there   @throws {ConfigError} for wrong options */
  load(options: DatasetOptions): Promise<Dataset>;
}
