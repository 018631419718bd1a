import type { HostTensor } from '../engine/index.js';
import { applyTransform, fitTransform, type InputTransform, type TransformedRows } from './input-transform.js';
import type { NetworkShape } from './network-shape.js';
import { type DagmmSettings, networkShape } from './recipes.js';
import { type RowMatrix, rowsOf } from './row-matrix.js';
import { meanRowOf, refuseUnusable } from './training-rows.js';

/** Training rows as the networks see them, and the sizes of the networks. */
export interface PreparedRows<Settings extends DagmmSettings = DagmmSettings> {
  readonly settings: Settings;
  readonly transform: InputTransform;
  readonly x: TransformedRows;
  readonly shape: NetworkShape;
  /** (W) mean of the training rows, raw. */
  readonly meanRow: Float32Array;
}

/** @throws {ModelError} for fewer than 8 rows, a value that is not finite, or wide rows that do not differ */
export function prepareRows<Settings extends DagmmSettings>(
  rows: RowMatrix,
  settings: Settings,
): PreparedRows<Settings> {
  refuseUnusable(rows);
  const transform = fitTransform(rows, settings);
  const x = applyTransform(rows, transform);
  const shape = networkShape(settings, x.width, x.outside !== null);
  return { settings, transform, x, shape, meanRow: meanRowOf(rows) };
}

/** Rows, and beside them their distance from the whitened axes where whitening cut something off. */
export function dataOf(x: TransformedRows): HostTensor[] {
  const rows: HostTensor = { data: x.data, shape: [rowsOf(x), x.width] };
  return x.outside ? [rows, { data: x.outside, shape: [x.outside.length, 1] }] : [rows];
}
