/** Auscult's own presets: DAGMMs on sound, pictures and tables. */
import { defaultImageFlat, defaultMel, defaultMelFlat, defaultMelFrames } from '../../features/default-specs.js';
import { levelPolicy, type Preset } from './preset.js';

const own = { group: 'dagmm', method: 'dagmm' } as const;

export const DAGMM_PRESETS: readonly Preset[] = [
  {
    ...own,
    name: 'mel-frames',
    title: 'stacks of 5 log-mel frames, scored each',
    modality: 'audio',
    features: (options) => defaultMelFrames(levelPolicy(options)),
  },
  {
    ...own,
    name: 'mel-ensemble',
    title: 'windows of 2 s: DAGMMs of stacks of 5 log-mel frames and of stretches pooled over .5 and 1 s, on one scale',
    modality: 'audio',
    method: 'dagmm-ensemble',
    // 2.016 s, a new one every 1.088 s: ten seconds are eight.
    features: (options) => ({ ...defaultMelFlat(levelPolicy(options)), windowFrames: 62, hopFrames: 34 }),
  },
  {
    ...own,
    name: 'mel-pooled',
    title: 'mean, deviation and ranked means (r = .9, .5) of each band over 2 s',
    modality: 'audio',
    // 2.016 s, a new one every 0.512 s.
    features: (options) => ({
      ...{ kind: 'mel-pooled', mel: defaultMel(), level: levelPolicy(options), windowFrames: 62, hopFrames: 16 },
      ...{ ranks: [1, 0.9, 0.5], deviation: true },
    }),
  },
  {
    ...own,
    name: 'mel-mean',
    title: 'mean of each band over 4.5 s, for places with other sounds',
    modality: 'audio',
    // 4.512 s, a new one every 0.48 s. One bang moves such a mean little; the second hears that a machine stops.
    features: (options) => ({
      ...{ kind: 'mel-pooled', mel: defaultMel(), level: levelPolicy(options), windowFrames: 140, hopFrames: 15 },
      ...{ ranks: [1], deviation: false },
    }),
    smoothing: { kind: 'm-of-n', m: 2, n: 3 },
  },
  {
    ...own,
    name: 'mel-id',
    title: 'spectrum and its movement over 2 s, by an encoder that tells the machine from altered ones (ArcFace)',
    modality: 'audio',
    method: 'dagmm-id',
    // 2.048 s, a new one every 0.512 s.
    features: (options) => ({ ...defaultMelFlat(levelPolicy(options)), windowFrames: 63, hopFrames: 16 }),
  },
  {
    ...own,
    name: 'image-flat',
    title: 'the pixels of a picture, 64 × 64',
    modality: 'image',
    features: () => defaultImageFlat(),
  },
  {
    ...own,
    name: 'table',
    title: 'one row, types inferred',
    modality: 'table',
    features: ({ exclude = [] }) => ({ kind: 'learn-table', exclude }),
  },
];
