import { randomAutoencoder, reconstructionPhase } from '../dagmm-phases.js';
import { fitLatentEm } from '../latent-mixture.js';
import { runPhases } from '../phases.js';
import { prepareRows } from '../prepared-rows.js';
import { fittedMixture, reportMixture } from './fitted.js';
import { layerPhases } from './layer-phases.js';
import type { NeuralFit } from './neural-fit.js';
import type { LayeredSettings } from './settings.js';

/** The features of `pae` as they are, and a mixture by EM. */
export const fit: NeuralFit<LayeredSettings> = async (rows, settings, options) => {
  const prepared = prepareRows(rows, settings);
  const phases = [...layerPhases(prepared, options.seed), ...reconstructionPhase(prepared, options.seed)];
  const trained = await runPhases(phases, randomAutoencoder(prepared, options.seed), options);
  reportMixture(options, trained);
  return fittedMixture('pae-gmm-em', prepared, trained, await fitLatentEm(prepared, trained.parameters, options));
};
