import { type Calibration, type HorizonCalibration, ModelError, type Smoothing, type TailFit } from '../contracts.js';
import { fitPareto } from './pareto.js';
import { clusterPeaks, FEWEST_PEAKS, quantile, TAIL_FROM } from './peaks.js';
import { defaultSmoothing, independentHops, longSmoothing, smoothedWindows, smoothRun } from './smoothing.js';
import { thresholdFor } from './threshold.js';

/** Quantiles kept for p-values. */
const MOST_QUANTILES = 2048;
/** Peaks kept for the tail; with more, the tail begins higher. */
const MOST_PEAKS = 1000;
/** Fewer independent values than this: the horizon is calibrated on single windows (short) or left out (long). */
const FEWEST_INDEPENDENT = 10;
const CLEAR_AT = 0.9;
/** In the long mean a window weighs at most the short threshold of one false alarm a week, whatever the budget is. */
const CAP_BUDGET = { falseAlarms: 1, perMs: 604_800_000, share: 1 / 2 };
/** Quieter than this is a dead microphone, not a level that the machine had. */
const DEAD_DB = -100;

/** Window scores of held-out normals. */
export interface CalibrationInput {
  /** Runs of contiguous window scores, in order; a new run after every gap (each clip is one). */
  readonly segments: readonly Float64Array[];
  /** Length of a window and distance of two; the row interval, both, for tables. */
  readonly windowMs: number;
  readonly hopMs: number;
  /** Short horizon; `defaultSmoothing` when absent. */
  readonly smoothing?: Smoothing;
  /** Level of every window of every segment, one after the other, dBFS. */
  readonly levelsDb?: readonly number[];
  readonly descriptors?: Readonly<Record<string, number>> | null;
  /** Of all that was recorded, 0…1. */
  readonly repeatedShare?: number;
}

/**
 * What normal looks like on the statistic that the alarm will see. Scores that are not finite are left out and split
 * their run.
 * @throws {ModelError} when no score is finite, or the levels are not one a window
 */
export function calibrate(input: CalibrationInput): Calibration {
  const { windowMs, hopMs, levelsDb } = input;
  const windows = input.segments.reduce((sum, run) => sum + run.length, 0);
  if (levelsDb && levelsDb.length !== windows) {
    throw new ModelError(`calibration: expected ${windows} levels, one a window, found ${levelsDb.length}`);
  }
  const runs = finiteRuns(input.segments);
  if (runs.length === 0) {
    throw new ModelError(`calibration: expected at least 1 finite held-out score, found 0 of ${windows}`);
  }
  const time = { windowMs, hopMs, observedMs: runs.reduce((sum, run) => sum + (run.length - 1) * hopMs + windowMs, 0) };
  const short = shortHorizon(runs, input.smoothing ?? defaultSmoothing(windowMs, hopMs), windowMs, hopMs);
  return {
    ...time,
    short,
    long: longHorizon(runs, thresholdFor(short, { ...time, ...CAP_BUDGET }).threshold, windowMs, hopMs),
    level: levelsDb ? level(input.segments, levelsDb, windowMs, hopMs) : null,
    descriptors: input.descriptors ?? null,
    ...(input.repeatedShare === undefined ? {} : { repeatedShare: Math.round(1000 * input.repeatedShare) / 1000 }),
  };
}

function finiteRuns(segments: readonly Float64Array[]): Float64Array[] {
  const runs: Float64Array[] = [];
  for (const segment of segments) {
    let start = 0;
    for (let i = 0; i <= segment.length; i++) {
      if (i < segment.length && Number.isFinite(segment[i])) continue;
      if (i > start) runs.push(segment.subarray(start, i));
      start = i + 1;
    }
  }
  return runs;
}

/**
 * With too few independent values of the statistic, single windows stand in for it: no value of either smoothing is
 * above the largest window it looks at, so their maximum errs on the quiet side.
 */
function shortHorizon(runs: readonly Float64Array[], smoothing: Smoothing, windowMs: number, hopMs: number) {
  const full = fullHorizon(runs, smoothing, windowMs, hopMs);
  if (full) return full;
  const hops = Math.ceil(windowMs / hopMs - 1e-9);
  return horizon(runs, smoothing, countIndependent(runs, hops), hopMs);
}

