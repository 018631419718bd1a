/**
 * The final Gaussian mixture, in float64 over the whole training set.
 * Legend: N rows, K components, D latent size, γ/ρ memberships, φ, μ, Σ, L the Cholesky factor of Σ.
 */
import { factorise } from './cholesky.js';
import { stopIfCancelled } from './method.js';
import type { Random } from './random.js';

/** Rows of a matrix, one after the other: N = data.length / size. */
export interface Rows {
  readonly data: Float64Array;
  readonly size: number;
}

export interface Mixture {
  readonly components: number;
  readonly size: number;
  /** (K) */
  readonly phi: Float64Array;
  /** (K, D) */
  readonly mean: Float64Array;
  /** (K, D, D), shrunk, without ε. */
  readonly covariance: Float64Array;
  /** L⁻¹ of Σ + ε1 (K, D, D). */
  readonly inverse: Float64Array;
  /** (K) log φ − Σ_j log L_jj − ½ D log 2π */
  readonly offset: Float64Array;
  readonly singularRetries: number;
}

export type ShrinkTarget = 'all' | 'components';

export interface MixtureFitOptions {
  /** Loaded on the diagonal of every Σ. */
  readonly epsilon: number;
  /** Pull every Σ_k towards Σ_0 with the weight of ν = D + 2 rows. */
  readonly shrink: boolean;
  /** What Σ_0 is: the whole set's covariance (`all`, the default), or the mean of the components' own. */
  readonly shrinkTo?: ShrinkTarget;
  /** EM stops when the mean log-likelihood grows by less than this. */
  readonly tolerance?: number;
  readonly maxIterations?: number;
  /** Looked at before each round of EM, which takes up to a second; hours of sound take minutes of rounds. */
  readonly cancelled?: () => boolean;
}

const MIN_PHI = 1e-6;

export const rowCount = (rows: Rows): number => rows.data.length / rows.size;

/** φ, μ, Σ of the whole set for given memberships γ (N, K). */
export function fitMemberships(
  rows: Rows,
  gamma: Float64Array,
  components: number,
  options: MixtureFitOptions,
): Mixture {
  return maximise(rows, gamma, components, moments(rows, null), options);
}

/**
 * Expectation-maximisation from memberships γ until the likelihood stops growing.
 * Σ̃_k = (N_k Σ_k + ν Σ_0) / (N_k + ν), φ ≥ 1e-6.
 * @throws {DOMException} AbortError when cancelled
 */
export function fitByEm(rows: Rows, gamma: Float64Array, components: number, options: MixtureFitOptions): Mixture {
  const whole = moments(rows, null);
  const responsibilities = Float64Array.from(gamma);
  let mixture = maximise(rows, responsibilities, components, whole, options);
  let before = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < (options.maxIterations ?? 100); i++) {
    stopIfCancelled(options);
    const likelihood = expect(rows, mixture, responsibilities) / rowCount(rows);
    if (!(likelihood - before > (options.tolerance ?? 1e-5))) break;
    before = likelihood;
    mixture = maximise(rows, responsibilities, components, whole, options);
  }
  return mixture;
}

/** E(z) = −log Σ_k φ_k N(z | μ_k, Σ_k) of each row, nats; higher = more anomalous. */
export function energies(rows: Rows, mixture: Mixture): Float64Array {
  const out = new Float64Array(rowCount(rows));
  const scratch = new Float64Array(mixture.components);
  for (let n = 0; n < out.length; n++) out[n] = -logDensity(rows, n, mixture, scratch);
  return out;
}

/** ρ (N, K) of each row. */
export function memberships(rows: Rows, mixture: Mixture): Float64Array {
  const rho = new Float64Array(rowCount(rows) * mixture.components);
  expect(rows, mixture, rho);
  return rho;
}

/** Fills ρ (N, K) and returns the log-likelihood. */
function expect(rows: Rows, mixture: Mixture, rho: Float64Array): number {
  const k = mixture.components;
  let total = 0;
  for (let n = 0; n < rowCount(rows); n++) {
    const own = rho.subarray(n * k, n * k + k);
    const log = logDensity(rows, n, mixture, own);
    for (let i = 0; i < k; i++) own[i] = Math.exp((own[i] as number) - log);
    total += log;
  }
  return total;
}

