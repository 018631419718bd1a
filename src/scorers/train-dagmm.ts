/** Trains a flat DAGMM: transform, pretraining, joint training, final mixture, one ONNX file. */

import { type DagmmModel, scoringFunction } from './dagmm-model.js';
import { jointPhase, randomAutoencoder, reconstructionPhase } from './dagmm-phases.js';
import type { RowMatrix } from './input-transform.js';
import { rowsOf } from './input-transform.js';
import { fitLatentMixture, type LatentMixture } from './latent-mixture.js';
import type { FitOptions } from './method.js';
import { runPhases, type TrainedPhases } from './phases.js';
import { prepareRows } from './prepared-rows.js';
import { type DagmmSettings, settingsFor } from './recipes.js';
import { recordScoring } from './recorded.js';

export interface DagmmTrainingOptions extends Omit<FitOptions, 'settings'> {
  readonly recipe: string;
  /** Overrides of the preset's and recipe's values. */
  readonly settings?: Partial<DagmmSettings>;
}

export interface TrainedDagmm extends LatentMixture, Pick<TrainedPhases, 'epochs' | 'skippedSteps' | 'finalLoss'> {
  /** Raw rows (N, width) → latent, energy, for any N. */
  readonly onnx: Uint8Array;
  /** (W) mean of the training rows, raw. */
  readonly meanRow: Float32Array;
}

/**
 * @param rows raw feature rows in order of time, at least 8   @throws {ModelError} for too few rows, a value that is not
 * finite, or a training that diverged   @throws {DOMException} AbortError when cancelled
 */
export async function trainDagmm(rows: RowMatrix, options: DagmmTrainingOptions): Promise<TrainedDagmm> {
  const { preset, recipe, seed } = options;
  const prepared = prepareRows(rows, { ...settingsFor(preset, recipe, rowsOf(rows), rows.width), ...options.settings });
  const phases = [...reconstructionPhase(prepared, seed), jointPhase(prepared, seed)];
  const { parameters, epochs, skippedSteps, finalLoss } = await runPhases(
    phases,
    randomAutoencoder(prepared, seed),
    options,
  );
  options.onProgress?.({ phase: 'mixture', step: 0, steps: 0, loss: finalLoss });
  const { model, choice } = await fitLatentMixture(prepared, parameters, options);
  const { meanRow } = prepared;
  return { onnx: recordModel(model), model, choice, meanRow, epochs, skippedSteps, finalLoss };
}

/** Records the model's scoring as ONNX for any batch size. */
export const recordModel = (model: DagmmModel, scorer = 'dagmm'): Uint8Array =>
  recordScoring(scorer, model.transform.width, scoringFunction(model));
