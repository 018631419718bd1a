/** How well energies part anomalies from normals. Rows of equal energy count by what a random order would give. */
import { ModelError } from '../contracts.js';

export interface Metrics {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Area under the ROC curve: the chance that an anomaly has the higher energy, ties half. */
  readonly auc: number;
  /** Average precision: Σ (R_i − R_{i−1}) P_i over the different energies, descending. */
  readonly ap: number;
}

export const METRIC_NAMES = ['precision', 'recall', 'f1', 'auc', 'ap'] as const satisfies readonly (keyof Metrics)[];

/** Rows of one energy, and how many rows have it or a higher one. */
export interface Step {
  readonly energy: number;
  readonly normals: number;
  readonly anomalies: number;
  /** Of all rows at or above. */
  readonly normalsAbove: number;
  readonly anomaliesAbove: number;
}

/**
 * The different energies, the highest first.
 * @param energies (N), no NaN   @param anomalous (N) 1 = anomalous   @throws {ModelError} for NaN
 */
export function stepsOf(energies: Float64Array, anomalous: Uint8Array): Step[] {
  const nan = energies.findIndex(Number.isNaN);
  if (nan >= 0) throw new ModelError(`energies: expected numbers, found NaN for test row ${nan}`);
  const order = Uint32Array.from(energies, (_, i) => i).sort((a, b) => descending(energies[a], energies[b]));
  const steps: Step[] = [];
  let [normalsAbove, anomaliesAbove] = [0, 0];
  for (let at = 0; at < order.length; ) {
    const energy = energies[order[at] as number] as number;
    let [normals, anomalies] = [0, 0];
    for (; at < order.length && energies[order[at] as number] === energy; at++) {
      if (anomalous[order[at] as number] === 1) anomalies++;
      else normals++;
    }
    normalsAbove += normals;
    anomaliesAbove += anomalies;
    steps.push({ energy, normals, anomalies, normalsAbove, anomaliesAbove });
  }
  return steps;
}

/** Also of infinities, whose difference is no number. */
function descending(a = 0, b = 0): number {
  return a === b ? 0 : a > b ? -1 : 1;
}

/** @param flagged how many rows of the highest energy are called anomalies, 1…N */
export function metricsOf(steps: readonly Step[], flagged: number): Metrics {
  const { anomaliesAbove: anomalies = 0, normalsAbove: normals = 0 } = steps.at(-1) ?? {};
  const hits = hitsAmong(steps, flagged);
  let [auc, ap] = [0, 0];
  for (const step of steps) {
    const above = step.anomaliesAbove - step.anomalies;
    auc += step.normals * (above + step.anomalies / 2);
    ap += (step.anomalies / anomalies) * (step.anomaliesAbove / (step.anomaliesAbove + step.normalsAbove));
  }
  return {
    precision: hits / flagged,
    recall: hits / anomalies,
    f1: (2 * hits) / (flagged + anomalies),
    auc: auc / (normals * anomalies),
    ap,
  };
}

/** Anomalies among the flagged rows; of a tie that is flagged in part, the part expected. */
function hitsAmong(steps: readonly Step[], flagged: number): number {
  let [hits, left] = [0, flagged];
  for (const { normals, anomalies } of steps) {
    const size = normals + anomalies;
    if (left < size) return hits + (left * anomalies) / size;
    hits += anomalies;
    left -= size;
  }
  return hits;
}

/** Energy of the last row that is flagged. */
export function thresholdOf(steps: readonly Step[], flagged: number): number {
  const last = steps.find(({ normalsAbove, anomaliesAbove }) => normalsAbove + anomaliesAbove >= flagged);
  return last?.energy ?? Number.NEGATIVE_INFINITY;
}
