/**
 * What happens to a raw row before the encoder sees it: scale each column, clip, and (for wide rows) whiten.
 * Legend: N rows, W raw width, P whitened width.
 */
import { ModelError } from '../contracts.js';
import { bend, fitPowerCurves, type PowerCurves } from './power-curve.js';
import { principalAxes } from './principal-axes.js';
import { type RowMatrix, rowsOf } from './row-matrix.js';

/**
 * `power`: z-scores, bent so that each column is as near to a bell as it can be, and z-scored again. `unit-row`: z-scores
 * divided by √W, so that a usual row has length 1.
 */
export type Scaling = 'z-score' | 'min-max' | 'power' | 'unit-row';

/** x → (x − shift)·scale → optionally bent → clip → optionally (x − centre)·basis. Applied in the graph, so the package takes raw rows. */
export interface InputTransform {
  readonly width: number;
  /** (W) */
  readonly shift: Float32Array;
  readonly scale: Float32Array;
  readonly curves: PowerCurves | null;
  readonly clip: number;
  readonly whitening: Whitening | null;
}

export interface Whitening {
  readonly components: number;
  /** (W) mean of the scaled, clipped rows */
  readonly centre: Float32Array;
  /** (W, P): principal axes divided by their deviation. */
  readonly basis: Float32Array;
  /** (P) variance along each axis. */
  readonly variances: Float32Array;
  /** Share of the variance that lies in the P axes, 0…1. */
  readonly explained: number;
}

export interface TransformOptions {
  readonly scaling: Scaling;
  readonly clip: number;
  /** Most principal components; 0 never whitens. */
  readonly whitenTo: number;
  /** Whiten only when a row is wider than this … */
  readonly whitenAboveWidth: number;
  /** … or when there are fewer rows than this many a column. */
  readonly whitenBelowRowsPerColumn: number;
  /** At least this many training rows stand behind every principal component; 6 by default. */
  readonly rowsPerComponent?: number;
  /** Columns this far apart share a mean and a deviation: 1 = all of them. By default each has its own. */
  readonly period?: number;
}

const ROWS_PER_COMPONENT = 6;

/** Principal components that so many rows of such a width are whitened to at most; 0 when they are not whitened. */
export function whitenedWidth(
  rows: number,
  width: number,
  options: Omit<TransformOptions, 'scaling' | 'clip'>,
): number {
  const wide = width > options.whitenAboveWidth || rows < options.whitenBelowRowsPerColumn * width;
  const supported = Math.floor(rows / (options.rowsPerComponent ?? ROWS_PER_COMPONENT));
  return wide ? Math.min(options.whitenTo, width, supported) : 0;
}

/** @throws {ModelError} when rows that are to be whitened have no axis along which they differ */
export function fitTransform(rows: RowMatrix, options: TransformOptions): InputTransform {
  const scaled = fitScale(rows, options);
  const components = whitenedWidth(rowsOf(rows), rows.width, options);
  if (components === 0) return scaled;
  const whitening = fitWhitening(scaledRows(rows, scaled), components);
  if (whitening.components === 0) {
    const hint = 'if they are of sound: is the channel muted, or --channel the wrong one?';
    throw new ModelError(`training rows: expected rows that differ, found ${rowsOf(rows)} that hardly do; ${hint}`);
  }
  return { ...scaled, whitening };
}

function fitScale(rows: RowMatrix, { clip, scaling, period }: TransformOptions): InputTransform {
  const plain = { width: rows.width, ...sharedScale(rows, scaling, period), curves: null, clip, whitening: null };
  if (scaling !== 'power') return plain;
  const data = scaleRows(rows, { ...plain, clip: Number.POSITIVE_INFINITY });
  return { ...plain, curves: fitPowerCurves({ data, width: rows.width }) };
}

/** Rows as the encoder sees them. */
export interface TransformedRows extends RowMatrix {
  /** (N) log of the distance from the P axes, which the encoder does not see; null when nothing was cut off. */
  readonly outside: Float32Array | null;
}

/** Whitening that leaves less than this out is complete: what is left is rounding. */
const COMPLETE = 0.9999;

/** Has the whitening cut off a part of the row whose size is judged beside the reconstruction? */
export const cutsOff = ({ whitening }: InputTransform): boolean => whitening !== null && whitening.explained < COMPLETE;

/** The outside part is at least this share of the whole, against rounding. */
export const LEAST_OUTSIDE = 1e-6;

/** (N, W) → (N, W) scaled, or (N, P) where rows are whitened; `outside` (N) only where whitening leaves something out. */
export function applyTransform(rows: RowMatrix, transform: InputTransform): TransformedRows {
  const scaled = scaleRows(rows, transform);
  const { whitening } = transform;
  if (!whitening) return { data: scaled, width: rows.width, outside: null };
  const data = projected({ data: scaled, width: rows.width }, whitening).data;
  return {
    data,
    width: whitening.components,
    outside: cutsOff(transform) ? logOutside(scaled, data, whitening) : null,
  };
}

/** ½ log(‖c‖² − Σ_p λ_p y_p²) for centred rows c and whitened rows y: the distance from the principal subspace. */
function logOutside(
  scaled: Float32Array,
  whitened: Float32Array,
  { centre, variances, components }: Whitening,
): Float32Array {
  const width = centre.length;
  return Float32Array.from({ length: scaled.length / width }, (_, n) => {
    let whole = 0;
    for (let j = 0; j < width; j++) whole += ((scaled[n * width + j] as number) - (centre[j] as number)) ** 2;
    let inside = 0;
    for (let p = 0; p < components; p++)
      inside += (variances[p] as number) * (whitened[n * components + p] as number) ** 2;
    return 0.5 * Math.log(Math.max(whole - inside, LEAST_OUTSIDE * whole + 1e-12));
  });
}

