/** SKAB, the Skoltech Anomaly Benchmark: a water-pump rig at 1 Hz, judged as it would be live. */
import { AuscultError, ConfigError, InternalError } from '../contracts.js';
import { perMs } from '../monitoring/feed-settings.js';
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
const SKAB_TRAINING_ROWS = 400;
/** A feed's default comes first; the others show what the promise costs. */
const SKAB_BUDGETS = ['week', 'day', 'hour'] as const;

export interface SkabOptions {
  /** Folder with the runs as they are published. */
  readonly data: string;
  readonly methods: readonly MethodRun[];
  /** Trainings of each run, 1 or more; their seeds are seed, seed + 1, … */
  readonly seeds: number;
  readonly seed?: number;
  readonly trainingRows?: number;
  /** Columns to leave out beside the labels. */
  readonly exclude?: readonly string[];
  readonly signal: AbortSignal;
  /** @param done 0…1 */
  readonly onProgress?: (done: number, note: string) => void;
}

/** Mean and deviation over the seeds; all rows of all runs together. */
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

/** At most one false alarm in this time. */
export interface SkabBudgetResult {
  readonly falseAlarmsPer: (typeof SKAB_BUDGETS)[number];
  /** Rows from raised to cleared, as the engineer sees it: the prediction. */
  readonly alarm: SkabSpreads;
  /** Rows whose statistic is above the threshold. */
  readonly above: SkabSpreads;
  /** Of the first seed, as are those that follow. `before`: an alarm was on when the fault began. */
  readonly faults: {
    readonly total: number;
    readonly raised: number;
    readonly before: number;
    readonly meanDelaySeconds: number | null;
  };
  /** Told: the alarm came on or went off within 60 s after it. */
  readonly changepoints: { readonly total: number; readonly told: number; readonly meanDelaySeconds: number | null };
  readonly runs: readonly SkabRunResult[];
  /** The run without a fault, after its first rows; null when it is not there. */
  readonly anomalyFree: { readonly rows: number; readonly falseAlarmRate: number; readonly events: number } | null;
}

export interface SkabMethodResult {
  readonly method: string;
  /** Mean over the runs. */
  readonly auc: Spread;
  readonly budgets: readonly SkabBudgetResult[];
  /** Runs that could not be judged, with the first reason: they are in no figure. */
  readonly failed: readonly { readonly name: string; readonly reason: string }[];
  readonly seconds: number;
}

export interface SkabResults {
  readonly dataset: 'skab';
  readonly protocol: string;
  readonly seeds: number;
  readonly runs: number;
  readonly results: readonly SkabMethodResult[];
  readonly published: readonly PublishedSkab[];
  readonly source: string;
}

/**
 * Every run commissioned on its first rows, the rest replayed through features, scorer and decision with the settings a
 * feed has by default. A run that cannot be judged is told in the method's result, and the others go on.
 * @throws {SourceError} when the data are not there, saying where they are published
 */
export async function evaluateSkab(options: SkabOptions): Promise<SkabResults> {
  const { data, methods, seeds, exclude = [], trainingRows = SKAB_TRAINING_ROWS } = options;
  const { runs, anomalyFree } = skabFiles(data);
  const results: SkabMethodResult[] = [];
  const total = methods.length * (seeds * runs.length + (anomalyFree ? 1 : 0));
  let done = 0;
  const tick = (note: string): void => options.onProgress?.(done++ / total, note);
  for (const method of methods) results.push(await evaluateMethod(method, runs, anomalyFree, options, tick));
  const without = exclude.length > 0 ? `; without ${exclude.join(', ')}` : '';
  const protocol = `the first ${trainingRows} rows of each run are normal; the rest is replayed as it would be live${without}`;
  return {
    ...{ dataset: 'skab', protocol, seeds, runs: runs.length, results },
    ...{ published: SKAB_PUBLISHED, source: SKAB_SOURCE },
  };
}

