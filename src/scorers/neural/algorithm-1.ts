import { randomAutoencoder, reconstructionPhase } from '../dagmm-phases.js';
import { fitLatentEm, latentsOf } from '../latent-mixture.js';
import { energies } from '../mixture-fit.js';
import { runPhases } from '../phases.js';
import { prepareRows } from '../prepared-rows.js';
import { fittedMixture, reportMixture } from './fitted.js';
import type { NeuralFit } from './neural-fit.js';
import type { ThresholdSettings } from './settings.js';

/**
 * The customer's two steps: an autoencoder, then EM on h = [z, r] with r = ‖x − x'‖. τ is the energy that the share
 * `belowTau` of the training rows stay below; the manifest holds it, alarms have their own threshold.
 */
export const fit: NeuralFit<ThresholdSettings> = async (rows, settings, options) => {
  const prepared = prepareRows(rows, settings);
  const phases = reconstructionPhase(prepared, options.seed);
  const trained = await runPhases(phases, randomAutoencoder(prepared, options.seed), options);
  reportMixture(options, trained);
  const fitted = await fitLatentEm(prepared, trained.parameters, options);
  const { z } = await latentsOf(prepared, fitted.model, options);
  const sorted = energies({ data: z, size: fitted.model.mixture.size }, fitted.model.mixture).sort();
  const tau = sorted[Math.min(sorted.length - 1, Math.floor(settings.belowTau * sorted.length))] as number;
  return fittedMixture('algorithm-1', prepared, trained, fitted, { tau });
};
