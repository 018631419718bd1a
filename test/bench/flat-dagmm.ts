import { parameterCounts } from '../../src/scorers/network-shape.js';
import { initialAutoencoder, initialEstimator } from '../../src/scorers/networks.js';
import { openRandom } from '../../src/scorers/random.js';
import { type DagmmSettings, networkShape, settingsFor } from '../../src/scorers/recipes.js';

/** Rows of a batch, and columns of a row: the KDDCUP network of the paper, 118-60-30-10-1 and K = 4. */
export const ROWS = 1024;
export const WIDTH = 118;

/** The paper's recipe without dropout, which the PyTorch peer leaves out too. */
export function flatSettings(): DagmmSettings {
  return { ...settingsFor('table', 'paper', 100_000, WIDTH), batchRows: ROWS, dropout: 0 };
}

/** Seeded networks of that shape. */
export function flatNetworks() {
  const settings = flatSettings();
  const shape = networkShape(settings, WIDTH, false);
  const random = openRandom(1);
  const autoencoder = initialAutoencoder(shape, random);
  const estimator = initialEstimator(shape, random);
  const counts = parameterCounts(shape);
  return { settings, shape, autoencoder, estimator, size: counts.autoencoder + counts.estimator };
}
