/**
 * Generalised Pareto tail: P(X − t > x | X > t) = (1 + ξx/σ)^(−1/ξ), exp(−x/σ) at ξ = 0.
 * Legend: ξ shape, σ scale, t where the tail begins, N excesses, m peaks over t expected in the time in which one may exceed z.
 */

import { quantile } from './peaks.js';

/**
 * Shapes that are believed: beyond ½ the variance is infinite; a tail that ends (ξ < 0) is taken as exponential, because a
 * few dozen peaks often look like one by chance; what plain likelihood over ±½ promised too much is in the README.
 */
const SHAPE_BOUNDS = [0, 0.5] as const;
/** Deviation of the half-normal penalty on ξ. */
const SHAPE_DEVIATION = 0.2;
const SHAPE_STEP = 0.01;
const SHAPES = Array.from(
  { length: Math.round((SHAPE_BOUNDS[1] - SHAPE_BOUNDS[0]) / SHAPE_STEP) + 1 },
  (_, i) => SHAPE_BOUNDS[0] + i * SHAPE_STEP,
);
const NEARLY_ZERO = 1e-6;

/** ln of the half-normal prior of ξ, but for a constant. */
function penalty(shape: number): number {
  return -((shape / SHAPE_DEVIATION) ** 2) / 2;
}

/** (m^ξ − 1)/ξ, ln m at ξ = 0: how many σ above t the level lies that one peak in m exceeds. */
function stretch(shape: number, m: number): number {
  return Math.abs(shape) < NEARLY_ZERO ? Math.log(m) : Math.expm1(shape * Math.log(m)) / shape;
}

/** z_q = t + (σ/ξ)[m^ξ − 1] with m = N_t/(q·n), the level that one peak in m exceeds; ξ → 0: t + σ ln m. Science §6. */
export function returnLevel(tail: { t: number; shape: number; scale: number }, m: number): number {
  return tail.t + tail.scale * stretch(tail.shape, m);
}

/** ℓ(ξ, σ) = −N ln σ − (1 + 1/ξ) Σ ln(1 + ξx/σ); −∞ where an excess is impossible. */
export function logLikelihood(excesses: readonly number[], shape: number, scale: number): number {
  if (!(scale > 0)) return Number.NEGATIVE_INFINITY;
  if (Math.abs(shape) < NEARLY_ZERO) {
    return -excesses.length * Math.log(scale) - excesses.reduce((sum, x) => sum + x, 0) / scale;
  }
  let logs = 0;
  for (const x of excesses) {
    const inside = (shape * x) / scale;
    if (inside <= -1) return Number.NEGATIVE_INFINITY;
    logs += Math.log1p(inside);
  }
  return -excesses.length * Math.log(scale) - (1 + 1 / shape) * logs;
}

/** Probability-weighted moments (Hosking & Wallis 1987): ξ = 2 − a0/(a0 − 2a1), σ = 2a0a1/(a0 − 2a1); ξ kept in bounds. */
export function fitByMoments(excesses: readonly number[]): { shape: number; scale: number } {
  const ascending = [...excesses].sort((a, b) => a - b);
  const n = ascending.length;
  const a0 = ascending.reduce((sum, x) => sum + x, 0) / n;
  const a1 = ascending.reduce((sum, x, i) => sum + (x * (n - 1 - i)) / Math.max(1, n - 1), 0) / n;
  const free = 2 - a0 / (a0 - 2 * a1);
  const shape = Math.min(SHAPE_BOUNDS[1], Math.max(SHAPE_BOUNDS[0], Number.isFinite(free) ? free : 0));
  return { shape, scale: a0 * (1 - shape) };
}

/** Highest value of a function with one hill on [low, high], by golden section. */
function highest(f: (x: number) => number, low: number, high: number): { x: number; value: number } {
  const golden = (Math.sqrt(5) - 1) / 2;
  let [a, b] = [low, high];
  for (let i = 0; i < 60 && b - a > 1e-7 * Math.abs(b); i++) {
    const c = b - golden * (b - a);
    const d = a + golden * (b - a);
    if (f(c) >= f(d)) b = d;
    else a = c;
  }
  const x = (a + b) / 2;
  return { x, value: f(x) };
}

/**
 * Penalised maximum likelihood, ξ in bounds: σ by golden section at each ξ of a grid of 0.01, from the
 * probability-weighted moments, which stay where nothing is likelier.
 * @param excesses (N) > 0
 */
export function fitPareto(excesses: readonly number[]): { shape: number; scale: number } {
  const mean = excesses.reduce((sum, x) => sum + x, 0) / excesses.length;
  // One giant among them moves the mean, not the median, beyond which the likeliest scale cannot lie far.
  const least = Math.min(mean / 20, quantile(Float64Array.from(excesses).sort(), 0.5) / 4);
  const start = fitByMoments(excesses);
  let best = { ...start, value: penalty(start.shape) + logLikelihood(excesses, start.shape, start.scale) };
  for (const shape of SHAPES) {
    const { x, value } = highest((scale) => logLikelihood(excesses, shape, scale), least, mean * 4);
    if (penalty(shape) + value > best.value) best = { shape, scale: x, value: penalty(shape) + value };
  }
  return { shape: best.shape, scale: best.scale };
}

/** Largest penalised ℓ over ξ when the excess over t that one peak in m exceeds is held at `level`: σ = level/stretch(ξ, m). */
function profile(excesses: readonly number[], m: number, level: number): number {
  let best = Number.NEGATIVE_INFINITY;
  for (const shape of SHAPES) {
    best = Math.max(best, penalty(shape) + logLikelihood(excesses, shape, level / stretch(shape, m)));
  }
  return best;
}

/**
 * Upper confidence bound of the return level by profile likelihood: the largest z with ℓ_max − ℓ_profile(z) ≤ z_c²/2,
 * z_c the standard normal quantile of the confidence (Coles 2001, §4.3.3; one-sided).
 * @param normalQuantile 1.2816 for 90 %   @returns z, never below the estimate nor t
 */
export function returnLevelBound(
  excesses: readonly number[],
  tail: { t: number; shape: number; scale: number },
  m: number,
  normalQuantile: number,
): number {
  if (m <= 1) return tail.t;
  const estimate = returnLevel(tail, m) - tail.t;
  const peak = penalty(tail.shape) + logLikelihood(excesses, tail.shape, tail.scale);
  const floor = peak - normalQuantile ** 2 / 2;
  let low = estimate;
  let high = estimate * 2;
  while (profile(excesses, m, high) > floor && high < estimate * 1e6) [low, high] = [high, high * 2];
  for (let i = 0; i < 40 && high - low > 1e-4 * low; i++) {
    const middle = (low + high) / 2;
    if (profile(excesses, m, middle) > floor) low = middle;
    else high = middle;
  }
  return tail.t + high;
}
