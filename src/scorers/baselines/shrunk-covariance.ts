import { type RowMatrix, rowsOf } from '../row-matrix.js';

/**
 * Covariance of few rows with many columns: Σ = (1 − s) S + s·μ·1, μ the mean variance, with the s that is nearest to the
 * true covariance on average. Ledoit and Wolf, A Well-Conditioned Estimator for Large-Dimensional Covariance Matrices,
 * J. Multivariate Analysis 88, 2004.
 *   s = min(b², d²) / d², d² = ‖S − μ1‖²_F / W, b² = Σ_n ‖x_n x_nᵀ − S‖²_F / (N² W)
 * @param rows (N, W); their mean is taken off   @returns covariance, row-major (W, W), and s, 0…1
 */
export function shrunkCovariance(rows: RowMatrix): { covariance: Float64Array; shrinkage: number; mean: Float64Array } {
  const { width } = rows;
  const count = rowsOf(rows);
  const { centred, mean } = centre(rows);
  const covariance = scatter(centred, width);
  let trace = 0;
  let squares = 0;
  for (let i = 0; i < width; i++) trace += covariance[i * width + i] as number;
  for (const value of covariance) squares += value * value;
  const level = trace / width;
  const apart = squares - width * level * level;
  // Σ_n ‖x_n x_nᵀ − S‖² = Σ_n ‖x_n‖⁴ − N ‖S‖²
  let fourth = 0;
  for (let n = 0; n < count; n++) fourth += squaredNorm(centred, n, width) ** 2;
  const noise = (fourth / count - squares) / count;
  const shrinkage = apart > 1e-12 * squares ? Math.min(1, Math.max(0, noise / apart)) : 1;
  const shrunk = covariance.map(
    (value, at) => (1 - shrinkage) * value + (at % (width + 1) === 0 ? shrinkage * level : 0),
  );
  return { covariance: shrunk, shrinkage, mean };
}

function centre({ data, width }: RowMatrix): { centred: Float64Array; mean: Float64Array } {
  const count = data.length / width;
  const mean = new Float64Array(width);
  data.forEach((value, at) => {
    mean[at % width] = (mean[at % width] as number) + value / count;
  });
  return { centred: Float64Array.from(data, (value, at) => value - (mean[at % width] as number)), mean };
}

function scatter(centred: Float64Array, width: number): Float64Array {
  const count = centred.length / width;
  const out = new Float64Array(width * width);
  for (let at = 0; at < centred.length; at += width) {
    for (let i = 0; i < width; i++) {
      const own = (centred[at + i] as number) / count;
      for (let j = 0; j <= i; j++)
        out[i * width + j] = (out[i * width + j] as number) + own * (centred[at + j] as number);
    }
  }
  for (let i = 0; i < width; i++) for (let j = 0; j < i; j++) out[j * width + i] = out[i * width + j] as number;
  return out;
}

function squaredNorm(centred: Float64Array, n: number, width: number): number {
  let sum = 0;
  for (let j = 0; j < width; j++) sum += (centred[n * width + j] as number) ** 2;
  return sum;
}
