/** Hyper-parameters of the neural baselines: the paper's networks, and how long each phase lasts. */
import type { RowKind } from '../../contracts.js';
import { type DagmmSettings, settingsFor } from '../recipes.js';

/** Steps of one phase of `paper`, so that all methods on a small table take minutes; `paper-full` has no such bound. */
export const PHASE_STEPS = 4_000;

/** A recipe's settings with `jointEpochs` as the epochs of every phase. */
export function baseSettings(rowKind: RowKind, recipe: string, rows: number, width: number): DagmmSettings {
  const settings = settingsFor(rowKind, recipe, rows, width);
  if (recipe !== 'paper') return settings;
  const stepsPerEpoch = Math.ceil(rows / settings.batchRows);
  const most = Math.max(1, Math.floor(PHASE_STEPS / stepsPerEpoch));
  return { ...settings, jointEpochs: Math.min(settings.jointEpochs, most) };
}

/** An autoencoder that is pretrained layer by layer. */
export interface LayeredSettings extends DagmmSettings {
  /** Passes of each layer's own pretraining. */
  readonly layerEpochs: number;
  /** Share of a layer's inputs that is switched off meanwhile. */
  readonly corruption: number;
}

/** Half as long for all layers together as for what follows. */
export const layered = (settings: DagmmSettings): LayeredSettings => ({
  ...settings,
  layerEpochs: Math.ceil(settings.jointEpochs / (2 * (settings.hidden.length + 1))),
  corruption: 0.1,
  pretrainEpochs: settings.jointEpochs,
});

export interface ClusterSettings extends LayeredSettings {
  /** λ: weight of ½‖h(x) − m‖² beside the reconstruction. */
  readonly clusterWeight: number;
}

export interface ThresholdSettings extends DagmmSettings {
  /** Share of the training rows whose energy is below τ. */
  readonly belowTau: number;
}
