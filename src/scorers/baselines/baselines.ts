/**
 * The classical detectors that a DAGMM is compared with. Looked up by the service, which must not load TensorFlow.js:
 * what a method needs is imported when it fits.
 */
import type { RowMatrix } from '../input-transform.js';
import type { FitOptions, FittedModel, Method } from '../method.js';
import { defaultsOf, real, type Settings, settingsOf, type Values, whole } from './settings.js';

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
  load(): Promise<Fit<Known>>;
}

function baseline<Known extends Settings>({ name, source, settings: known, load }: Baseline<Known>): Method {
  return {
    name,
    source,
    recipes: ['standard'],
    defaults: (_preset, _recipe, rows, width) => defaultsOf(known, rows, width),
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

/** Two components where there are ten rows for every number of their means; else one. */
const supportedComponents = (rows: number, width: number): number =>
  Math.max(1, Math.min(2, Math.floor(rows / (10 * width))));

const rowLimit = (standard: number) => whole(standard, 8, 10_000_000);

export const GMM = {
  components: whole(supportedComponents, 1, 256),
  /** EM sees so many rows at most. */
  rows: rowLimit(20_000),
  /** Loaded on the diagonal of every covariance of standardised columns. */
  epsilon: real(1e-3, 1e-6, 1),
};

export const KNN = {
  k: whole(1, 1, 64),
  /** Different rows that are kept at most. */
  rows: rowLimit(50_000),
};

export const ISOLATION_FOREST = {
  trees: whole(100, 1, 10_000),
  /** Rows that each tree sees. */
  sample: whole(256, 2, 4_096),
};

export const ECOD = {
  /** The log of a tail's probability may be off by so much, and by more only where the tables would outgrow memory. */
  tailError: real(0, 0, 1),
};

export const PCA = {
  /** The axes that are told apart carry at least this share of the variance. */
  explained: real(0.9, 0.01, 1),
  /** The axes are found in so many rows at most. */
  rows: rowLimit(20_000),
};

export const OC_SVM = {
  /** Share of the training rows that may lie outside. */
  nu: real(0.1, 0.001, 0.999),
  /** exp(−γ‖x − y‖²); 1 over the sum of the variances of the standardised columns. */
  gamma: real(0, 0, 1e6),
  /** The solver sees so many rows at most. */
  rows: rowLimit(5_000),
};

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
