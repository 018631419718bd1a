import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import type { RowMatrix } from './row-matrix.js';

export interface PrincipalAxes {
  /** (W) column means */
  readonly centre: Float32Array;
  /** Unit vectors (W), the largest variance first. */
  readonly axes: readonly Float64Array[];
  /** Sum of the variances of all columns. */
  readonly totalVariance: number;
}

/** Wider rows than this are analysed through the inner products of at most this many of them. */
const EXACT_WIDTH = 512;

/** Axes with less variance than this share of the first one's are rounding, not signal. */
const NOISE_SHARE = 1e-7;

/**
 * The first principal axes of the rows: by the covariance matrix up to 512 columns, and for wider rows by the
 * Gram matrix of at most 512 evenly spaced rows.
 * @param most upper bound; fewer come back when the rows span fewer dimensions
 */
export function principalAxes({ data, width }: RowMatrix, most: number): PrincipalAxes {
  const centre = columnMeans(data, width);
  const totalVariance = varianceOf(data, width, centre);
  const rows = width <= EXACT_WIDTH ? null : centredSample(data, width, centre);
  const symmetric = rows ? gram(rows) : covariance(data, width, centre);
  const { values, vectors } = eigen(symmetric);
  const kept = values.filter((v) => v > NOISE_SHARE * (values[0] as number)).length;
  const axes = vectors.slice(0, Math.min(most, kept)).map((v) => (rows ? throughRows(v, rows) : v));
  return { centre: Float32Array.from(centre), axes, totalVariance };
}

function columnMeans(data: Float32Array, width: number): Float64Array {
  const sums = new Float64Array(width);
  for (let at = 0, j = 0; at < data.length; at++, j = j + 1 === width ? 0 : j + 1)
    sums[j] = (sums[j] as number) + (data[at] as number);
  return sums.map((s) => s / (data.length / width));
}

function varianceOf(data: Float32Array, width: number, centre: Float64Array): number {
  let sum = 0;
  for (let at = 0, j = 0; at < data.length; at++, j = j + 1 === width ? 0 : j + 1)
    sum += ((data[at] as number) - (centre[j] as number)) ** 2;
  return sum / (data.length / width);
}

function covariance(data: Float32Array, width: number, centre: Float64Array): number[][] {
  const sums = Array.from({ length: width }, () => new Float64Array(width));
  const c = new Float64Array(width);
  for (let at = 0; at < data.length; at += width) {
    for (let j = 0; j < width; j++) c[j] = (data[at + j] as number) - (centre[j] as number);
    for (let i = 0; i < width; i++) {
      const ci = c[i] as number;
      const row = sums[i] as Float64Array;
      for (let j = 0; j <= i; j++) row[j] = (row[j] as number) + ci * (c[j] as number);
    }
  }
  return mirrored(sums, data.length / width);
}

function centredSample(data: Float32Array, width: number, centre: Float64Array): Float64Array[] {
  const count = data.length / width;
  const picked = Math.min(count, EXACT_WIDTH);
  return Array.from({ length: picked }, (_, i) => {
    const from = Math.floor((i * count) / picked) * width;
    return Float64Array.from(centre, (m, j) => (data[from + j] as number) - m);
  });
}

function gram(rows: readonly Float64Array[]): number[][] {
  const sums = rows.map((a, i) =>
    Float64Array.from({ length: rows.length }, (_, j) => (j <= i ? dot(a, rows[j] as Float64Array) : 0)),
  );
  return mirrored(sums, rows.length);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += (a[j] as number) * (b[j] as number);
  return sum;
}

/** The lower triangle, divided, on both sides. */
function mirrored(lower: readonly Float64Array[], divisor: number): number[][] {
  return lower.map((row, i) =>
    Array.from(row, (v, j) => (j <= i ? v : ((lower[j] as Float64Array)[i] as number)) / divisor),
  );
}

/** Eigenvalues descending with their unit vectors; each vector's largest entry is positive, so that the sign is fixed. */
function eigen(symmetric: number[][]): { values: number[]; vectors: Float64Array[] } {
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(new Matrix(symmetric), {
    assumeSymmetric: true,
  });
  const order = realEigenvalues
    .map((_, i) => i)
    .sort((a, b) => (realEigenvalues[b] as number) - (realEigenvalues[a] as number));
  return {
    values: order.map((i) => realEigenvalues[i] as number),
    vectors: order.map((i) => withFixedSign(Float64Array.from(eigenvectorMatrix.getColumn(i)))),
  };
}

function withFixedSign(vector: Float64Array): Float64Array {
  const largest = vector.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a), 0);
  return largest < 0 ? vector.map((v) => -v) : vector;
}

/** Xᵀu, normalised: an eigenvector of XᵀX from one of XXᵀ. */
function throughRows(u: Float64Array, rows: readonly Float64Array[]): Float64Array {
  const axis = new Float64Array((rows[0] as Float64Array).length);
  rows.forEach((row, i) => {
    for (let j = 0; j < axis.length; j++) axis[j] = (axis[j] as number) + (u[i] as number) * (row[j] as number);
  });
  const norm = Math.sqrt(dot(axis, axis));
  return withFixedSign(axis.map((v) => v / norm));
}
