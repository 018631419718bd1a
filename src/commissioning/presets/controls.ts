/** What a figure must beat to mean anything. */
import { defaultMel, defaultMelFrames } from '../../features/default-specs.js';
import { levelPolicy, type Preset } from './preset.js';

const control = { group: 'control', modality: 'audio' } as const;
/** Windows of 9.98 s, one after the other: a clip of ten seconds is one. */
const tenSeconds = { windowFrames: 311, hopFrames: 311 };

export const CONTROL_PRESETS: readonly Preset[] = [
  {
    ...control,
    name: 'rms-only',
    title: 'loudness alone: distance of the level of ten seconds from its mean',
    features: (options) => ({ kind: 'level', mel: defaultMel(), level: levelPolicy(options), ...tenSeconds }),
    method: 'level-distance',
  },
  {
    ...control,
    name: 'mean-spectrum',
    title: 'Mahalanobis distance of the mean log-mel spectrum of ten seconds',
    features: (options) => ({
      ...{ kind: 'mel-pooled', mel: defaultMel(), level: levelPolicy(options), ...tenSeconds },
      ...{ ranks: [1], deviation: false },
    }),
    method: 'mahalanobis',
  },
  {
    ...control,
    name: 'untrained',
    title: 'the DAGMM of mel-frames with random networks',
    features: (options) => defaultMelFrames(levelPolicy(options)),
    method: 'dagmm-untrained',
    recipe: 'robust',
  },
];
