import { jointPhase, randomAutoencoder, reconstructionPhase } from '../dagmm-phases.js';
import { fitLatentMixture } from '../latent-mixture.js';
import { runPhases } from '../phases.js';
import { prepareRows } from '../prepared-rows.js';
import { fittedMixture, reportMixture } from './fitted.js';
import { layerPhases } from './layer-phases.js';
import type { NeuralFit } from './neural-fit.js';
import type { LayeredSettings } from './settings.js';

/** A DAGMM that starts from the weights of `pae`. */
export const fit: NeuralFit<LayeredSettings> = async (rows, settings, options) => {
  const prepared = prepareRows(rows, settings);
  const { seed } = options;
  const phases = [...layerPhases(prepared, seed), ...reconstructionPhase(prepared, seed), jointPhase(prepared, seed)];
  const trained = await runPhases(phases, randomAutoencoder(prepared, seed), options);
  reportMixture(options, trained);
  const mixture = await fitLatentMixture(prepared, trained.parameters, options);
  return fittedMixture('dagmm-p', prepared, trained, mixture);
};
