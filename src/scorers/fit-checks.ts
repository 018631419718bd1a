/**
 * What can be seen of a fit without one anomaly: has it collapsed, has it learnt its rows by heart, do spoiled rows score
 * higher than normal ones? Facts go into the package, what looks wrong is said.
 */
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { outputsOf, thinned } from './graph-outputs.js';
import type { Hyperparameters } from './method.js';
import type { RowMatrix } from './row-matrix.js';
import { spoiledRows, spoilings } from './spoiled-rows.js';

export interface FitChecks {
  readonly facts: Hyperparameters;
  /** One line each: what looks wrong. */
  readonly notes: readonly string[];
}

export const joinChecks = (checks: readonly FitChecks[]): FitChecks => ({
  facts: Object.assign({}, ...checks.map(({ facts }) => facts)),
  notes: checks.flatMap(({ notes }) => notes),
});

/** A latent number that varies less is a constant: standardisation adds as much. */
const LEAST_VARIANCE = 1e-5;

/** exp of the entropy of shares: how many of them count. */
export function effectiveNumber(shares: ArrayLike<number>): number {
  const positive = Array.from(shares).filter((share) => share > 0);
  const total = positive.reduce((sum, share) => sum + share, 0);
  return Math.exp(-positive.reduce((sum, share) => sum + (share / total) * Math.log(share / total), 0));
}

/**
 * @param z (N, D) latents of normal rows   @param variance (D) of each before standardisation
 * @param phi (K) weights of the mixture
 * @param code how many of the D, from the first, are the code's; what the reconstruction adds may be the same for all rows when it is good
 */
export function checkCollapse(
  z: { readonly data: ArrayLike<number>; readonly size: number },
  variance: ArrayLike<number>,
  phi: ArrayLike<number>,
  code: number = z.size,
): FitChecks {
  const constant = Array.from(variance).flatMap((v, d) => (v > LEAST_VARIANCE || d >= code ? [] : [d]));
  const dimensions = effectiveDimensions(z);
  const components = effectiveNumber(phi);
  const notes: string[] = [];
  if (constant.length > 0) notes.push(`collapse: latent ${constant.join(', ')} of ${z.size} hardly varies`);
  if (dimensions < z.size / 4)
    notes.push(`collapse: the ${z.size} latents vary together, as ${dimensions.toFixed(1)} would`);
  if (phi.length > 1 && components < 1.05) notes.push(`collapse: one of ${phi.length} components has nearly every row`);
  return {
    facts: {
      'check latent variance': Array.from(variance, (v) => Number(v.toPrecision(4))),
      'check latent dimensions': rounded(dimensions),
      'check effective components': rounded(components),
    },
    notes,
  };
}

const rounded = (value: number): number => Math.round(value * 1000) / 1000;

/** How many of the principal axes of the correlations count. */
function effectiveDimensions({ data, size }: { readonly data: ArrayLike<number>; readonly size: number }): number {
  const rows = data.length / size;
  const columns = Array.from({ length: size }, (_, d) => standardColumn(data, size, d, rows));
  const correlation = columns.map((a) => columns.map((b) => a.reduce((sum, v, n) => sum + v * (b[n] as number), 0)));
  const { realEigenvalues } = new EigenvalueDecomposition(new Matrix(correlation), { assumeSymmetric: true });
  return effectiveNumber(realEigenvalues.map((value) => Math.max(0, value)));
}

/** Mean 0 and length 1; zeros where it is constant. */
function standardColumn(data: ArrayLike<number>, size: number, d: number, rows: number): Float64Array {
  const column = Float64Array.from({ length: rows }, (_, n) => data[n * size + d] as number);
  const mean = column.reduce((sum, v) => sum + v, 0) / rows;
  const length = Math.sqrt(column.reduce((sum, v) => sum + (v - mean) ** 2, 0));
  return column.map((v) => (length > 0 ? (v - mean) / length : 0));
}

