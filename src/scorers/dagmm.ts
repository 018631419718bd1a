import type { FittedModel, Method } from './method.js';
import { mixtureFacts } from './mixture-facts.js';
import { type DagmmSettings, RECIPES, settingsFor } from './recipes.js';
import type { TrainedDagmm } from './train-dagmm.js';

/** Deep Autoencoding Gaussian Mixture Model, flat: dense networks on rows. */
export const dagmm: Method = {
  name: 'dagmm',
  source: 'Zong et al., Deep Autoencoding Gaussian Mixture Model for Unsupervised Anomaly Detection, ICLR 2018',
  recipes: ['robust', ...RECIPES.filter((recipe) => recipe !== 'robust')],
  defaults: (preset, recipe, rows, width) => ({ ...settingsFor(preset, recipe, rows, width) }),
  async fit(rows, { recipe = 'robust', settings, ...options }) {
    const { trainDagmm } = await import('./train-dagmm.js');
    return fitted(await trainDagmm(rows, { ...options, recipe, settings: settings as Partial<DagmmSettings> }));
  },
};

function fitted({ onnx, meanRow, model, choice, epochs, skippedSteps, finalLoss }: TrainedDagmm): FittedModel {
  const { mixture, settings } = model;
  return {
    onnx,
    meanRow,
    hyperparameters: { ...settings, ...mixtureFacts({ model, choice }) },
    scoringRows: settings.scoringRows,
    epochs,
    skippedSteps,
    singularRetries: mixture.singularRetries,
    finalLoss: Number.isFinite(finalLoss) ? finalLoss : null,
  };
}
