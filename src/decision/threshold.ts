import type { Calibration, HorizonCalibration } from '../contracts.js';
import { returnLevelBound } from './pareto.js';
import { FEWEST_PEAKS, quantile, TAIL_FROM } from './peaks.js';
import { independentHops } from './smoothing.js';

/** "At most `falseAlarms` every `perMs`, under conditions like those recorded." */
export interface Budget {
  readonly falseAlarms: number;
  readonly perMs: number;
  /** One-sided confidence that the budget holds, 0.5…0.999; 0.9 by default. */
  readonly confidence?: number;
}

/** A budget with what the calibration says of time; `{ ...calibration, ...budget }` is one. */
export interface ThresholdInput extends Budget {
  readonly windowMs: number;
  readonly hopMs: number;
  readonly observedMs: number;
  /** Part of the budget that this horizon may spend, 0…1. */
  readonly share?: number;
}

export interface Threshold {
  readonly threshold: number;
  readonly clearBelow: number;
  readonly method: 'gpd' | 'empirical-maximum';
  /**
   * That the budget holds: as asked for `gpd`. For `empirical-maximum` what the count of windows alone supports, with no
   * assumption about the tail and without the margin: near 0 when little was recorded.
   */
  readonly confidence: number;
  /** Held-out normal time still lacking before a tail can be fitted; 0 for `gpd`. An estimate. */
  readonly needsMoreMs: number;
}

/** Part of the recorded normals that commissioning keeps for the calibration; the rest is learnt. */
export const HELD_OUT_SHARE = 0.2;
const DEFAULT_CONFIDENCE = 0.9;
/** Confidence of the scale by which a maximum is extrapolated when there is no tail. */
const MARGIN_CONFIDENCE = 0.8;
/** A spread below this share of the maximum is rounding. */
const LEAST_SPREAD = 1e-3;

/**
 * The threshold that keeps a false-alarm budget. With a fitted tail: the upper confidence bound of the level that the
 * budget's share of peaks exceeds (`returnLevelBound`), cleared at the 90th percentile. Without: the largest value seen and a
 * margin (`margin`), cleared at half of it.
 */
export function thresholdFor(horizon: HorizonCalibration, input: ThresholdInput): Threshold {
  const confidence = input.confidence ?? DEFAULT_CONFIDENCE;
  const allowedEveryMs = input.perMs / (input.falseAlarms * (input.share ?? 1));
  const { tail, clearBelow } = horizon;
  if (!tail) {
    const above = margin(horizon, allowedEveryMs / input.observedMs);
    return {
      threshold: horizon.maximum + above,
      // So few values say no better where normal ends for clearing than for raising.
      clearBelow: horizon.maximum + above / 2,
      method: 'empirical-maximum',
      confidence: orderConfidence(horizon, input),
      needsMoreMs: needsMore(horizon, input),
    };
  }
  const z = normalQuantile(confidence);
  // The number of peaks is Poisson: its upper bound, too.
  const peaks = tail.exceedances + z * Math.sqrt(tail.exceedances);
  const threshold = returnLevelBound(tail.excesses, tail, (peaks * allowedEveryMs) / tail.exposureMs, z);
  return { threshold, clearBelow, method: 'gpd', confidence, needsMoreMs: 0 };
}

/**
 * How far above the largest value seen the threshold lies when no tail could be fitted: the values above the median are
 * taken as exponential (ξ = 0), their mean excess's upper confidence bound as the scale σ⁺, and the maximum of the time
 * observed is carried to the time that the budget allows an alarm in: σ⁺ ln(1 + allowed/observed). With 2 independent
 * values σ⁺ is 4.5 times the mean excess, with 100 it is 1.1 times.
 */
function margin(horizon: HorizonCalibration, extrapolation: number): number {
  const median = quantile(horizon.sorted, 0.5);
  const above = horizon.sorted.filter((value) => value > median);
  const meanExcess = above.reduce((sum, value) => sum + value - median, 0) / Math.max(1, above.length);
  const degrees = Math.max(2, horizon.independent);
  const inflation = degrees / chiSquareQuantile(1 - MARGIN_CONFIDENCE, degrees);
  const least = LEAST_SPREAD * Math.max(Math.abs(horizon.maximum), Number.MIN_VALUE);
  return Math.max(meanExcess * inflation, least) * Math.log1p(extrapolation);
}

