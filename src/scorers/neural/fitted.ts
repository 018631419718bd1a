import type { LatentMixture } from '../latent-mixture.js';
import type { FitOptions, FittedModel, Hyperparameters } from '../method.js';
import { mixtureFacts, mixtureParameters } from '../mixture-facts.js';
import type { TrainedPhases } from '../phases.js';
import type { PreparedRows } from '../prepared-rows.js';
import { recordModel } from '../train-dagmm.js';

type Training = Pick<TrainedPhases, 'epochs' | 'skippedSteps' | 'finalLoss'>;

/** What every baseline hands back, whatever its graph is. */
export function fittedModel(
  { meanRow, settings }: PreparedRows,
  { epochs, skippedSteps, finalLoss }: Training,
  onnx: Uint8Array,
  facts: Hyperparameters = {},
): FittedModel {
  return {
    onnx,
    meanRow,
    scoringRows: settings.scoringRows,
    hyperparameters: { ...settings, ...facts },
    epochs,
    skippedSteps,
    singularRetries: 0,
    finalLoss: Number.isFinite(finalLoss) ? finalLoss : null,
  };
}

/** The same for those whose energy is a mixture's, as a DAGMM's is. */
export function fittedMixture(
  scorer: string,
  prepared: PreparedRows,
  trained: Training,
  mixture: LatentMixture,
  facts: Hyperparameters = {},
): FittedModel {
  const onnx = recordModel(mixture.model, scorer);
  const { singularRetries } = mixture.model.mixture;
  const fitted = fittedModel(prepared, trained, onnx, { ...mixtureFacts(mixture), ...facts });
  return { ...fitted, singularRetries, mixture: mixtureParameters(mixture) };
}

/** Says that the final fit has begun. */
export const reportMixture = ({ onProgress }: FitOptions, { finalLoss }: Training): void =>
  onProgress?.({ phase: 'mixture', step: 0, steps: 0, loss: finalLoss });
