/** The one object that `auscult evaluate --json` prints. */
import type { MethodOutcome } from './evaluate.js';
import { type PublishedFigure, publishedFor } from './published.js';
import type { Protocol } from './split.js';
import {
  type Difference,
  type MetricSpreads,
  metricSpreads,
  pairedDifference,
  type Spread,
  spreadOf,
} from './summary.js';

export interface ResultRow extends Partial<MetricSpreads> {
  readonly method: string;
  readonly preset: string;
  /** Trials behind the figures; those that failed are left out. */
  readonly trials: number;
  /** Why trials failed; absent when none did. */
  readonly error?: string;
  readonly fitSeconds?: Spread;
  readonly scoreSeconds?: Spread;
  /** This row less the first one, over the trials of both. Absent for the first. */
  readonly difference?: { readonly from: string; readonly f1: Difference | null; readonly auc: Difference | null };
  readonly published?: readonly PublishedFigure[];
  readonly settings: MethodOutcome['settings'];
}

export interface ResultObject {
  readonly dataset: string;
  readonly protocol: Protocol;
  readonly seeds: number;
  readonly firstSeed: number;
  /** Seed of the one split that all trials share; null: each trial has its own. */
  readonly splitSeed: number | null;
  readonly results: readonly ResultRow[];
  /** Every published figure of the data set, also of methods that were not run. */
  readonly published?: readonly PublishedFigure[];
}

export interface ResultFacts {
  readonly dataset: string;
  readonly protocol: Protocol;
  readonly seeds: number;
  readonly firstSeed: number;
  readonly splitSeed: number | null;
}

export function resultObject(facts: ResultFacts, outcomes: readonly MethodOutcome[]): ResultObject {
  const published = publishedFor(facts.dataset, facts.protocol);
  return {
    ...facts,
    results: outcomes.map((outcome) => rowOf(outcome, outcomes[0] as MethodOutcome, published)),
    ...(published.length > 0 ? { published } : {}),
  };
}

function rowOf(outcome: MethodOutcome, first: MethodOutcome, published: readonly PublishedFigure[]): ResultRow {
  const { method, recipe, trials, error, settings } = outcome;
  const done = trials.filter((trial) => trial !== null);
  const metrics = (of: MethodOutcome) => of.trials.map((trial) => trial?.metrics ?? null);
  const theirs = published.filter((figure) => figure.method === method);
  return {
    method,
    preset: recipe,
    ...(done.length > 0 ? metricSpreads(done.map((trial) => trial.metrics)) : {}),
    trials: done.length,
    ...(error === null ? {} : { error }),
    ...(done.length > 0
      ? {
          fitSeconds: spreadOf(done.map(({ fitSeconds }) => fitSeconds)),
          scoreSeconds: spreadOf(done.map(({ scoreSeconds }) => scoreSeconds)),
        }
      : {}),
    ...(outcome === first
      ? {}
      : {
          difference: {
            from: first.name,
            f1: pairedDifference(metrics(outcome), metrics(first), 'f1'),
            auc: pairedDifference(metrics(outcome), metrics(first), 'auc'),
          },
        }),
    ...(theirs.length > 0 ? { published: theirs } : {}),
    settings,
  };
}
