/**
 * A mixture that slowly follows what normal becomes: stepwise EM on its sufficient statistics (Cappé & Moulines, JRSS B
 * 2009; Liang & Klein, NAACL 2009), in float64, never far from the one that was commissioned.
 * Legend: K components, D latent size, ρ responsibilities, η step size, s statistics [Σρ, Σρ(z − μ°), Σρ(z − μ°)(z − μ°)ᵀ]
 * a row, about the commissioned means μ° so that nothing cancels.
 */
import type { MixtureParameters } from '../contracts.js';
import { energies, finish, type Mixture, memberships } from './mixture-fit.js';

export interface DriftOptions {
  /** Share of the commissioned statistics in every mixture, 0.01…0.05. */
  readonly anchor: number;
  /** Largest divergence from the commissioned mixture, nats. */
  readonly cap: number;
  /** Windows that the commissioned statistics stand for: steps go on from there. */
  readonly windows: number;
}

/** η = (t + 2)^−.7: steps shrink, but sum to infinity. */
const STEP_POWER = -0.7;
const STEP_SHIFT = 2;
/**
 * Statistics over the last 2/η windows are as noisy as a mixture fitted to so many rows (the rows of one window say much
 * the same): P parameters are off by Pη/4 nats on average. Steps are small enough from the start for that to be less than this.
 */
const NOISE_NATS = 0.1;
const LEAST_PHI = 1e-6;

export class FollowedMixture {
  readonly #frozen: Mixture;
  readonly #epsilon: number;
  readonly #options: DriftOptions;
  /** (K, 1 + D + D²) as commissioned, and as followed. */
  readonly #commissioned: Float64Array;
  /** t of the first step. */
  readonly #firstStep: number;
  #statistics: Float64Array;
  #mixture: Mixture;
  #steps = 0;
  #capped = false;

  constructor(parameters: MixtureParameters, options: DriftOptions) {
    const { phi, mean, covariance, epsilon, size } = parameters;
    this.#epsilon = epsilon;
    this.#options = options;
    const [p, m, c] = [Float64Array.from(phi), Float64Array.from(mean), Float64Array.from(covariance)];
    this.#frozen = finish(p, m, c, size, epsilon);
    this.#mixture = this.#frozen;
    this.#commissioned = statisticsOf(this.#frozen);
    this.#statistics = this.#commissioned;
    this.#firstStep = Math.max(options.windows, quietStep(this.#frozen));
  }

  /** True once following on would have gone beyond the cap: it stays where it is. */
  get capped(): boolean {
    return this.#capped;
  }

