/** Trains a flat DAGMM: transform, pretraining, joint training, final mixture, one ONNX file. */

import { type DagmmModel, meanEnergyFunction, scoringFunction } from './dagmm-model.js';
import type { LatentMixture } from './latent-mixture.js';
import { type TrainedMembers, trainMembers } from './members.js';
import type { FitOptions } from './method.js';
import { type DagmmSettings, settingsFor } from './recipes.js';
import { recordScoring } from './recorded.js';
import { type RowMatrix, rowsOf } from './row-matrix.js';
import { fitRowViews, type RowViewOptions, type RowViews, viewedEnergy } from './row-views/row-views.js';

export interface DagmmTrainingOptions extends Omit<FitOptions, 'settings'> {
  readonly recipe: string;
  /** Overrides of the recipe's values. */
  readonly settings?: Partial<DagmmSettings>;
}

/** `model` and `choice` are the first member's. */
export interface TrainedDagmm extends LatentMixture, TrainedMembers {
  /** What judges beside the mixtures of the latents, if anything does. */
  readonly views: RowViews | null;
  /** Raw rows (N, width) → the first member's latent, energy, for any N. */
  readonly onnx: Uint8Array;
}

/**
 * @param rows raw feature rows in order of time, at least 8   @throws {ModelError} for too few rows, a value that is not
 * finite, or a training that diverged   @throws {DOMException} AbortError when cancelled
 */
export async function trainDagmm(rows: RowMatrix, options: DagmmTrainingOptions): Promise<TrainedDagmm> {
  const { rowKind, recipe } = options;
  const settings = { ...settingsFor(rowKind, recipe, rowsOf(rows), rows.width), ...options.settings };
  return judgedMembers(await trainMembers(rows, settings, options), rows, options);
}

/** Trained members, what else judges their rows, and all of it as a graph. @param rows those that the members have learnt */
export async function judgedMembers(
  trained: TrainedMembers,
  rows: RowMatrix,
  options: RowViewOptions,
  scorer = 'dagmm',
): Promise<TrainedDagmm> {
  const { members } = trained;
  const views = await fitRowViews(rows, members, options);
  const energy = views ? viewedEnergy(members, views) : meanEnergyFunction(members.map(({ model }) => model));
  const onnx = recordScoring(scorer, rows.width, energy);
  return { ...trained, ...members[0], views, onnx };
}

/** Records the model's scoring as ONNX for any batch size. */
export const recordModel = (model: DagmmModel, scorer = 'dagmm'): Uint8Array =>
  recordScoring(scorer, model.transform.width, scoringFunction(model));
