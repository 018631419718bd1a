/** A smooth curve for each column under which its values lie as a bell does. Yeo and Johnson, Biometrika 87, 2000. */
import { minimise } from './golden-section.js';
import type { RowMatrix } from './row-matrix.js';

/** x → ((1 + x)^λ − 1)/λ above 0 and −((1 − x)^(2 − λ) − 1)/(2 − λ) below; λ = 1 changes nothing. */
export interface PowerCurves {
  /** (W) λ of each column, 0.001 … 1.999 */
  readonly power: Float32Array;
  /** (W) mean and 1/deviation of the bent training rows. */
  readonly shift: Float32Array;
  readonly scale: Float32Array;
}

/** λ stays inside these: neither side ever turns into a logarithm or stops growing. */
const LEAST_POWER = 1e-3;
const MOST_POWER = 2 - LEAST_POWER;

/** λ is looked for among this many rows, evenly spaced. */
const SAMPLE_ROWS = 4_000;
/** A column in which one value makes up more than this share of the rows has no bell's shape under any curve. */
const MOST_COMMON = 0.2;
/** Golden sections: the interval ends 1e-4 wide. */
const SECTIONS = 22;

/** One number, bent. */
export function bend(x: number, power: number): number {
  return x >= 0 ? Math.expm1(power * Math.log1p(x)) / power : -Math.expm1((2 - power) * Math.log1p(-x)) / (2 - power);
}

/**
 * λ by the likelihood of a normal distribution, column by column. Columns in which a fifth of the values are one stay as they are.
 * @param rows z-scored
 */
export function fitPowerCurves({ data, width }: RowMatrix): PowerCurves {
  const count = data.length / width;
  const power = new Float32Array(width);
  const shift = new Float32Array(width);
  const scale = new Float32Array(width);
  for (let j = 0; j < width; j++) {
    power[j] = powerOf(sampled(data, width, j));
    let sum = 0;
    let squares = 0;
    for (let at = j; at < data.length; at += width) sum += bend(data[at] as number, power[j] as number);
    const mean = sum / count;
    for (let at = j; at < data.length; at += width)
      squares += (bend(data[at] as number, power[j] as number) - mean) ** 2;
    shift[j] = mean;
    scale[j] = squares > 0 ? 1 / Math.sqrt(squares / count) : 1;
  }
  return { power, shift, scale };
}

function sampled(data: Float32Array, width: number, j: number): Float64Array {
  const count = data.length / width;
  const picked = Math.min(count, SAMPLE_ROWS);
  return Float64Array.from({ length: picked }, (_, i) => data[Math.floor((i * count) / picked) * width + j] as number);
}

function powerOf(values: Float64Array): number {
  if (commonest(values) > MOST_COMMON * values.length) return 1;
  const slope = values.reduce((sum, x) => sum + Math.sign(x) * Math.log1p(Math.abs(x)), 0) / values.length;
  const loss = (lambda: number): number => 0.5 * Math.log(varianceOf(values, lambda)) - (lambda - 1) * slope;
  return minimise(loss, LEAST_POWER, MOST_POWER, SECTIONS);
}

/** How often the most frequent value occurs. */
function commonest(values: Float64Array): number {
  const sorted = Float64Array.from(values).sort();
  let [most, from] = [0, 0];
  for (let i = 1; i <= sorted.length; i++) {
    if (sorted[i] === sorted[from]) continue;
    most = Math.max(most, i - from);
    from = i;
  }
  return most;
}

function varianceOf(values: Float64Array, lambda: number): number {
  let [sum, squares] = [0, 0];
  for (const x of values) {
    const y = bend(x, lambda);
    sum += y;
    squares += y * y;
  }
  return Math.max(squares / values.length - (sum / values.length) ** 2, 1e-12);
}
