import { type Features, ModelError, type Observation, type TableSpec, type Window } from '../contracts.js';
import { type TableCounts, TableEncoder } from './table-encoder.js';

/** A table row → one row of numbers. */
export class TableFeatures implements Features {
  private readonly encoder: TableEncoder;

  constructor(readonly spec: TableSpec) {
    this.encoder = new TableEncoder(spec);
  }

  /** Missing cells, unknown categories and surplus columns so far. */
  get counts(): TableCounts {
    return this.encoder.counts;
  }

  push(observation: Observation): Window[] {
    if (observation.kind !== 'row') {
      throw new ModelError(`table features: expected rows, ${observation.origin} gives ${observation.kind}`);
    }
    const { kind: _, cells, row, ...origin } = observation;
    const data = this.encoder.encode(cells, `${origin.origin} row ${row}`);
    return [{ ...origin, modality: 'table', data, shape: [1, data.length], cells }];
  }

  reset(): void {}
}
