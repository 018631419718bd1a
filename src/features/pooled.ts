import type { MelPooledSpec } from '../contracts.js';
import type { Rows } from './frame-stacks.js';
import type { LogMelPicture } from './log-mel.js';

/** Statistics of one band. */
export const pooledStatistics = ({ ranks, deviation }: Pick<MelPooledSpec, 'ranks' | 'deviation'>): number =>
  ranks.length + Number(deviation);

/**
 * One row a window: ranked means R = Σ_j r^j X_(j) / Σ_j r^j of each band's values sorted descending (time-frequency
 * weighted representation: Guan et al., Time-weighted frequency domain audio representation with GMM estimator for
 * anomalous sound detection, ICASSP 2023), and the standard deviation.
 * @returns (windows, statistics · bands), statistic by statistic
 */
export function pooledWindows({ data, frames, bands }: LogMelPicture, spec: MelPooledSpec): Rows {
  const { windowFrames, hopFrames } = spec;
  const rows = frames < windowFrames ? 0 : 1 + Math.floor((frames - windowFrames) / hopFrames);
  const width = pooledStatistics(spec) * bands;
  const pooled = new Float32Array(rows * width);
  const weights = spec.ranks.map((rank) => rankWeights(rank, windowFrames));
  const column = new Float32Array(windowFrames);
  for (let row = 0; row < rows; row++) {
    for (let band = 0; band < bands; band++) {
      for (let t = 0; t < windowFrames; t++) column[t] = data[(row * hopFrames + t) * bands + band] as number;
      column.sort();
      let at = row * width + band;
      for (const weight of weights) {
        pooled[at] = weightedSum(column, weight);
        at += bands;
      }
      if (spec.deviation) pooled[at] = deviationOf(column);
    }
  }
  return { data: pooled, shape: [rows, width] };
}

/** r^j / Σ r^j for the j-th largest of so many values; they come in ascending order, so the weights do too. */
function rankWeights(rank: number, count: number): Float64Array {
  const weights = Float64Array.from({ length: count }, (_, t) => rank ** (count - 1 - t));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

function weightedSum(ascending: Float32Array, weights: Float64Array): number {
  let sum = 0;
  for (let t = 0; t < ascending.length; t++) sum += (weights[t] as number) * (ascending[t] as number);
  return sum;
}

function deviationOf(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  return Math.sqrt(squares / values.length);
}
