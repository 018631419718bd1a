/**
 * The classical detectors that a DAGMM is compared with. Looked up by the service, which must not load TensorFlow.js:
 * what a method needs is imported when it fits.
 */

import type { RowKind } from '../../contracts.js';
import type { FitOptions, FittedModel, Method } from '../method.js';
import type { RowMatrix } from '../row-matrix.js';
import { ECOD, GMM, GMM_TWFR, ISOLATION_FOREST, KNN, LEVEL_DISTANCE, MAHALANOBIS, OC_SVM, PCA } from './defaults.js';
import { defaultsOf, type Settings, settingsOf, type Values } from './settings.js';

/** @param rows at least 8, finite */
type Fit<Known extends Settings> = (
  rows: RowMatrix,
  settings: Values<Known>,
  options: FitOptions,
) => Promise<FittedModel> | FittedModel;

interface Baseline<Known extends Settings> {
  readonly name: string;
  readonly source: string;
  readonly settings: Known;
  readonly rowKinds?: readonly RowKind[];
  load(): Promise<Fit<Known>>;
}

function baseline<Known extends Settings>({ name, source, settings: known, rowKinds, load }: Baseline<Known>): Method {
  return {
    name,
    source,
    recipes: ['standard'],
    rowKinds,
    defaults: (_rowKind, _recipe, rows, width) => defaultsOf(known, rows, width),
    async fit(rows, options) {
      const settings = settingsOf(
        name,
        known,
        defaultsOf(known, rows.data.length / rows.width, rows.width),
        options.settings,
      );
      const { refuseUnusable } = await import('../training-rows.js');
      refuseUnusable(rows);
      return (await load())(rows, settings, options);
    },
  };
}

export const BASELINES: readonly Method[] = [
  baseline({
    name: 'gmm',
    source:
      'Dempster, Laird and Rubin, Maximum Likelihood from Incomplete Data via the EM Algorithm, J. R. Stat. Soc. B 39, 1977',
    settings: GMM,
    load: async () => (await import('./gmm.js')).fitGmm,
  }),
  baseline({
    name: 'knn',
    source: 'Ramaswamy, Rastogi and Shim, Efficient Algorithms for Mining Outliers from Large Data Sets, SIGMOD 2000',
    settings: KNN,
    load: async () => (await import('./knn.js')).fitKnn,
  }),
  baseline({
    name: 'isolation-forest',
    source: 'Liu, Ting and Zhou, Isolation Forest, ICDM 2008',
    settings: ISOLATION_FOREST,
    load: async () => (await import('./isolation-forest.js')).fitIsolationForest,
  }),
  baseline({
    name: 'ecod',
    source:
      'Li et al., ECOD: Unsupervised Outlier Detection Using Empirical Cumulative Distribution Functions, TKDE 2022',
    settings: ECOD,
    load: async () => (await import('./ecod.js')).fitEcod,
  }),
  baseline({
    name: 'pca',
    source: 'Tipping and Bishop, Probabilistic Principal Component Analysis, J. R. Stat. Soc. B 61, 1999',
    settings: PCA,
    load: async () => (await import('./pca.js')).fitPca,
  }),
  baseline({
    name: 'oc-svm',
    source: 'Schölkopf et al., Estimating the Support of a High-Dimensional Distribution, Neural Computation 13, 2001',
    settings: OC_SVM,
    load: async () => (await import('./oc-svm.js')).fitOneClassSvm,
  }),
];

/** Baselines for sounds. */
export const SOUND_BASELINES: readonly Method[] = [
  baseline({
    name: 'level-distance',
    source: 'Control: distance from the mean level',
    settings: LEVEL_DISTANCE,
    rowKinds: ['level'],
    load: async () => (await import('./level-distance.js')).fitLevelDistance,
  }),
  baseline({
    name: 'mahalanobis',
    source: 'Ledoit and Wolf, A Well-Conditioned Estimator for Large-Dimensional Covariance Matrices, JMA 88, 2004',
    settings: MAHALANOBIS,
    rowKinds: ['mel-pooled', 'mel-frames', 'level'],
    load: async () => (await import('./mahalanobis.js')).fitMahalanobis,
  }),
  baseline({
    name: 'gmm-twfr',
    source:
      'Guan et al., Time-Weighted Frequency Domain Audio Representation with GMM Estimator for Anomalous Sound Detection, ICASSP 2023',
    settings: GMM_TWFR,
    rowKinds: ['mel-pooled'],
    load: async () => (await import('./gmm-twfr.js')).fitGmmTwfr,
  }),
];
