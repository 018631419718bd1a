import { jointPhase, randomAutoencoder } from '../dagmm-phases.js';
import { fitLatentMixture } from '../latent-mixture.js';
import { runPhases } from '../phases.js';
import { prepareRows } from '../prepared-rows.js';
import type { DagmmSettings } from '../recipes.js';
import type { JointObjective } from '../training-steps.js';
import { fittedMixture, reportMixture } from './fitted.js';
import type { NeuralFit } from './neural-fit.js';

/** A DAGMM trained end to end on another objective. */
export function fitJointly(scorer: string, objective: JointObjective): NeuralFit<DagmmSettings> {
  return async (rows, settings, options) => {
    const prepared = prepareRows(rows, settings);
    const { seed } = options;
    const phases = [jointPhase(prepared, seed, objective)];
    const trained = await runPhases(phases, randomAutoencoder(prepared, seed), options);
    reportMixture(options, trained);
    const mixture = await fitLatentMixture(prepared, trained.parameters, options);
    return fittedMixture(scorer, prepared, trained, mixture);
  };
}
