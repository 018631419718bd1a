import type { LevelPolicy } from '../contracts.js';
import { defaultImageFlat, defaultMelFlat, defaultMelFrames } from '../features/default-specs.js';
import type { Preset } from '../scorers/recipes.js';
import type { FeatureRequest } from './recordings.js';

export interface PresetOptions {
  /** Sound: `keep` (default) or `match`. */
  readonly level?: LevelPolicy['policy'];
  /** Tables: columns to leave out. */
  readonly exclude?: readonly string[];
}

/** The features that a preset asks for. */
export function presetRequest(
  preset: Preset,
  { level = 'keep', exclude = [] }: PresetOptions = {},
): { preset: Preset; features: FeatureRequest } {
  const policy: LevelPolicy = { policy: level, referenceLevelDb: 0 };
  switch (preset) {
    case 'mel-frames':
      return { preset, features: defaultMelFrames(policy) };
    case 'mel-flat':
      return { preset, features: defaultMelFlat(policy) };
    case 'image-flat':
      return { preset, features: defaultImageFlat() };
    case 'table':
      return { preset, features: { kind: 'learn-table', exclude } };
  }
}
