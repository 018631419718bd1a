/** What may be set of each method, within which bounds, and what it is otherwise. */
import { real, whole } from './settings.js';

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
  /** Rows wider than this become their first `axes` principal axes: a covariance of W columns costs W² numbers and W³ operations. */
  widest: whole(512, 1, 4_096),
  axes: whole(64, 1, 512),
  /** 1: the log of what lies outside those axes is modelled beside them; 0: it is not looked at. */
  outside: whole(1, 0, 1),
};

export const GMM_TWFR = {
  /** Which of the row's statistics; −1 chooses by held-out normals. */
  statistic: whole(-1, -1, 64),
  epsilon: real(1e-3, 1e-6, 1),
};

export const LEVEL_DISTANCE = {
  /** Closer to the mean level, levels are alike. */
  deadZoneDb: real(0.5, 0, 20),
};

export const MAHALANOBIS = {
  /** The covariance is that of so many rows at most. */
  rows: rowLimit(20_000),
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
  /** Of exp(−γ‖x − y‖²); 0: 1 over the sum of the variances of the standardised columns. */
  gamma: real(0, 0, 1e6),
  /** The solver sees so many rows at most. */
  rows: rowLimit(5_000),
};
