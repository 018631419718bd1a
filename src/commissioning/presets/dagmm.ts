/** Auscult's own presets: DAGMMs on sound, pictures and tables. */
import { defaultImageFlat, defaultMelFrames } from '../../features/default-specs.js';
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
