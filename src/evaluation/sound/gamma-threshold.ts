/** The point that a share of normal scores stays below, by a gamma distribution, as the DCASE challenges decide. */

export interface GammaFit {
  /** Scores minus this are gamma distributed. */
  readonly shift: number;
  readonly shape: number;
  readonly scale: number;
}

/**
 * Energies can be negative, so they are shifted first: to the smallest score less the range divided by their number,
 * about where the next smaller one would be. Shape by maximum likelihood, from ln k − ψ(k) = ln(mean) − mean(ln).
 * @param scores at least one, finite   @returns null when they are all the same
 */
export function fitGamma(scores: readonly number[]): GammaFit | null {
  const [least, most] = [Math.min(...scores), Math.max(...scores)];
  if (!(most > least)) return null;
  const shift = least - (most - least) / scores.length;
  const mean = meanOf(scores.map((score) => score - shift));
  const gap = Math.log(mean) - meanOf(scores.map((score) => Math.log(score - shift)));
  const shape = shapeOf(gap);
  return { shift, shape, scale: mean / shape };
}

/** @param share 0…1   @returns the only value when the scores are all the same */
export function gammaPoint(scores: readonly number[], share: number): number {
  const fit = fitGamma(scores);
  if (!fit) return scores[0] ?? Number.NaN;
  const { shift, shape, scale } = fit;
  let [low, high] = [0, shape + 1];
  while (regularisedGamma(shape, high) < share) high *= 2;
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (regularisedGamma(shape, middle) < share) low = middle;
    else high = middle;
  }
  return shift + scale * high;
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;

/** Solves ln k − ψ(k) = gap by Newton's method, from Minka's approximation. */
function shapeOf(gap: number): number {
  const s = Math.max(gap, 1e-9);
  let k = (3 - s + Math.sqrt((s - 3) ** 2 + 24 * s)) / (12 * s);
  for (let i = 0; i < 20; i++) {
    const step = (Math.log(k) - digamma(k) - s) / (1 / k - trigamma(k));
    const next = k - step;
    k = next > 0 ? next : k / 2;
    if (Math.abs(step) < 1e-10 * k) break;
  }
  return k;
}

/** ψ(x), x > 0: recurrence up to 6, then the asymptotic series. */
function digamma(x: number): number {
  let [value, at] = [0, x];
  for (; at < 6; at++) value -= 1 / at;
  const r = 1 / (at * at);
  return value + Math.log(at) - 1 / (2 * at) - r * (1 / 12 - r * (1 / 120 - r / 252));
}

/** ψ'(x), x > 0. */
function trigamma(x: number): number {
  let [value, at] = [0, x];
  for (; at < 6; at++) value += 1 / (at * at);
  const r = 1 / (at * at);
  return value + 1 / at + r / 2 + (r / at) * (1 / 6 - r * (1 / 30 - r / 42));
}

/** P(a, x): the series below a + 1, Lentz's continued fraction above. */
export function regularisedGamma(a: number, x: number): number {
  if (x <= 0) return 0;
  const front = Math.exp(a * Math.log(x) - x - logGamma(a));
  return x < a + 1 ? front * series(a, x) : 1 - front * fraction(a, x);
}

const TERMS = 10_000;
const PRECISION = 1e-15;

function series(a: number, x: number): number {
  let term = 1 / a;
  let sum = term;
  for (let n = 1; n < TERMS && term > PRECISION * sum; n++) {
    term *= x / (a + n);
    sum += term;
  }
  return sum;
}

function fraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let value = d;
  for (let n = 1; n < TERMS; n++) {
    const factor = n * (a - n);
    b += 2;
    d = 1 / (factor * d + b);
    c = b + factor / c;
    value *= c * d;
    if (Math.abs(c * d - 1) < PRECISION) break;
  }
  return value;
}

/** ln Γ(x), x > 0: recurrence up to 10, then Stirling's series. */
function logGamma(x: number): number {
  let [value, at] = [0, x];
  for (; at < 10; at++) value -= Math.log(at);
  const r = 1 / (at * at);
  const tail = (1 / at) * (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r / 1680)));
  return value + (at - 0.5) * Math.log(at) - at + 0.5 * Math.log(2 * Math.PI) + tail;
}
