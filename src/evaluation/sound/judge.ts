/** Scores of clips → figures: AUC, partial AUC, and what a threshold set on normals catches. */
import { type Point, rocOf } from '../curves.js';
import { metricsOf, type Step, stepsOf } from '../metrics.js';
import { gammaPoint } from './gamma-threshold.js';
import type { KnownMachine } from './read-dataset.js';
import type { SoundTrialResult } from './sound-job.js';
import { ENOUGH_HELD_OUT } from './sound-trial.js';

export interface SoundMetrics {
  /** Chance that an anomaly has the higher score, ties half. */
  readonly auc: number;
  /** Up to a false-positive rate of .1, standardised: .5 is chance. */
  readonly pauc: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

export const SOUND_METRICS = [
  'auc',
  'pauc',
  'precision',
  'recall',
  'f1',
] as const satisfies readonly (keyof SoundMetrics)[];

export interface DomainMetrics {
  readonly domain: 'source' | 'target';
  readonly normals: number;
  readonly anomalies: number;
  readonly auc: number;
  readonly pauc: number;
}

/** A trial with its figures. */
export interface JudgedTrial {
  readonly result: SoundTrialResult;
  readonly metrics: SoundMetrics;
  readonly threshold: number;
  /** Whose scores the threshold was set on, and how many clips. */
  readonly thresholdFrom: 'held-out' | 'training';
  readonly thresholdClips: number;
  readonly domains: readonly DomainMetrics[];
  readonly roc: readonly Point[];
}

/** The share of normals that the threshold is set to let pass. */
export const NORMAL_SHARE = 0.9;
const MOST_FALSE = 0.1;

/**
 * @param ownAnomalies DCASE 2021 judges a domain by its own anomalies; from 2022 on by those of both
 * @throws {ModelError} for a score that is no number
 */
export function judge(machine: KnownMachine, result: SoundTrialResult, ownAnomalies: boolean): JudgedTrial {
  const scores = Float64Array.from(result.testScores);
  const anomalous = Uint8Array.from(machine.test, (clip) => Number(clip.anomalous));
  const steps = stepsOf(scores, anomalous);
  const { threshold, thresholdFrom, thresholdClips } = thresholdOf(result);
  return {
    result,
    metrics: metricsAt(threshold, steps),
    ...{ threshold, thresholdFrom, thresholdClips },
    domains: domainsOf(machine, scores, anomalous, ownAnomalies),
    roc: rocOf(steps),
  };
}

/** Precision, recall and F1 of calling anomalous what lies above the threshold; the areas need none. */
export function metricsAt(threshold: number, steps: readonly Step[]): SoundMetrics {
  const { anomaliesAbove: anomalies = 0 } = steps.at(-1) ?? {};
  const { anomaliesAbove: hits = 0, normalsAbove = 0 } = steps.findLast(({ energy }) => energy > threshold) ?? {};
  const flagged = hits + normalsAbove;
  return {
    auc: metricsOf(steps, 1).auc,
    pauc: partialAuc(steps, MOST_FALSE),
    precision: flagged === 0 ? 0 : hits / flagged,
    recall: hits / anomalies,
    f1: (2 * hits) / (flagged + anomalies),
  };
}

/** The 90 % point of normals that were not learnt; of all training clips where those are too few. */
export function thresholdOf({ trainScores, heldOut }: SoundTrialResult) {
  const enough = heldOut.length >= ENOUGH_HELD_OUT;
  const from = (enough ? heldOut.map((i) => trainScores[i] ?? null) : trainScores).filter((score) => score !== null);
  return {
    threshold: gammaPoint(from, NORMAL_SHARE),
    thresholdFrom: enough ? ('held-out' as const) : ('training' as const),
    thresholdClips: from.length,
  };
}

/**
 * Area under the ROC curve up to a false-positive rate, standardised to .5 for chance and 1 for perfect (McClish 1989):
 * ½ (1 + (A − A_min) / (A_max − A_min)), A_min = max²/2, A_max = max; the curve is cut by linear interpolation, as
 * scikit-learn's `roc_auc_score(max_fpr)` does.
 */
export function partialAuc(steps: readonly Step[], most: number): number {
  const { anomaliesAbove: anomalies = 1, normalsAbove: normals = 1 } = steps.at(-1) ?? {};
  let [area, x, y] = [0, 0, 0];
  for (const step of steps) {
    const [nextX, nextY] = [step.normalsAbove / normals, step.anomaliesAbove / anomalies];
    if (nextX > most) {
      const cutY = y + ((nextY - y) * (most - x)) / (nextX - x);
      area += ((most - x) * (y + cutY)) / 2;
      break;
    }
    area += ((nextX - x) * (y + nextY)) / 2;
    [x, y] = [nextX, nextY];
  }
  const least = most ** 2 / 2;
  return (1 + (area - least) / (most - least)) / 2;
}

function domainsOf(
  { test }: KnownMachine,
  scores: Float64Array,
  anomalous: Uint8Array,
  ownAnomalies: boolean,
): DomainMetrics[] {
  return (['source', 'target'] as const).flatMap((domain) => {
    const places = [...test.keys()].filter(
      (i) => test[i]?.domain === domain || (!ownAnomalies && test[i]?.domain !== undefined && anomalous[i] === 1),
    );
    const labels = Uint8Array.from(places, (i) => anomalous[i] ?? 0);
    const anomalies = labels.reduce((sum, label) => sum + label, 0);
    const normals = labels.length - anomalies;
    if (normals === 0 || anomalies === 0) return [];
    const steps = stepsOf(
      Float64Array.from(places, (i) => scores[i] ?? Number.NaN),
      labels,
    );
    return [{ domain, normals, anomalies, auc: metricsOf(steps, 1).auc, pauc: partialAuc(steps, MOST_FALSE) }];
  });
}
