import { estimatorPhase, randomAutoencoder, reconstructionPhase } from '../dagmm-phases.js';
import { fitLatentMixture } from '../latent-mixture.js';
import { runPhases } from '../phases.js';
import { prepareRows } from '../prepared-rows.js';
import { fittedMixture, reportMixture } from './fitted.js';
import { layerPhases } from './layer-phases.js';
import type { NeuralFit } from './neural-fit.js';
import type { LayeredSettings } from './settings.js';

/** The features of `pae` as they are, and an estimator trained on them. */
export const fit: NeuralFit<LayeredSettings> = async (rows, settings, options) => {
  const prepared = prepareRows(rows, settings);
  const { seed, threads } = options;
  const autoencoder = [...layerPhases(prepared, seed), ...reconstructionPhase(prepared, seed)];
  const phases = [...autoencoder, estimatorPhase(prepared, seed, threads)];
  const trained = await runPhases(phases, randomAutoencoder(prepared, seed), options);
  reportMixture(options, trained);
  const mixture = await fitLatentMixture(prepared, trained.parameters, options);
  return fittedMixture('pae-gmm', prepared, trained, mixture);
};
