/** An evaluation of pictures as the object that `--json` prints. */
import { SOUND_METRICS, type SoundMetrics } from '../sound/judge.js';
import { spreadOf } from '../summary.js';
import { type PictureOutcome, pictureMetrics } from './evaluate-pictures.js';
import type { PictureSet } from './picture-folder.js';

export interface PictureResult {
  /** The folder. */
  readonly machine: string;
  readonly method: string;
  readonly levelMatched: false;
  /** Test pictures. */
  readonly normals: number;
  readonly anomalies: number;
  readonly trainPictures: number;
  readonly auc: number | null;
  readonly pauc: number | null;
  readonly precision: number | null;
  readonly recall: number | null;
  readonly f1: number | null;
  /** Trials that finished; the figures are their means. */
  readonly trials: number;
  /** Sample standard deviations over the trials; null for fewer than two. */
  readonly deviations: SoundMetrics | null;
  /** Of the first trial. */
  readonly threshold: number | null;
  readonly fitSeconds: number | null;
  readonly notes: readonly string[];
  readonly error: string | null;
}

export interface PictureResultObject {
  readonly dataset: 'image-folder';
  readonly seeds: number;
  readonly firstSeed: number;
  readonly results: readonly PictureResult[];
  readonly notes: readonly string[];
  readonly skipped: readonly string[];
  readonly leaks: readonly string[];
}

export function pictureObject(
  set: PictureSet,
  outcomes: readonly PictureOutcome[],
  { seeds, firstSeed }: { seeds: number; firstSeed: number },
): PictureResultObject {
  const [first] = outcomes;
  return {
    ...{ dataset: 'image-folder', seeds, firstSeed, results: outcomes.map((outcome) => resultOf(set.name, outcome)) },
    ...{ notes: set.notes, skipped: first?.pictures.skipped ?? [], leaks: first?.pictures.leaks ?? [] },
  };
}

function resultOf(machine: string, { method, trials, error, pictures }: PictureOutcome): PictureResult {
  const done = trials.filter((trial) => trial !== null);
  const judged = done.map(pictureMetrics);
  const spread = (name: keyof SoundMetrics) => spreadOf(judged.map((metrics) => metrics[name]));
  const means = SOUND_METRICS.map((name) => [name, judged.length === 0 ? null : spread(name).mean] as const);
  const deviations = SOUND_METRICS.map((name) => [name, spread(name).sd] as const);
  return {
    ...{ machine, method: method.name, levelMatched: false },
    ...{ normals: pictures.normals.rows, anomalies: pictures.anomalies.rows, trainPictures: pictures.train.rows },
    ...(Object.fromEntries(means) as Record<keyof SoundMetrics, number | null>),
    trials: done.length,
    deviations: done.length < 2 ? null : (Object.fromEntries(deviations) as unknown as SoundMetrics),
    threshold: judged[0]?.threshold ?? null,
    fitSeconds: done.length === 0 ? null : spreadOf(done.map((trial) => trial.fitSeconds)).mean,
    notes: [...new Set(done.flatMap(({ notes }) => notes))],
    error,
  };
}