/** A mean of what was learnt, and of normal rows that were not. */
export interface LearntAndHeldOut {
  readonly learnt: ArrayLike<number>;
  readonly heldOut: ArrayLike<number>;
}

/** Errors of rows that were held out are this many times those of learnt ones: learnt by heart. */
const BY_HEART = 1.5;

/** @param errors mean square of a pixel's error   @param energies nats; of each row */
export function checkOverfitting(errors: LearntAndHeldOut, energies: LearntAndHeldOut): FitChecks {
  const ratio = meanOf(errors.heldOut) / meanOf(errors.learnt);
  const higher = shareHigher(energies.learnt, energies.heldOut);
  const notes: string[] = [];
  if (ratio > BY_HEART)
    notes.push(`overfitting: held-out rows are reconstructed ${ratio.toFixed(1)} times worse than learnt ones`);
  if (higher > 0.95)
    notes.push(`overfitting: held-out normals score higher than learnt ones in ${percent(higher)} of pairs`);
  return {
    facts: {
      'check error learnt': rounded(meanOf(errors.learnt)),
      'check error held out': rounded(meanOf(errors.heldOut)),
      'check energy learnt': rounded(meanOf(energies.learnt)),
      'check energy held out': rounded(meanOf(energies.heldOut)),
      'check held out higher': rounded(higher),
    },
    notes,
  };
}

const meanOf = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;

const percent = (share: number): string => `${Math.round(100 * share)} %`;

/** Share of pairs in which the second is the higher, ties half: the area under the ROC curve. */
export function shareHigher(first: ArrayLike<number>, second: ArrayLike<number>): number {
  const sorted = Float64Array.from(first).sort();
  let pairs = 0;
  for (const value of Array.from(second))
    pairs += (countBelow(sorted, value, false) + countBelow(sorted, value, true)) / 2;
  return pairs / (first.length * second.length);
}

/** Values below it, or up to it. */
function countBelow(sorted: Float64Array, value: number, inclusive: boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const v = sorted[middle] as number;
    if (v < value || (inclusive && v === value)) low = middle + 1;
    else high = middle;
  }
  return low;
}

export interface DirectionOptions {
  readonly rowShape: readonly number[];
  readonly seed: number;
  readonly threads?: number;
}

/**
 * Do normal rows score lower than the same rows spoiled? As shares of pairs; 0.5 is chance. Not every spoiling need be
 * told: a blend is quieter than its parts, and a steady sound is the same backwards.
 * @param onnx "rows" → "energy"   @param normals raw rows, held-out ones where there are any
 */
export async function checkDirection(
  onnx: Uint8Array,
  normals: RowMatrix,
  { rowShape, seed, threads }: DirectionOptions,
): Promise<FitChecks> {
  const judged = thinned(normals);
  const energies = await outputsOf(onnx, threads);
  try {
    const normal = (await energies.of(judged)).energy;
    const shares: [string, number][] = [];
    for (const how of spoilings(rowShape)) {
      const spoiled = await energies.of(spoiledRows(judged, rowShape, how, seed));
      shares.push([how, shareHigher(normal, spoiled.energy)]);
    }
    return directionOf(Object.fromEntries(shares));
  } finally {
    await energies.close();
  }
}

/** Spoiled rows that score higher in fewer pairs than this are hardly told apart. */
const TOLD_APART = 0.6;

/** @param shares by spoiling: pairs in which the spoiled row scores higher, 0…1 */
export function directionOf(shares: Readonly<Record<string, number>>): FitChecks {
  const facts = Object.fromEntries(
    Object.entries(shares).map(([how, share]) => [`check ${how} higher`, rounded(share)]),
  );
  const best = Math.max(...Object.values(shares));
  const { mixed = best } = shares;
  const notes: string[] = [];
  if (mixed < 0.5)
    notes.push(`direction: rows mixed from others score higher than normal ones in ${percent(mixed)} of pairs only`);
  else if (best < TOLD_APART)
    notes.push(`direction: no spoiled rows score higher than normal ones in more than ${percent(best)} of pairs`);
  return { facts, notes };
}
