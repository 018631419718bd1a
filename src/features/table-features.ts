import { type Features, ModelError, type Observation, type TableSpec, type Window } from '../contracts.js';
import { withColumns } from '../sources/tables/cells.js';
import { ColumnWatch } from './column-watch.js';
import { HeldCells } from './held-cells.js';
import { requiredColumns, type TableCounts, TableEncoder } from './table-encoder.js';

/** A table row → one row of numbers. */
export class TableFeatures implements Features {
  private readonly encoder: TableEncoder;
  private readonly watch: ColumnWatch;
  private readonly held: HeldCells;
  private readonly needed: readonly string[];

  constructor(readonly spec: TableSpec) {
    this.encoder = new TableEncoder(spec, true);
    this.watch = new ColumnWatch(spec);
    this.held = new HeldCells(spec);
    this.needed = requiredColumns(spec);
  }

  /** Missing cells, unknown categories and surplus columns so far. */
  get counts(): TableCounts {
    return this.encoder.counts;
  }

  push(observation: Observation): Window[] {
    if (observation.kind !== 'row') {
      throw new ModelError(`table features: expected rows, ${observation.origin} gives ${observation.kind}`);
    }
    const { kind: _, cells: found, row, ...origin } = observation;
    // A row with some of the columns has the others missing: a feed that learned while it ran did not know which it needs.
    const delivered = withColumns(found, this.needed) ?? found;
    const cells = this.held.fill(delivered);
    const data = this.encoder.encode(cells, `${origin.origin} row ${row}`);
    const faults = this.watch.push(delivered);
    const { incomplete } = this.watch;
    return [{ ...origin, modality: 'table', data, shape: [1, data.length], faults, incomplete, cells }];
  }
}
