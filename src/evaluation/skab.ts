/** SKAB, the Skoltech Anomaly Benchmark: a water-pump rig at 1 Hz, judged as it would be live. */
import type { Budget } from '../decision/threshold.js';
import { type MethodRun, runName } from './method-request.js';
import { metricsOf, stepsOf } from './metrics.js';
import { type SkabFile, skabFiles } from './skab-files.js';
import {
  type Confusion,
  changepointDelays,
  confusionOf,
  type FaultSeen,
  faultsSeen,
  figuresOf,
  pooled,
  type RowFigures,
} from './skab-metrics.js';
import { type PublishedSkab, SKAB_PUBLISHED, SKAB_SOURCE } from './skab-published.js';
import { type SkabRun, skabRun } from './skab-run.js';
import { type Spread, spreadOf } from './summary.js';

/** SKAB's protocol: each run is its own operating point, and its first 400 rows are normal. */
export const SKAB_TRAINING_ROWS = 400;
export const SKAB_BUDGET: Budget = { falseAlarms: 1, perMs: 604_800_000 };

export interface SkabOptions {
  /** Folder with the runs as they are published. */
  readonly data: string;
  readonly methods: readonly MethodRun[];
  /** Trainings of each run, 1 or more; their seeds are seed, seed + 1, … */
  readonly seeds: number;
  readonly seed?: number;
  readonly trainingRows?: number;
  /** At most one false alarm a week by default, as a feed has. */
  readonly budget?: Budget;
  readonly signal: AbortSignal;
  /** @param done 0…1 */
  readonly onProgress?: (done: number, note: string) => void;
}

/** A figure of SKAB: mean and deviation over the seeds, of all rows of all runs together. */
export type SkabSpreads = Readonly<Record<keyof RowFigures, Spread>>;

export interface SkabRunResult {
  readonly name: string;
  readonly rows: number;
  readonly alarm: RowFigures;
  /** Area under the ROC curve of the energies: what no threshold could better. NaN without a fault. */
  readonly auc: number;
  readonly fault: FaultSeen | null;
  readonly events: readonly { readonly at: string; readonly words: string }[];
  readonly notes: readonly string[];
}

export interface SkabMethodResult {
  readonly method: string;
  /** Rows from raised to cleared, as the engineer sees it; the prediction. */
  readonly alarm: SkabSpreads;
  /** Rows whose statistic is above the threshold. */
  readonly above: SkabSpreads;
  readonly auc: Spread;
  /** Of the first seed. */
  readonly faults: {
    readonly total: number;
    readonly raised: number;
    readonly before: number;
    readonly meanDelaySeconds: number | null;
  };
  readonly changepoints: { readonly total: number; readonly told: number; readonly meanDelaySeconds: number | null };
  /** Anomaly events on normal rows, a run, of the first seed. */
  readonly runs: readonly SkabRunResult[];
  /** The run without a fault: share of its rows that are false alarms, and events, of the first seed; null when it is not there. */
  readonly anomalyFree: { readonly rows: number; readonly falseAlarmRate: number; readonly events: number } | null;
  readonly seconds: number;
}

export interface SkabResults {
  readonly dataset: 'skab';
  readonly protocol: string;
  readonly seeds: number;
  readonly results: readonly SkabMethodResult[];
  readonly published: readonly PublishedSkab[];
  readonly source: string;
}

/**
 * Every run commissioned on its first rows, the rest replayed through features, scorer and decision with the settings a
 * feed has by default.
 * @throws {SourceError} when the data are not there, saying where they are published
 */
export async function evaluateSkab(options: SkabOptions): Promise<SkabResults> {
  const { data, methods, seeds, trainingRows = SKAB_TRAINING_ROWS } = options;
  const { runs, anomalyFree } = skabFiles(data);
  const results: SkabMethodResult[] = [];
  const total = methods.length * (seeds * runs.length + (anomalyFree ? 1 : 0));
  let done = 0;
  const tick = (note: string): void => options.onProgress?.(done++ / total, note);
  for (const method of methods) results.push(await evaluateMethod(method, runs, anomalyFree, options, tick));
  const protocol = `first ${trainingRows} rows of each of ${runs.length} runs normal, the rest replayed as live`;
  return { dataset: 'skab', protocol, seeds, results, published: SKAB_PUBLISHED, source: SKAB_SOURCE };
}

