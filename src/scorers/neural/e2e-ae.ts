import { randomAutoencoder, reconstructionPhase } from '../dagmm-phases.js';
import { runPhases } from '../phases.js';
import { prepareRows } from '../prepared-rows.js';
import type { DagmmSettings } from '../recipes.js';
import type { NeuralFit } from './neural-fit.js';
import { fittedAutoencoder } from './reconstruction-score.js';

/** An autoencoder trained end to end from random weights; no energy term. */
export const fit: NeuralFit<DagmmSettings> = async (rows, settings, options) => {
  const prepared = prepareRows(rows, settings);
  const phases = reconstructionPhase(prepared, options.seed);
  const trained = await runPhases(phases, randomAutoencoder(prepared, options.seed), options);
  return fittedAutoencoder('e2e-ae', prepared, trained);
};