/** log p(z_n); leaves log φ_k N(z_n | k) in `terms`. */
function logDensity(rows: Rows, n: number, mixture: Mixture, terms: Float64Array): number {
  const { size: d, data } = rows;
  const { components, mean, inverse, offset } = mixture;
  const base = n * d;
  let top = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < components; k++) {
    let distance = 0;
    for (let i = 0; i < d; i++) {
      let y = 0;
      const row = (k * d + i) * d;
      for (let j = 0; j <= i; j++)
        y += (inverse[row + j] as number) * ((data[base + j] as number) - (mean[k * d + j] as number));
      distance += y * y;
    }
    const term = (offset[k] as number) - 0.5 * distance;
    terms[k] = term;
    if (term > top) top = term;
  }
  let sum = 0;
  for (let k = 0; k < components; k++) sum += Math.exp((terms[k] as number) - top);
  return top + Math.log(sum);
}

/** A share of a component's mass that leaves its covariance as it is. */
const NO_WEIGHT = 1e-15;

interface Moments {
  readonly mass: number;
  readonly mean: Float64Array;
  readonly covariance: Float64Array;
}

/** Weighted mean and covariance, in two passes. `weights`: every `stride`-th from `offset`; null weighs all rows 1. */
function moments(rows: Rows, weights: { gamma: Float64Array; stride: number; offset: number } | null): Moments {
  const { data, size: d } = rows;
  const count = rowCount(rows);
  const weight = (n: number): number => (weights ? (weights.gamma[n * weights.stride + weights.offset] as number) : 1);
  const mean = new Float64Array(d);
  let mass = 0;
  for (let n = 0; n < count; n++) {
    const w = weight(n);
    mass += w;
    for (let j = 0; j < d; j++) mean[j] = (mean[j] as number) + w * (data[n * d + j] as number);
  }
  const safe = Math.max(mass, Number.MIN_VALUE);
  for (let j = 0; j < d; j++) mean[j] = (mean[j] as number) / safe;
  const covariance = new Float64Array(d * d);
  const c = new Float64Array(d);
  for (let n = 0; n < count; n++) {
    const w = weight(n) / safe;
    if (w < NO_WEIGHT) continue;
    for (let j = 0; j < d; j++) c[j] = (data[n * d + j] as number) - (mean[j] as number);
    for (let i = 0; i < d; i++) {
      const ci = w * (c[i] as number);
      for (let j = 0; j <= i; j++) covariance[i * d + j] = (covariance[i * d + j] as number) + ci * (c[j] as number);
    }
  }
  for (let i = 0; i < d; i++) for (let j = 0; j < i; j++) covariance[j * d + i] = covariance[i * d + j] as number;
  return { mass, mean, covariance };
}

/** Below this many rows a component has no mean of its own. */
const MIN_MASS = 1e-6;

function maximise(rows: Rows, gamma: Float64Array, k: number, whole: Moments, options: MixtureFitOptions): Mixture {
  const d = rows.size;
  const nu = options.shrink ? d + 2 : 0;
  const phi = new Float64Array(k);
  const mean = new Float64Array(k * d);
  const covariance = new Float64Array(k * d * d);
  const parts = Array.from({ length: k }, (_, i) => moments(rows, { gamma, stride: k, offset: i }));
  const target = options.shrinkTo === 'components' ? meanCovariance(parts, whole.mass) : whole.covariance;
  for (let i = 0; i < k; i++) {
    const own = parts[i] as Moments;
    const empty = own.mass < MIN_MASS;
    phi[i] = Math.max(own.mass / whole.mass, MIN_PHI);
    mean.set(empty ? whole.mean : own.mean, i * d);
    const mass = empty ? 0 : own.mass;
    const blend = (at: number): number =>
      mass + nu > 0
        ? (mass * (own.covariance[at] as number) + nu * (target[at] as number)) / (mass + nu)
        : (whole.covariance[at] as number);
    for (let at = 0; at < d * d; at++) covariance[i * d * d + at] = blend(at);
  }
  return finish(phi, mean, covariance, d, options.epsilon);
}