async function evaluateMethod(
  method: MethodRun,
  files: readonly SkabFile[],
  free: SkabFile | null,
  { seeds, seed = 0, trainingRows = SKAB_TRAINING_ROWS, exclude = [], signal }: SkabOptions,
  tick: (note: string) => void,
): Promise<SkabMethodResult> {
  const started = performance.now();
  const name = runName(method);
  const budgets = SKAB_BUDGETS.map((per) => ({ falseAlarms: 1, perMs: perMs[per] }));
  const failed = new Map<string, string>();
  /** None where the run cannot be judged. */
  const judged = async (file: SkabFile, of: number): Promise<SkabRun[]> => {
    tick(`${name}, ${file.name}`);
    try {
      return await skabRun({ file, method, trainingRows, exclude, seed: of, budgets, signal });
    } catch (error) {
      signal.throwIfAborted();
      const ours = !(error instanceof AuscultError) || error instanceof InternalError;
      if (ours || error instanceof ConfigError) throw error;
      if (!failed.has(file.name)) failed.set(file.name, error.message);
      return [];
    }
  };
  /** By seed, run and budget. */
  const trials: SkabRun[][][] = [];
  for (let i = 0; i < seeds; i++) {
    const runs: SkabRun[][] = [];
    for (const file of files) runs.push(await judged(file, seed + i));
    trials.push(runs);
  }
  const quiet = free ? await judged(free, seed) : [];
  const auc = spreadOf(
    trials.map((runs) => mean(runs.flatMap(([run]) => (run ? finite(aucOf(run)) : []))) ?? Number.NaN),
  );
  const of = (b: number) => trials.map((runs) => runs.flatMap((run) => run[b] ?? []));
  return {
    method: name,
    auc,
    budgets: SKAB_BUDGETS.map((per, b) => budgetResult(per, of(b), quiet[b] ?? null)),
    failed: [...failed].map(([run, reason]) => ({ name: run, reason })),
    seconds: (performance.now() - started) / 1000,
  };
}

function budgetResult(
  falseAlarmsPer: SkabBudgetResult['falseAlarmsPer'],
  trials: readonly (readonly SkabRun[])[],
  quiet: SkabRun | null,
): SkabBudgetResult {
  const first = trials[0] ?? [];
  return {
    falseAlarmsPer,
    alarm: spreads(trials, ({ alarm }) => alarm),
    above: spreads(trials, ({ above }) => above),
    faults: faultSummary(first),
    changepoints: changepointSummary(first),
    runs: first.map(runResult),
    anomalyFree: quiet && {
      rows: quiet.alarm.length,
      falseAlarmRate: figuresOf(confusion(quiet, quiet.alarm)).falseAlarmRate,
      events: anomalies(quiet).length,
    },
  };
}

const confusion = ({ rows }: SkabRun, flagged: Uint8Array): Confusion =>
  confusionOf({ anomalous: rows.anomalous, flagged });

function spreads(trials: readonly (readonly SkabRun[])[], flagged: (run: SkabRun) => Uint8Array): SkabSpreads {
  const figures = trials.map((runs) => figuresOf(pooled(runs.map((run) => confusion(run, flagged(run))))));
  return {
    f1: spreadOf(figures.map(({ f1 }) => f1)),
    falseAlarmRate: spreadOf(figures.map(({ falseAlarmRate }) => falseAlarmRate)),
    missingAlarmRate: spreadOf(figures.map(({ missingAlarmRate }) => missingAlarmRate)),
  };
}

function faultSummary(runs: readonly SkabRun[]): SkabBudgetResult['faults'] {
  const faults = runs.flatMap(({ rows, alarm }) => faultsSeen({ ...rows, flagged: alarm }));
  return {
    total: faults.length,
    raised: faults.filter(({ seen }) => seen === 'raised').length,
    before: faults.filter(({ seen }) => seen === 'before').length,
    meanDelaySeconds: mean(faults.flatMap(({ delaySeconds }) => delaySeconds ?? [])),
  };
}

function changepointSummary(runs: readonly SkabRun[]): SkabBudgetResult['changepoints'] {
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

const finite = (value: number): number[] => (Number.isFinite(value) ? [value] : []);
