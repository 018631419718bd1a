import type { Method } from './method.js';
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

function fitted({ onnx, meanRow, model, choice, epochs, skippedSteps, finalLoss }: TrainedDagmm) {
  const { mixture, settings, shape, transform } = model;
  const likelihoods = Object.entries(choice.likelihoods).map(([name, value]) => [`likelihood ${name}`, value] as const);
  return {
    onnx,
    meanRow,
    hyperparameters: {
      ...settings,
      encoderWidth: shape.width,
      explainedVariance: transform.whitening?.explained ?? 1,
      mixtureFit: choice.fit,
      mixtureComponents: mixture.components,
      ...Object.fromEntries(likelihoods),
    },
    scoringRows: settings.scoringRows,
    epochs,
    skippedSteps,
    singularRetries: mixture.singularRetries,
    finalLoss,
  };
}
