import type { LevelPolicy, Modality, Smoothing } from '../../contracts.js';
import type { Hyperparameters } from '../../scorers/method.js';
import type { FeatureRequest } from '../recordings.js';

export interface PresetOptions {
  /** Sound: `keep` (default) or `match`. */
  readonly level?: LevelPolicy['policy'];
  /** Tables: columns to leave out. */
  readonly exclude?: readonly string[];
}

/** What a model sees and how it learns, under one name. */
export interface Preset {
  /** As in `--preset`; in evaluations of sound and pictures also the method's name. */
  readonly name: string;
  /** One line: what it sees, and where it is from. */
  readonly title: string;
  /** `dagmm`: ours; `peer`: what others use; `control`: what a figure must beat to mean anything. */
  readonly group: 'dagmm' | 'peer' | 'control';
  readonly modality: Modality;
  features(options: PresetOptions): FeatureRequest;
  /** One of METHODS, with one of its recipes and overrides of that. */
  readonly method: string;
  readonly recipe?: string;
  readonly settings?: Hyperparameters;
  /** What the alarm sees of the scores; by default what the windows' length gives. */
  readonly smoothing?: Smoothing;
}

/** The level policy asked for; what level is normal is learnt from the recordings. */
export const levelPolicy = ({ level = 'keep' }: PresetOptions): LevelPolicy => ({ policy: level, referenceLevelDb: 0 });
