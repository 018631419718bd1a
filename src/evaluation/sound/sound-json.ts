/** An evaluation of sound as the object that `--json` prints. */
import { type Spread, spreadOf } from '../summary.js';
import type { SoundEvaluation, SoundOutcome } from './evaluate-sound.js';
import { type DomainMetrics, type JudgedTrial, SOUND_METRICS, type SoundMetrics } from './judge.js';
import { officialScore } from './official-score.js';

/** Figures of which each is null where no trial finished. */
export type SoundFigures = { readonly [Name in keyof SoundMetrics]: number | null };

export interface SoundResult extends SoundFigures {
  readonly machine: string;
  readonly type: string;
  readonly section: string;
  readonly snrDb: number | null;
  readonly method: string;
  readonly levelMatched: boolean;
  /** Test clips. */
  readonly normals: number;
  readonly anomalies: number;
  readonly trainClips: number;
  /** Trials that finished; the figures are their means. */
  readonly trials: number;
  /** Sample standard deviations over the trials; null for fewer than two. */
  readonly deviations: SoundMetrics | null;
  /** Of the first trial, set on so many clips. */
  readonly threshold: number | null;
  readonly thresholdFrom: 'held-out' | 'training' | null;
  readonly thresholdClips: number;
  readonly domains: readonly DomainMetrics[];
  readonly fitSeconds: number | null;
  readonly scoreSeconds: number | null;
  readonly rows: number;
  /** Rows that there were; more than `rows` where they were thinned. */
  readonly rowsFound: number;
  readonly error: string | null;
}

/** Means over the machines that have a figure. */
export interface SoundMean {
  readonly method: string;
  readonly levelMatched: boolean;
  /** null: all types. */
  readonly type: string | null;
  readonly machines: number;
  readonly arithmetic: SoundFigures;
  /** 0 where one of them is 0. AUC is that of both domains together: DCASE's own mean is `official`. */
  readonly harmonic: SoundFigures;
  /** By which DCASE ranks since 2021; null for other data sets, and where a section has no figure. */
  readonly official: number | null;
}

export interface SoundResultObject {
  readonly dataset: string;
  readonly seeds: number;
  readonly firstSeed: number;
  readonly results: readonly SoundResult[];
  readonly mean: readonly SoundMean[];
  readonly notes: readonly string[];
  readonly skipped: SoundEvaluation['skipped'];
  readonly leaks: SoundEvaluation['leaks'];
  /** Distinct clips. */
  readonly clips: number;
  readonly readSeconds: number;
}

export function soundObject(
  evaluation: SoundEvaluation,
  { seeds, firstSeed, notes }: { seeds: number; firstSeed: number; notes: readonly string[] },
): SoundResultObject {
  const results = evaluation.outcomes.map(resultOf);
  const { dataset, skipped, leaks, clips, readSeconds } = evaluation;
  const about = { notes, skipped, leaks, clips, readSeconds };
  return { dataset: dataset.name, seeds, firstSeed, results, mean: meansOf(results, dataset.name), ...about };
}

function resultOf({ machine, method, levelMatched, trials, error }: SoundOutcome): SoundResult {
  const done = trials.filter((trial) => trial !== null);
  const [first] = done;
  const anomalies = machine.test.filter(({ anomalous }) => anomalous).length;
  return {
    ...{ machine: machine.name, type: machine.type, section: machine.section, snrDb: machine.snrDb },
    ...{ method: method.name, levelMatched, normals: machine.test.length - anomalies, anomalies },
    trainClips: machine.train.length,
    ...figures((name) => spreadOfTrials(done, name)?.mean ?? null),
    trials: done.length,
    deviations: done.length < 2 ? null : (figures((name) => spreadOfTrials(done, name)?.sd ?? 0) as SoundMetrics),
    threshold: first?.threshold ?? null,
    thresholdFrom: first?.thresholdFrom ?? null,
    thresholdClips: first?.thresholdClips ?? 0,
    domains: first ? meanDomains(done) : [],
    fitSeconds: first ? spreadOf(done.map(({ result }) => result.fitSeconds)).mean : null,
    scoreSeconds: first ? spreadOf(done.map(({ result }) => result.scoreSeconds)).mean : null,
    rows: first?.result.rows ?? 0,
    rowsFound: first?.result.rowsFound ?? 0,
    error,
  };
}

function figures(of: (name: keyof SoundMetrics) => number | null): SoundFigures {
  return Object.fromEntries(SOUND_METRICS.map((name) => [name, of(name)])) as SoundFigures;
}

function spreadOfTrials(trials: readonly JudgedTrial[], name: keyof SoundMetrics): Spread | null {
  return trials.length === 0 ? null : spreadOf(trials.map(({ metrics }) => metrics[name]));
}

function meanDomains(trials: readonly JudgedTrial[]): DomainMetrics[] {
  const [first] = trials;
  return (first?.domains ?? []).map((domain, i) => {
    const mean = (name: 'auc' | 'pauc') => spreadOf(trials.map(({ domains }) => domains[i]?.[name] ?? 0)).mean;
    return { ...domain, auc: mean('auc'), pauc: mean('pauc') };
  });
}

/** Over all machines, and over those of each type where there is more than one type. */
function meansOf(results: readonly SoundResult[], dataset: string): SoundMean[] {
  const types = [...new Set(results.map(({ type }) => type))];
  const groups = [null, ...(types.length > 1 ? types : [])];
  const runs = new Map(results.map((row) => [`${row.method} ${row.levelMatched}`, row]));
  return [...runs.values()].flatMap(({ method, levelMatched }) =>
    groups.map((type): SoundMean => {
      const all = results.filter(
        (row) => row.method === method && row.levelMatched === levelMatched && (type === null || row.type === type),
      );
      const rows = all.filter(({ auc }) => auc !== null);
      const values = (name: keyof SoundMetrics) => rows.map((row) => row[name] ?? 0);
      const mean = (of: (values: readonly number[]) => number) =>
        figures((name) => (rows.length === 0 ? null : of(values(name))));
      return {
        ...{ method, levelMatched, type, machines: rows.length },
        arithmetic: mean((each) => spreadOf(each).mean),
        harmonic: mean(harmonicMean),
        official: officialScore(dataset, all),
      };
    }),
  );
}

function harmonicMean(values: readonly number[]): number {
  return values.some((value) => value <= 0) ? 0 : values.length / values.reduce((sum, value) => sum + 1 / value, 0);
}