async function evaluateMethod(
  method: MethodRun,
  files: readonly SkabFile[],
  free: SkabFile | null,
  { seeds, seed = 0, trainingRows = SKAB_TRAINING_ROWS, budget = SKAB_BUDGET, signal }: SkabOptions,
  tick: (note: string) => void,
): Promise<SkabMethodResult> {
  const started = performance.now();
  const name = runName(method);
  const one = (file: SkabFile, of: number): Promise<SkabRun> => {
    tick(`${name}, ${file.name}`);
    return skabRun({ file, method, trainingRows, seed: of, budget, signal });
  };
  const trials: SkabRun[][] = [];
  for (let i = 0; i < seeds; i++) {
    const runs: SkabRun[] = [];
    for (const file of files) runs.push(await one(file, seed + i));
    trials.push(runs);
  }
  const quiet = free && (await one(free, seed));
  const first = trials[0] ?? [];
  return {
    method: name,
    alarm: spreads(trials, ({ alarm }) => alarm),
    above: spreads(trials, ({ above }) => above),
    auc: spreadOf(trials.map((runs) => mean(runs.map(aucOf).filter(Number.isFinite)) ?? Number.NaN)),
    faults: faultSummary(first),
    changepoints: changepointSummary(first),
    runs: first.map(runResult),
    anomalyFree: quiet && {
      rows: quiet.alarm.length,
      falseAlarmRate: figuresOf(confusion(quiet, quiet.alarm)).falseAlarmRate,
      events: anomalies(quiet).length,
    },
    seconds: (performance.now() - started) / 1000,
  };
}

const confusion = ({ rows }: SkabRun, flagged: Uint8Array): Confusion =>
  confusionOf({ anomalous: rows.anomalous, flagged });

function spreads(trials: readonly SkabRun[][], flagged: (run: SkabRun) => Uint8Array): SkabSpreads {
  const figures = trials.map((runs) => figuresOf(pooled(runs.map((run) => confusion(run, flagged(run))))));
  return {
    f1: spreadOf(figures.map(({ f1 }) => f1)),
    falseAlarmRate: spreadOf(figures.map(({ falseAlarmRate }) => falseAlarmRate)),
    missingAlarmRate: spreadOf(figures.map(({ missingAlarmRate }) => missingAlarmRate)),
  };
}

function faultSummary(runs: readonly SkabRun[]): SkabMethodResult['faults'] {
  const faults = runs.flatMap(({ rows, alarm }) => faultsSeen({ ...rows, flagged: alarm }));
  return {
    total: faults.length,
    raised: faults.filter(({ seen }) => seen === 'raised').length,
    before: faults.filter(({ seen }) => seen === 'before').length,
    meanDelaySeconds: mean(faults.flatMap(({ delaySeconds }) => delaySeconds ?? [])),
  };
}

function changepointSummary(runs: readonly SkabRun[]): SkabMethodResult['changepoints'] {
  const delays = runs.flatMap(({ rows, alarm }) => changepointDelays({ ...rows, flagged: alarm }));
  const told = delays.filter((delay) => delay !== null);
  return { total: delays.length, told: told.length, meanDelaySeconds: mean(told) };
}

function runResult(run: SkabRun): SkabRunResult {
  const { name, rows, alarm, notes } = run;
  return {
    name,
    rows: alarm.length,
    alarm: figuresOf(confusion(run, alarm)),
    auc: aucOf(run),
    fault: faultsSeen({ ...rows, flagged: alarm })[0] ?? null,
    events: anomalies(run).map(({ raisedMs, words }) => ({ at: new Date(raisedMs).toISOString(), words })),
    notes,
  };
}

const anomalies = ({ events }: SkabRun) => events.filter(({ kind }) => kind === 'anomaly');

const aucOf = ({ energies, rows }: SkabRun): number => metricsOf(stepsOf(energies, rows.anomalous), 1).auc;

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
