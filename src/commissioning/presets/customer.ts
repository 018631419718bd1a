/** The customer's own ways of hearing a machine, done right: one flattened window of 5 s is one row. */
import { defaultMel, defaultMelFlat } from '../../features/default-specs.js';
import { levelPolicy, type Preset } from './preset.js';

const flat = { group: 'dagmm', modality: 'audio', method: 'dagmm-flat', recipe: 'customer' } as const;

/** 5.024 s, a new one every 0.992 s: of few clips the overlapping windows are rows too. */
const fiveSeconds = { windowFrames: 156, hopFrames: 31 };

export const CUSTOMER_PRESETS: readonly Preset[] = [
  {
    ...flat,
    name: 'raw-flat',
    title: "the customer's first way: 5 s of samples as one vector",
    features: (options) => ({ kind: 'raw-flat', mel: defaultMel(), level: levelPolicy(options), ...fiveSeconds }),
  },
  {
    ...flat,
    name: 'mel-flat',
    title: "the customer's second way: 5 s of log-mel as one vector",
    features: (options) => defaultMelFlat(levelPolicy(options)),
  },
];