  /** How far it has gone from the commissioned mixture, nats: see `divergence`. */
  get divergence(): number {
    return divergence(this.#mixture, this.#frozen);
  }

  /** Mean energy of rows z (N, D), nats. */
  score(z: Float64Array): number {
    const values = energies({ data: z, size: this.#frozen.size }, this.#mixture);
    return values.reduce((sum, energy) => sum + energy, 0) / values.length;
  }

  /** One step: s ← (1 − η)s + η·(s of a window's rows z (N, D)). Does nothing once capped. */
  follow(z: Float64Array): void {
    if (this.#capped) return;
    const eta = (this.#steps + this.#firstStep + STEP_SHIFT) ** STEP_POWER;
    const seen = rowStatistics(z, this.#mixture, this.#frozen.mean);
    const statistics = this.#statistics.map((s, i) => (1 - eta) * s + eta * (seen[i] as number));
    const mixture = this.#maximise(statistics);
    if (divergence(mixture, this.#frozen) > this.#options.cap) {
      this.#capped = true;
      return;
    }
    this.#statistics = statistics;
    this.#mixture = mixture;
    this.#steps++;
  }

  /** [steps, capped, s…]: with `restore`, every later score is the same to the bit. */
  state(): Float64Array {
    return Float64Array.of(this.#steps, Number(this.#capped), ...this.#statistics);
  }

  /** @returns false when the state is another mixture's */
  restore(state: Float64Array): boolean {
    const [steps = 0, capped = 0] = state;
    const statistics = state.slice(2);
    if (statistics.length !== this.#commissioned.length || !state.every(Number.isFinite)) return false;
    this.#steps = steps;
    this.#capped = capped !== 0;
    this.#statistics = statistics;
    this.#mixture = steps > 0 ? this.#maximise(statistics) : this.#frozen;
    return true;
  }

  /** φ, μ, Σ of the statistics mixed with the commissioned ones. */
  #maximise(statistics: Float64Array): Mixture {
    const { components: k, size: d, mean: origin } = this.#frozen;
    const { anchor } = this.#options;
    const mixed = statistics.map((s, i) => (1 - anchor) * s + anchor * (this.#commissioned[i] as number));
    const [phi, mean, covariance] = [new Float64Array(k), new Float64Array(k * d), new Float64Array(k * d * d)];
    for (let c = 0; c < k; c++) {
      const s = mixed.subarray(c * width(d), (c + 1) * width(d));
      const mass = Math.max(s[0] as number, LEAST_PHI);
      const offset = (j: number): number => (s[1 + j] as number) / mass;
      phi[c] = mass;
      for (let i = 0; i < d; i++) {
        mean[c * d + i] = (origin[c * d + i] as number) + offset(i);
        for (let j = 0; j < d; j++)
          covariance[(c * d + i) * d + j] = (s[1 + d + i * d + j] as number) / mass - offset(i) * offset(j);
      }
    }
    return finish(phi, mean, covariance, d, this.#epsilon);
  }
}

/** t from which on steps are small enough for so many parameters. */
function quietStep({ components: k, size: d }: Mixture): number {
  const parameters = k * (1 + d + (d * (d + 1)) / 2) - 1;
  return ((4 * NOISE_NATS) / parameters) ** (1 / STEP_POWER) - STEP_SHIFT;
}

/** Numbers of one component's statistics. */
const width = (d: number): number => 1 + d + d * d;

function statisticsOf({ components: k, size: d, phi, covariance }: Mixture): Float64Array {
  const out = new Float64Array(k * width(d));
  for (let c = 0; c < k; c++) {
    const mass = phi[c] as number;
    out[c * width(d)] = mass;
    for (let at = 0; at < d * d; at++) out[c * width(d) + 1 + d + at] = mass * (covariance[c * d * d + at] as number);
  }
  return out;
}

/** mean over rows of [ρ, ρ(z − μ°), ρ(z − μ°)(z − μ°)ᵀ]: (K, 1 + D + D²) */
function rowStatistics(z: Float64Array, mixture: Mixture, origin: Float64Array): Float64Array {
  const { components: k, size: d } = mixture;
  const rho = memberships({ data: z, size: d }, mixture);
  const rows = z.length / d;
  const out = new Float64Array(k * width(d));
  const centred = new Float64Array(d);
  for (let n = 0; n < rows; n++) {
    for (let c = 0; c < k; c++) {
      const weight = (rho[n * k + c] as number) / rows;
      for (let j = 0; j < d; j++) centred[j] = (z[n * d + j] as number) - (origin[c * d + j] as number);
      accumulate(out.subarray(c * width(d), (c + 1) * width(d)), centred, weight);
    }
  }
  return out;
}

/** Symmetric to the bit: the product first, then its weight. */
function accumulate(s: Float64Array, centred: Float64Array, weight: number): void {
  const d = centred.length;
  s[0] = (s[0] as number) + weight;
  for (let i = 0; i < d; i++) {
    const part = centred[i] as number;
    s[1 + i] = (s[1 + i] as number) + weight * part;
    const row = 1 + d + i * d;
    for (let j = 0; j < d; j++) s[row + j] = (s[row + j] as number) + weight * (part * (centred[j] as number));
  }
}

/**
 * An upper bound of KL(followed ‖ commissioned), component by component (Do, IEEE Signal Processing Letters 2003):
 * Σ_k φ_k [log φ_k/φ°_k + KL(N_k ‖ N°_k)]. It is by how much the commissioned energy of what is heard now exceeds the
 * followed one on average, at most: the unit of the scores.
 */
export function divergence(now: Mixture, then: Mixture): number {
  const { components: k, size: d } = now;
  let total = 0;
  for (let c = 0; c < k; c++) {
    const phi = now.phi[c] as number;
    // offset = log φ − ½ log det Σ − ½ D log 2π, ε in Σ: the difference has log φ/φ° and the determinants.
    const logs = (now.offset[c] as number) - (then.offset[c] as number);
    total += phi * (logs + 0.5 * (mahalanobis(now, then, c) - d));
  }
  return Math.max(0, total);
}

/** tr(Σ°⁻¹Σ) + (μ − μ°)ᵀΣ°⁻¹(μ − μ°) of one component, by W° = L°⁻¹: the squares of W°L = W°W⁻¹ and of W°(μ − μ°). */
function mahalanobis(now: Mixture, then: Mixture, c: number): number {
  const d = now.size;
  const w = then.inverse.subarray(c * d * d, (c + 1) * d * d);
  const lower = inverseOfLower(now.inverse.subarray(c * d * d, (c + 1) * d * d), d);
  let sum = 0;
  for (let i = 0; i < d; i++) {
    let shift = 0;
    for (let j = 0; j <= i; j++) {
      shift += (w[i * d + j] as number) * ((now.mean[c * d + j] as number) - (then.mean[c * d + j] as number));
      let product = 0;
      for (let m = j; m <= i; m++) product += (w[i * d + m] as number) * (lower[m * d + j] as number);
      sum += product * product;
    }
    sum += shift * shift;
  }
  return sum;
}

/** L of L⁻¹, both lower triangular (D, D), by forward substitution. */
function inverseOfLower(w: Float64Array, d: number): Float64Array {
  const out = new Float64Array(d * d);
  for (let i = 0; i < d; i++)
    for (let j = 0; j <= i; j++) {
      let sum = i === j ? 1 : 0;
      for (let m = j; m < i; m++) sum -= (w[i * d + m] as number) * (out[m * d + j] as number);
      out[i * d + j] = sum / (w[i * d + i] as number);
    }
  return out;
}
