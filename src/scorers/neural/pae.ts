import { randomAutoencoder, reconstructionPhase } from '../dagmm-phases.js';
import { runPhases } from '../phases.js';
import { prepareRows } from '../prepared-rows.js';
import { layerPhases } from './layer-phases.js';
import type { NeuralFit } from './neural-fit.js';
import { fittedAutoencoder } from './reconstruction-score.js';
import type { LayeredSettings } from './settings.js';

/** An autoencoder pretrained layer by layer, then end to end; no energy term. */
export const fit: NeuralFit<LayeredSettings> = async (rows, settings, options) => {
  const prepared = prepareRows(rows, settings);
  const phases = [...layerPhases(prepared, options.seed), ...reconstructionPhase(prepared, options.seed)];
  const trained = await runPhases(phases, randomAutoencoder(prepared, options.seed), options);
  return fittedAutoencoder('pae', prepared, trained);
};
