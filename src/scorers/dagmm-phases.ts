/** The phases that a DAGMM and its relatives are trained in: what each one learns, from which rows, at random how. */

import { latentFunction } from './dagmm-model.js';
import { latentSize, parameterCounts } from './network-shape.js';
import { initialAutoencoder, initialEstimator } from './networks.js';
import type { Phase } from './phases.js';
import { dataOf, type PreparedRows } from './prepared-rows.js';
import { openRandom } from './random.js';
import { mapRows } from './recorded.js';
import { rowsOf } from './row-matrix.js';
import { type PlanOptions, TrainingPlan } from './training-plan.js';
import { estimatorStep, type JointObjective, jointStep, pretrainStep } from './training-steps.js';

/** Random weights of the autoencoder, with which every training starts. */
export const randomAutoencoder = ({ shape }: PreparedRows, seed: number): Float32Array =>
  initialAutoencoder(shape, openRandom(seed, 'autoencoder'));

/** Reconstruction alone, end to end. No phase where `pretrainEpochs` is 0. */
export function reconstructionPhase(prepared: PreparedRows, seed: number): Phase[] {
  const { settings, shape, x } = prepared;
  if (settings.pretrainEpochs === 0) return [];
  const plan = planOf(prepared, { seed, phase: 'pretrain', epochs: settings.pretrainEpochs, mask: null });
  const begin: Phase['begin'] = (parameters) => ({ parameters, data: dataOf(x).slice(0, 1) });
  return [{ name: 'pretrain', shown: 'pretrain', plan, step: pretrainStep(shape, settings), begin }];
}

/** Both networks at once. Random weights of the estimator join those of the autoencoder. */
export function jointPhase(prepared: PreparedRows, seed: number, objective?: JointObjective): Phase {
  const { settings, shape, x } = prepared;
  const begin: Phase['begin'] = (parameters) => ({
    parameters: withEstimator(prepared, parameters, seed),
    data: dataOf(x),
  });
  const plan = planOf(prepared, { seed, phase: 'joint', epochs: settings.jointEpochs });
  return { name: 'joint', shown: 'joint', plan, step: jointStep(shape, settings, objective), begin };
}

/** The estimator alone, on the latents of an autoencoder that stays as it is. */
export function estimatorPhase(prepared: PreparedRows, seed: number, threads?: number): Phase {
  const { settings, shape, x } = prepared;
  const size = latentSize(shape);
  const plan = planOf(prepared, { seed, phase: 'joint', epochs: settings.jointEpochs, noise: null });
  const begin: Phase['begin'] = async (parameters) => {
    const autoencoder = parameters.slice(0, parameterCounts(shape).autoencoder);
    const z = await mapRows(dataOf(x), latentFunction({ settings, shape, autoencoder }), size, threads);
    const data = [{ data: z, shape: [rowsOf(x), size] }];
    return { parameters: withEstimator(prepared, parameters, seed), data };
  };
  return { name: 'joint', shown: 'joint', plan, step: estimatorStep(shape, settings), begin };
}

function withEstimator({ shape }: PreparedRows, parameters: Float32Array, seed: number): Float32Array {
  const autoencoder = parameters.subarray(0, parameterCounts(shape).autoencoder);
  return Float32Array.from([...autoencoder, ...initialEstimator(shape, openRandom(seed, 'estimator'))]);
}

/** Batches, dropout and noise as the recipe says, but for what `options` says. */
export function planOf(
  { settings, shape, x }: PreparedRows,
  options: Pick<PlanOptions, 'seed' | 'phase' | 'epochs'> & Partial<PlanOptions>,
): TrainingPlan {
  const { batchRows, inputNoise, dropout } = settings;
  return new TrainingPlan({
    rows: rowsOf(x),
    batchRows,
    mask: dropout > 0 ? { shape: [batchRows, shape.estimatorHidden], keep: 1 - dropout } : null,
    noise: inputNoise > 0 ? { shape: [batchRows, x.width], deviation: inputNoise } : null,
    ...options,
  });
}
