import type { FitOptions, FittedModel } from '../method.js';
import type { DagmmSettings } from '../recipes.js';
import type { RowMatrix } from '../row-matrix.js';

/** How one method learns, with every setting at hand. */
export type NeuralFit<Settings extends DagmmSettings> = (
  rows: RowMatrix,
  settings: Settings,
  options: FitOptions,
) => Promise<FittedModel>;
