import type { FittedModel, Method } from './method.js';
import { mixtureFacts, mixtureParameters, viewFacts } from './mixture-facts.js';
import { type DagmmSettings, RECIPES, settingsFor } from './recipes.js';
import type { TrainedDagmm } from './train-dagmm.js';

/** Deep Autoencoding Gaussian Mixture Model, flat: dense networks on rows. */
export const dagmm: Method = {
  name: 'dagmm',
  source: 'Zong et al., Deep Autoencoding Gaussian Mixture Model for Unsupervised Anomaly Detection, ICLR 2018',
  recipes: ['robust', ...RECIPES.filter((recipe) => recipe !== 'robust')],
  defaults: (rowKind, recipe, rows, width) => ({ ...settingsFor(rowKind, recipe, rows, width) }),
  async fit(rows, { recipe = 'robust', settings, ...options }) {
    const { trainDagmm } = await import('./train-dagmm.js');
    const trained = await trainDagmm(rows, { ...options, recipe, settings: settings as Partial<DagmmSettings> });
    if (options.onNote) {
      const { checkDagmm } = await import('./dagmm-checks.js');
      for (const line of (await checkDagmm(trained, rows, options)).notes) options.onNote(line);
    }
    return dagmmOf(trained);
  },
};

/** What a training of members hands back. */
export function dagmmOf({
  onnx,
  meanRow,
  model,
  choice,
  members,
  views,
  epochs,
  skippedSteps,
  finalLoss,
}: TrainedDagmm): FittedModel {
  const { settings } = model;
  const wide = members.flatMap((member) => member.model.wide ?? []);
  const mixtures = [...members.map((member) => member.model.mixture), ...wide];
  return {
    onnx,
    meanRow,
    hyperparameters: {
      ...settings,
      ...mixtureFacts({ model, choice }),
      ...(mixtures.length > 1 ? { mixtureSizes: mixtures.map(({ components }) => components) } : {}),
      ...(views ? viewFacts(views) : {}),
    },
    scoringRows: settings.scoringRows,
    epochs,
    skippedSteps,
    singularRetries: mixtures.reduce((sum, mixture) => sum + mixture.singularRetries, 0),
    finalLoss: Number.isFinite(finalLoss) ? finalLoss : null,
    ...(mixtures.length === 1 && !views ? { mixture: mixtureParameters({ model }) } : {}),
  };
}
