import type { LevelPolicy, Window } from '../contracts.js';
import { defaultImageFlat, defaultMelFlat, defaultMelFrames } from '../features/default-specs.js';
import { describe } from '../features/descriptors.js';
import type { Preset } from '../scorers/recipes.js';
import type { FeatureRequest } from './recordings.js';

export interface PresetOptions {
  /** Sound: `keep` (default) or `match`. */
  readonly level?: LevelPolicy['policy'];
  /** Tables: columns to leave out. */
  readonly exclude?: readonly string[];
}

export interface PresetRequest {
  readonly preset: Preset;
  readonly features: FeatureRequest;
  /** Sound: what an event's words compare with. */
  readonly describe?: (window: Window) => Readonly<Record<string, number>>;
}

/** The features that a preset asks for. */
export function presetRequest(preset: Preset, { level = 'keep', exclude = [] }: PresetOptions = {}): PresetRequest {
  const policy: LevelPolicy = { policy: level, referenceLevelDb: 0 };
  switch (preset) {
    case 'mel-frames':
      return { preset, features: defaultMelFrames(policy), describe };
    case 'mel-flat':
      return { preset, features: defaultMelFlat(policy), describe };
    case 'image-flat':
      return { preset, features: defaultImageFlat() };
    case 'table':
      return { preset, features: { kind: 'learn-table', exclude } };
  }
}
