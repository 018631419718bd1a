import { CholeskyDecomposition, Matrix } from 'ml-matrix';
import { ModelError } from '../contracts.js';

export interface CholeskyFactor {
  /** L⁻¹, row-major (D, D), lower triangular. */
  readonly inverse: Float64Array;
  /** Σ_j log L_jj = ½ log det Σ. */
  readonly halfLogDeterminant: number;
  /** Times ε had to grow before Σ + ε1 was positive definite. */
  readonly retries: number;
}

const MAX_RETRIES = 4;

/**
 * Inverse Cholesky factor of Σ + ε1 in float64; ε grows tenfold, at most four times, while that is not positive definite.
 * @param sigma symmetric, row-major (D, D)   @throws {ModelError} when it never becomes positive definite
 */
export function factorise(sigma: Float64Array, size: number, epsilon: number): CholeskyFactor {
  for (let retries = 0; retries <= MAX_RETRIES; retries++) {
    const loaded = Matrix.from1DArray(size, size, Array.from(sigma));
    for (let j = 0; j < size; j++) loaded.set(j, j, loaded.get(j, j) + epsilon * 10 ** retries);
    const decomposition = sigma.every(Number.isFinite) ? new CholeskyDecomposition(loaded) : null;
    if (decomposition?.isPositiveDefinite())
      return { ...inverseOf(decomposition.lowerTriangularMatrix, size), retries };
  }
  throw new ModelError(
    `mixture: expected covariances that ε = ${epsilon * 10 ** MAX_RETRIES} makes positive definite, found a singular one`,
  );
}

/** L X = 1 by forward substitution, column by column. */
function inverseOf(lower: Matrix, size: number): { inverse: Float64Array; halfLogDeterminant: number } {
  const inverse = new Float64Array(size * size);
  let halfLogDeterminant = 0;
  for (let i = 0; i < size; i++) {
    const pivot = lower.get(i, i);
    halfLogDeterminant += Math.log(pivot);
    for (let j = 0; j <= i; j++) {
      let sum = i === j ? 1 : 0;
      for (let k = j; k < i; k++) sum -= lower.get(i, k) * (inverse[k * size + j] as number);
      inverse[i * size + j] = sum / pivot;
    }
  }
  return { inverse, halfLogDeterminant };
}