/** Capped as the alarm will cap it: a bang must not raise by way of the mean what m-of-n has just refused. */
function longHorizon(runs: readonly Float64Array[], cap: number, windowMs: number, hopMs: number) {
  const capped = runs.map((run) => run.map((score) => Math.min(score, cap)));
  const full = fullHorizon(capped, longSmoothing(windowMs, hopMs), windowMs, hopMs);
  return full && { ...full, cap };
}

function fullHorizon(runs: readonly Float64Array[], smoothing: Smoothing, windowMs: number, hopMs: number) {
  const long = runs.filter((run) => run.length >= smoothedWindows(smoothing));
  const smoothed = long.map((run) => smoothRun(run, smoothing));
  const independent = countIndependent(smoothed, independentHops(smoothing, windowMs, hopMs));
  return independent < FEWEST_INDEPENDENT ? null : horizon(smoothed, smoothing, independent, hopMs);
}

function countIndependent(runs: readonly Float64Array[], hops: number): number {
  return runs.reduce((sum, run) => sum + Math.ceil(run.length / hops), 0);
}

function horizon(
  runs: readonly Float64Array[],
  smoothing: Smoothing,
  independent: number,
  hopMs: number,
): HorizonCalibration {
  const ascending = Float64Array.from(runs.flatMap((run) => [...run])).sort();
  const maximum = quantile(ascending, 1);
  const usual = quantile(ascending, CLEAR_AT);
  return {
    smoothing,
    sorted: thinned(ascending),
    independent,
    maximum,
    // The 90th percentile of a handful of values may lie under the next minute's median.
    clearBelow: independent < 10 * FEWEST_INDEPENDENT ? maximum : usual,
    tail: fitTail(runs, ascending, usual, hopMs),
  };
}

function thinned(ascending: Float64Array): number[] {
  if (ascending.length <= MOST_QUANTILES) return [...ascending];
  return Array.from({ length: MOST_QUANTILES }, (_, i) => quantile(ascending, i / (MOST_QUANTILES - 1)));
}

function fitTail(
  runs: readonly Float64Array[],
  ascending: Float64Array,
  closeBelow: number,
  hopMs: number,
): TailFit | null {
  let t = quantile(ascending, TAIL_FROM);
  let peaks = runs.flatMap((run) => clusterPeaks(run, t, closeBelow)).sort((a, b) => b - a);
  if (peaks.length > MOST_PEAKS) {
    t = peaks[MOST_PEAKS] ?? t;
    peaks = peaks.filter((peak) => peak > t);
  }
  if (peaks.length < FEWEST_PEAKS) return null;
  const excesses = peaks.map((peak) => peak - t);
  return { t, ...fitPareto(excesses), exceedances: peaks.length, excesses, exposureMs: ascending.length * hopMs };
}

/**
 * Mean and deviation of the level, and the distance from the mean as a statistic of its own: the dB that 8 of 10 windows
 * of the long horizon are away from it, at least.
 */
function level(segments: readonly Float64Array[], levelsDb: readonly number[], windowMs: number, hopMs: number) {
  const alive = levelsDb.filter((db) => db > DEAD_DB);
  if (alive.length === 0) return null;
  const meanDb = alive.reduce((sum, db) => sum + db, 0) / alive.length;
  const variance = alive.reduce((sum, db) => sum + (db - meanDb) ** 2, 0) / alive.length;
  let start = 0;
  const away = segments.map((run) => {
    const levels = levelsDb.slice(start, start + run.length);
    start += run.length;
    return Float64Array.from(levels, (db) => (db > DEAD_DB ? Math.abs(db - meanDb) : Number.NaN));
  });
  const n = smoothedWindows(longSmoothing(windowMs, hopMs));
  const smoothing: Smoothing = { kind: 'm-of-n', m: Math.round(0.8 * n), n };
  return {
    meanDb,
    deviationDb: Math.sqrt(variance),
    away: fullHorizon(finiteRuns(away), smoothing, windowMs, hopMs),
  };
}
