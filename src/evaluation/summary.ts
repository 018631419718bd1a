/** Several trials of one method → what the table says. */
import { METRIC_NAMES, type Metrics } from './metrics.js';

export interface Spread {
  readonly mean: number;
  /** Sample standard deviation; 0 for one value. */
  readonly sd: number;
}

export type MetricName = (typeof METRIC_NAMES)[number];
export type MetricSpreads = Readonly<Record<MetricName, Spread>>;

/** Mean and sample deviation, 0 for one value; NaN for none. */
export function spreadOf(values: readonly number[]): Spread {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const squares = values.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return { mean, sd: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0 };
}

/** Of every metric over the trials. */
export function metricSpreads(metrics: readonly Metrics[]): MetricSpreads {
  const entries = METRIC_NAMES.map((name) => [name, spreadOf(metrics.map((m) => m[name]))] as const);
  return Object.fromEntries(entries) as MetricSpreads;
}

/** Mean difference over the trials that both finished, with its standard error. */
export interface Difference {
  readonly mean: number;
  /** Of the mean, from the paired differences; null for fewer than two pairs. */
  readonly standardError: number | null;
  readonly pairs: number;
}

/** @param ours, theirs by trial, null where it failed   @returns null when no trial has both */
export function pairedDifference(
  ours: readonly (Metrics | null)[],
  theirs: readonly (Metrics | null)[],
  name: MetricName,
): Difference | null {
  const differences = ours.flatMap((our, i) => {
    const their = theirs[i];
    return our && their ? [our[name] - their[name]] : [];
  });
  if (differences.length === 0) return null;
  const { mean, sd } = spreadOf(differences);
  const pairs = differences.length;
  return { mean, standardError: pairs > 1 ? sd / Math.sqrt(pairs) : null, pairs };
}

/** Two significant digits, and never fewer than whole seconds. */
export function secondsWords({ mean }: Spread): string {
  return mean >= 10 ? String(Math.round(mean)) : String(Number(mean.toPrecision(2)));
}
