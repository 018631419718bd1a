/** Looked up by the service, which must not load TensorFlow.js: what it is made of is imported when it fits. */
import type { Method } from '../method.js';
import { ENSEMBLE_SETTINGS, type EnsembleSettings } from './settings.js';

/** DAGMMs of stacks of frames and of stretches pooled over time, robust z-scores averaged in one graph. */
export const dagmmEnsemble: Method = {
  name: 'dagmm-ensemble',
  source:
    'Zong et al., Deep Autoencoding Gaussian Mixture Model for Unsupervised Anomaly Detection, ICLR 2018; several views',
  recipes: ['robust'],
  rowKinds: ['mel-flat'],
  defaults: () => ({ ...ENSEMBLE_SETTINGS }),
  async fit(rows, options) {
    const { fitEnsemble } = await import('./fit.js');
    return fitEnsemble(rows, { ...ENSEMBLE_SETTINGS, ...(options.settings as Partial<EnsembleSettings>) }, options);
  },
};
