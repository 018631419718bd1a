import * as tf from '@tensorflow/tfjs-core';
import { planOf } from '../dagmm-phases.js';
import type { FitOptions, FittedModel } from '../method.js';
import type { AdamState } from '../optimiser.js';
import { type Phase, runPhases } from '../phases.js';
import { dataOf, prepareRows } from '../prepared-rows.js';
import { openRandom } from '../random.js';
import type { DagmmSettings } from '../recipes.js';
import { recordScoring } from '../recorded.js';
import type { RowMatrix } from '../row-matrix.js';
import { advance, type Step } from '../training-steps.js';
import { transformInGraph, vector } from '../transform-graph.js';
import {
  type EnergyNetwork,
  initialEnergyNetwork,
  reconstruct,
  structuredEnergy,
  unpackEnergyNetwork,
} from './dsebm-network.js';
import { fittedModel } from './fitted.js';
import type { NeuralFit } from './neural-fit.js';

/** By E(x). */
export const fitByEnergy: NeuralFit<DagmmSettings> = (rows, settings, options) =>
  learn('dsebm-e', structuredEnergy, rows, settings, options);

/** By ‖x − f(x)‖², which is ‖∂E/∂x‖². */
export const fitByReconstruction: NeuralFit<DagmmSettings> = (rows, settings, options) =>
  learn('dsebm-r', (x, network) => tf.sum(tf.square(tf.sub(x, reconstruct(x, network))), 1), rows, settings, options);

type Score = (x: tf.Tensor2D, network: EnergyNetwork) => tf.Tensor;

/** One training for both; the widths of the layers are the encoder's without its code. */
async function learn(
  scorer: string,
  score: Score,
  rows: RowMatrix,
  settings: DagmmSettings,
  options: FitOptions,
): Promise<FittedModel> {
  const prepared = prepareRows(rows, settings);
  const { x, transform } = prepared;
  const widths = [x.width, ...settings.hidden];
  const plan = planOf(prepared, { seed: options.seed, phase: 'joint', epochs: settings.jointEpochs, mask: null });
  const begin: Phase['begin'] = (parameters) => ({ parameters, data: dataOf(x).slice(0, 1) });
  const phase: Phase = { name: 'joint', shown: 'joint', plan, step: dsebmStep(widths, settings), begin };
  const initial = initialEnergyNetwork(widths, openRandom(options.seed, 'energy'));
  const trained = await runPhases([phase], initial, options);
  const network = (): EnergyNetwork => unpackEnergyNetwork(vector(trained.parameters), widths);
  const energy = ([raw]: tf.Tensor[]): tf.Tensor[] => {
    const [seen] = transformInGraph(raw as tf.Tensor2D, transform);
    return [score(seen as tf.Tensor2D, network())];
  };
  return fittedModel(prepared, trained, recordScoring(scorer, transform.width, energy, ['energy']));
}

/** Denoising score matching: (1/N) Σ‖x − f(x + noise)‖². perStep: [noise (N, W)] where the recipe has it. */
export function dsebmStep(widths: readonly number[], settings: DagmmSettings): Step {
  return (state, [x], [noise]) => {
    const rows = x as tf.Tensor2D;
    const noisy = (noise ? tf.add(rows, noise) : rows) as tf.Tensor2D;
    const { value, grads } = tf.valueAndGrads((parameters: tf.Tensor) => {
      const difference = tf.sub(rows, reconstruct(noisy, unpackEnergyNetwork(parameters, widths)));
      return tf.mean(tf.sum(tf.square(difference), 1)) as tf.Scalar;
    })([state[0] as tf.Tensor]);
    return advance(state as AdamState, grads, value as tf.Scalar, settings);
  };
}
