/** Energies of different kinds on one scale. */
import * as tf from '@tensorflow/tfjs-core';

/** E → (E − centre) / spread. */
export interface RobustScale {
  /** Median. */
  readonly centre: number;
  /** 1.4826 times the median distance from it: a Gaussian's deviation. */
  readonly spread: number;
}

const LEAST_SPREAD = 1e-3;

/** Where more than half of the values are one, the spread is the deviation. @param values at least one */
export function robustScale(values: ArrayLike<number>): RobustScale {
  const sorted = Float64Array.from(values).sort();
  const centre = medianOf(sorted);
  const usual = 1.4826 * medianOf(sorted.map((value) => Math.abs(value - centre)).sort());
  return { centre, spread: Math.max(LEAST_SPREAD, usual > LEAST_SPREAD ? usual : deviationOf(sorted)) };
}

export const onScale = (energy: tf.Tensor, { centre, spread }: RobustScale): tf.Tensor =>
  tf.div(tf.sub(energy, centre), spread);

const medianOf = (sorted: Float64Array): number => sorted[sorted.length >> 1] ?? 0;

function deviationOf(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