/** Σ_k N_k Σ_k / N: how far rows lie about their own component's mean. */
function meanCovariance(parts: readonly Moments[], mass: number): Float64Array {
  const out = new Float64Array(parts[0]?.covariance.length ?? 0);
  for (const part of parts)
    for (let at = 0; at < out.length; at++)
      out[at] = (out[at] as number) + (part.mass / mass) * (part.covariance[at] as number);
  return out;
}

/** Adds what scoring needs to φ (made to sum to 1), μ and Σ without ε. */
export function finish(
  phi: Float64Array,
  mean: Float64Array,
  covariance: Float64Array,
  d: number,
  epsilon: number,
): Mixture {
  const k = phi.length;
  const total = phi.reduce((sum, p) => sum + p, 0);
  const inverse = new Float64Array(covariance.length);
  const offset = new Float64Array(k);
  let singularRetries = 0;
  for (let i = 0; i < k; i++) {
    const factor = factorise(covariance.subarray(i * d * d, (i + 1) * d * d), d, epsilon);
    phi[i] = (phi[i] as number) / total;
    inverse.set(factor.inverse, i * d * d);
    offset[i] = Math.log(phi[i] as number) - factor.halfLogDeterminant - 0.5 * d * Math.log(2 * Math.PI);
    singularRetries += factor.retries;
  }
  return { components: k, size: d, phi, mean, covariance, inverse, offset, singularRetries };
}

/**
 * Hard memberships (N, K) by k-means with k-means++ seeding (Arthur and Vassilvitskii, 2007), ten rounds of Lloyd.
 */
export function kMeansMemberships(rows: Rows, components: number, random: Random): Float64Array {
  const count = rowCount(rows);
  let centres = seedCentres(rows, components, random);
  let nearest = new Int32Array(count);
  for (let round = 0; round < 10; round++) {
    nearest = Int32Array.from({ length: count }, (_, n) => nearestCentre(rows, n, centres).index);
    centres = centresOf(rows, nearest, centres);
  }
  const gamma = new Float64Array(count * components);
  nearest.forEach((k, n) => {
    gamma[n * components + k] = 1;
  });
  return gamma;
}

function seedCentres(rows: Rows, components: number, random: Random): Float64Array[] {
  const row = (n: number): Float64Array => rows.data.slice(n * rows.size, (n + 1) * rows.size);
  const centres = [row(random.below(rowCount(rows)))];
  while (centres.length < components) {
    const distances = Float64Array.from({ length: rowCount(rows) }, (_, n) => nearestCentre(rows, n, centres).distance);
    let left = random.uniform() * distances.reduce((sum, x) => sum + x, 0);
    const chosen = distances.findIndex((distance) => {
      left -= distance;
      return left < 0;
    });
    centres.push(row(chosen < 0 ? random.below(rowCount(rows)) : chosen));
  }
  return centres;
}

function nearestCentre(rows: Rows, n: number, centres: readonly Float64Array[]): { index: number; distance: number } {
  const best = { index: 0, distance: Number.POSITIVE_INFINITY };
  centres.forEach((centre, index) => {
    let distance = 0;
    for (let j = 0; j < rows.size; j++)
      distance += ((rows.data[n * rows.size + j] as number) - (centre[j] as number)) ** 2;
    if (distance < best.distance) Object.assign(best, { index, distance });
  });
  return best;
}

function centresOf(rows: Rows, nearest: Int32Array, before: readonly Float64Array[]): Float64Array[] {
  const counts = new Int32Array(before.length);
  const sums = before.map(() => new Float64Array(rows.size));
  nearest.forEach((k, n) => {
    const sum = sums[k] as Float64Array;
    counts[k] = (counts[k] as number) + 1;
    for (let j = 0; j < rows.size; j++) sum[j] = (sum[j] as number) + (rows.data[n * rows.size + j] as number);
  });
  return sums.map((sum, k) =>
    (counts[k] as number) > 0 ? sum.map((s) => s / (counts[k] as number)) : (before[k] as Float64Array),
  );
}
