import { jointPhase, randomAutoencoder, reconstructionPhase } from '../dagmm-phases.js';
import { fitLatentMixture } from '../latent-mixture.js';
import { runPhases } from '../phases.js';
import { prepareRows } from '../prepared-rows.js';
import type { DagmmSettings } from '../recipes.js';
import { fittedMixture, reportMixture } from './fitted.js';
import type { NeuralFit } from './methods.js';

/** A DAGMM whose phases have no epochs, whatever the settings say: what scaling, residual and mixture find with random networks. */
export const fit: NeuralFit<DagmmSettings> = async (rows, settings, options) => {
  const prepared = prepareRows(rows, { ...settings, pretrainEpochs: 0, jointEpochs: 0 });
  const { seed } = options;
  const phases = [...reconstructionPhase(prepared, seed), jointPhase(prepared, seed)];
  const trained = await runPhases(phases, randomAutoencoder(prepared, seed), options);
  reportMixture(options, trained);
  const mixture = await fitLatentMixture(prepared, trained.parameters, options);
  return fittedMixture('dagmm-untrained', prepared, trained, mixture);
};