function sharedScale(
  rows: RowMatrix,
  scaling: Scaling,
  period = rows.width,
): { shift: Float32Array; scale: Float32Array } {
  const { shift, scale } = scaleOf({ data: rows.data, width: period }, scaling === 'unit-row' ? 'z-score' : scaling);
  const length = scaling === 'unit-row' ? Math.sqrt(rows.width) : 1;
  return {
    shift: Float32Array.from({ length: rows.width }, (_, j) => shift[j % period] as number),
    scale: Float32Array.from({ length: rows.width }, (_, j) => (scale[j % period] as number) / length),
  };
}

/** Mean and 1/deviation, or minimum and 1/range, of every column; a constant column is only shifted. */
function scaleOf({ data, width }: RowMatrix, scaling: Scaling): { shift: Float32Array; scale: Float32Array } {
  const count = data.length / width;
  const shift = new Float32Array(width);
  const scale = new Float32Array(width);
  for (let j = 0; j < width; j++) {
    const { mean, deviation, minimum, maximum } = columnStatistics(data, j, width, count);
    const spread = scaling === 'min-max' ? maximum - minimum : deviation;
    shift[j] = scaling === 'min-max' ? minimum : mean;
    scale[j] = spread > 1e-6 * Math.max(Math.abs(maximum), Math.abs(minimum), 1e-6) ? 1 / spread : 1;
  }
  return { shift, scale };
}

function columnStatistics(data: Float32Array, j: number, width: number, count: number) {
  let sum = 0;
  let minimum = Number.POSITIVE_INFINITY;
  let maximum = Number.NEGATIVE_INFINITY;
  for (let at = j; at < data.length; at += width) {
    const x = data[at] as number;
    sum += x;
    if (x < minimum) minimum = x;
    if (x > maximum) maximum = x;
  }
  const mean = sum / count;
  let squares = 0;
  for (let at = j; at < data.length; at += width) squares += ((data[at] as number) - mean) ** 2;
  return { mean, deviation: Math.sqrt(squares / count), minimum, maximum };
}

/** Rows scaled, bent and clipped, before any whitening. */
export const scaledRows = (rows: RowMatrix, transform: InputTransform): RowMatrix => ({
  data: scaleRows(rows, transform),
  width: rows.width,
});

function scaleRows({ data, width }: RowMatrix, { shift, scale, curves, clip }: InputTransform): Float32Array {
  const out = new Float32Array(data.length);
  for (let at = 0, j = 0; at < data.length; at++, j = j + 1 === width ? 0 : j + 1) {
    const x = ((data[at] as number) - (shift[j] as number)) * (scale[j] as number);
    out[at] = Math.min(clip, Math.max(-clip, curves ? bent(x, curves, j) : x));
  }
  return out;
}

/** Values are at most this many deviations off before they are bent: the largest power of it is still a number. */
export const MOST_UNBENT = 1e6;

function bent(x: number, { power, shift, scale }: PowerCurves, j: number): number {
  const near = Math.min(MOST_UNBENT, Math.max(-MOST_UNBENT, x));
  return (bend(near, power[j] as number) - (shift[j] as number)) * (scale[j] as number);
}

/** @param components P at most; fewer where the rows (N, W) have no more principal axes */
export function fitWhitening({ data, width }: RowMatrix, components: number): Whitening {
  const { centre, axes, totalVariance } = principalAxes({ data, width }, components);
  const kept = axes.length;
  const unscaled = {
    components: kept,
    centre,
    basis: new Float32Array(width * kept),
    variances: new Float32Array(kept),
    explained: 0,
  };
  axes.forEach((axis, p) => {
    axis.forEach((v, j) => {
      unscaled.basis[j * kept + p] = v;
    });
  });
  const variances = columnVariances(projected({ data, width }, unscaled).data, kept);
  const basis = unscaled.basis.map((v, at) => v / Math.sqrt(variances[at % kept] as number));
  const explained = variances.reduce((sum, v) => sum + v, 0) / totalVariance;
  return { ...unscaled, basis, variances: Float32Array.from(variances), explained };
}

/** Mean square of each column; the columns have mean 0. */
function columnVariances(data: Float32Array, width: number): Float64Array {
  const out = new Float64Array(width);
  data.forEach((x, at) => {
    out[at % width] = (out[at % width] as number) + x * x;
  });
  return out.map((sum) => Math.max(sum / (data.length / width), 1e-12));
}

/** (x − centre)·basis, row by row. */
export function projected({ data, width }: RowMatrix, { centre, basis, components }: Whitening): RowMatrix {
  const count = data.length / width;
  const out = new Float32Array(count * components);
  const sums = new Float64Array(components);
  for (let n = 0; n < count; n++) {
    sums.fill(0);
    for (let j = 0; j < width; j++) {
      const x = (data[n * width + j] as number) - (centre[j] as number);
      const row = j * components;
      for (let p = 0; p < components; p++) sums[p] = (sums[p] as number) + x * (basis[row + p] as number);
    }
    out.set(sums, n * components);
  }
  return { data: out, width: components };
}
