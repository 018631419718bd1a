import { dagmmOf } from '../dagmm.js';
import { trainMembers } from '../members.js';
import type { DagmmSettings } from '../recipes.js';
import { judgedMembers } from '../train-dagmm.js';
import type { NeuralFit } from './neural-fit.js';

/** A DAGMM whose phases have no epochs, whatever the settings say: what scaling, residual and mixtures find with random networks. */
export const fit: NeuralFit<DagmmSettings> = async (rows, settings, options) => {
  const trained = await trainMembers(rows, { ...settings, pretrainEpochs: 0, jointEpochs: 0 }, options);
  return dagmmOf(await judgedMembers(trained, rows, options, 'dagmm-untrained'));
};
