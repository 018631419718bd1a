/** Trains a flat DAGMM: transform, pretraining, joint training, final mixture, one ONNX file. */

import { type DagmmModel, meanEnergyFunction, scoringFunction } from './dagmm-model.js';
import type { LatentMixture } from './latent-mixture.js';
import { type TrainedMembers, trainMembers } from './members.js';
import type { FitOptions } from './method.js';
import { type DagmmSettings, settingsFor } from './recipes.js';
import { recordScoring } from './recorded.js';
import { type RowMatrix, rowsOf } from './row-matrix.js';

export interface DagmmTrainingOptions extends Omit<FitOptions, 'settings'> {
  readonly recipe: string;
  /** Overrides of the recipe's values. */
  readonly settings?: Partial<DagmmSettings>;
}

/** `model` and `choice` are the first member's. */
export interface TrainedDagmm extends LatentMixture, TrainedMembers {
  /** Raw rows (N, width) → the first member's latent, mean energy, for any N. */
  readonly onnx: Uint8Array;
}

/**
 * @param rows raw feature rows in order of time, at least 8   @throws {ModelError} for too few rows, a value that is not
 * finite, or a training that diverged   @throws {DOMException} AbortError when cancelled
 */
export async function trainDagmm(rows: RowMatrix, options: DagmmTrainingOptions): Promise<TrainedDagmm> {
  const { rowKind, recipe } = options;
  const settings = { ...settingsFor(rowKind, recipe, rowsOf(rows), rows.width), ...options.settings };
  const trained = await trainMembers(rows, settings, options);
  return { ...trained, ...trained.members[0], onnx: recordMembers(trained) };
}

/** Records the model's scoring as ONNX for any batch size. */
export const recordModel = (model: DagmmModel, scorer = 'dagmm'): Uint8Array =>
  recordScoring(scorer, model.transform.width, scoringFunction(model));

export function recordMembers({ members }: TrainedMembers, scorer = 'dagmm'): Uint8Array {
  const models = members.map(({ model }) => model);
  return recordScoring(scorer, members[0].model.transform.width, meanEnergyFunction(models));
}
