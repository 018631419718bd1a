/** SKAB's leaderboard of outlier detection, as published. */

export interface PublishedSkab {
  readonly method: string;
  readonly f1: number;
  /** Shares of rows, 0…1. */
  readonly falseAlarmRate: number;
  readonly missingAlarmRate: number;
}

/** All 34 runs, each learnt from its first 400 rows, the figures over the rows after them. */
export const SKAB_SOURCE =
  'README of github.com/waico/SKAB at f3d94c4, "Proposed Leaderboard" (34 runs, test rows only)';

const LEADERBOARD: readonly (readonly [string, number, number, number])[] = [
  ['Conv-AE', 0.78, 13.55, 28.02],
  ['MSET', 0.78, 39.73, 14.13],
  ['T-squared+Q (PCA)', 0.76, 26.62, 24.92],
  ['LSTM-AE', 0.74, 29.96, 25.92],
  ['T-squared', 0.66, 19.21, 42.6],
  ['LSTM-VAE', 0.56, 9.13, 55.03],
  ['Vanilla LSTM', 0.54, 12.54, 59.53],
  ['MSCRED', 0.36, 49.94, 69.88],
  ['Vanilla AE', 0.39, 2.59, 75.15],
  ['Isolation forest', 0.29, 2.56, 82.89],
];

export const SKAB_PUBLISHED: readonly PublishedSkab[] = LEADERBOARD.map(([method, f1, far, mar]) => ({
  method,
  f1,
  falseAlarmRate: far / 100,
  missingAlarmRate: mar / 100,
}));