/** P(at most k of the next m exceed the largest of n) = 1 − (m/(n + m))^(k + 1), nearly, for exchangeable values. */
function orderConfidence(horizon: HorizonCalibration, input: ThresholdInput): number {
  const m = input.perMs / (independentHops(horizon.smoothing, input.windowMs, input.hopMs) * input.hopMs);
  return 1 - (m / (horizon.independent + m)) ** (Math.floor(input.falseAlarms * (input.share ?? 1)) + 1);
}

/** Time for `FEWEST_PEAKS` peaks if each independent value exceeds t with the tail's probability; half as much again if that has passed. */
function needsMore(horizon: HorizonCalibration, input: ThresholdInput): number {
  const values = FEWEST_PEAKS / (1 - TAIL_FROM);
  const neededMs = values * independentHops(horizon.smoothing, input.windowMs, input.hopMs) * input.hopMs;
  return Math.max(neededMs - input.observedMs, input.observedMs / 2);
}

/** Conformal p of a statistic: (1 + #{s_i ≥ s})/(n + 1), n the independent values: overlapping ones are not evidence. */
export function pValue(horizon: HorizonCalibration, statistic: number): number {
  const { sorted, independent } = horizon;
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) < statistic) low = middle + 1;
    else high = middle;
  }
  const share = sorted.length === 0 ? 1 : (sorted.length - low) / sorted.length;
  return (1 + share * independent) / (independent + 1);
}

/** One line that says what is promised of the short horizon, and on what grounds. */
export function describeBudget(calibration: Calibration, budget: Budget): string {
  const { method, confidence, needsMoreMs } = thresholdFor(calibration.short, { ...calibration, ...budget });
  const repeats = repetition(calibration.repeatedShare ?? 0);
  const promise = `at most ${budget.falseAlarms} false alarm${budget.falseAlarms === 1 ? '' : 's'} ${every(budget.perMs)}`;
  if (method === 'gpd') {
    return `${promise}, ${Math.round(confidence * 100)} % confidence, from ${duration(calibration.observedMs)} of held-out normals${repeats}`;
  }
  const n = calibration.short.independent;
  const toRecord = duration(needsMoreMs / HELD_OUT_SHARE);
  return `empirical maximum of ${duration(calibration.observedMs)} of held-out normals (${n} independent window${n === 1 ? '' : 's'}) and a margin: needs ${toRecord} more recorded for ${promise}${repeats}`;
}

/** Less than this of a recording that repeats the rest is not worth a word. */
const WORTH_A_WORD = 0.1;

/** Held-out sound was learnt, too, where a recording repeats itself: the promise is that much weaker. */
const repetition = (share: number): string =>
  share < WORTH_A_WORD
    ? ''
    : `; ${Math.round(100 * share)} % of the recording repeats the rest sample by sample: it holds for these same sounds, other normal sound may raise alarms`;

const UNITS = [
  ['week', 604_800_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
] as const;

function every(ms: number): string {
  const unit = UNITS.find(([, length]) => ms === length);
  return unit ? `${unit[0] === 'hour' ? 'an' : 'a'} ${unit[0]}` : `every ${duration(ms)}`;
}

function duration(ms: number): string {
  if (ms >= 3_600_000) return `${(ms / 3_600_000).toFixed(1)} h`;
  return ms >= 60_000 ? `${(ms / 60_000).toFixed(1)} min` : `${(ms / 1000).toFixed(1)} s`;
}

/** Standard normal quantile within 4.5e-4: Abramowitz & Stegun 26.2.23. */
function normalQuantile(p: number): number {
  if (p < 0.5) return -normalQuantile(1 - p);
  const t = Math.sqrt(-2 * Math.log(1 - p));
  const numerator = 2.515517 + 0.802853 * t + 0.010328 * t ** 2;
  return t - numerator / (1 + 1.432788 * t + 0.189269 * t ** 2 + 0.001308 * t ** 3);
}

/** Wilson & Hilferty: ν(1 − 2/9ν + z√(2/9ν))³; within 1 % from 2 degrees on. */
function chiSquareQuantile(p: number, degrees: number): number {
  const spread = 2 / (9 * degrees);
  return degrees * (1 - spread + normalQuantile(p) * Math.sqrt(spread)) ** 3;
}
