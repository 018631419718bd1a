/** What others use, behind the same contract. */
import type { LevelPolicy, MelFramesSpec, MelPooledSpec } from '../../contracts.js';
import { defaultMel, defaultMelFrames } from '../../features/default-specs.js';
import { levelPolicy, type Preset } from './preset.js';

const peer = { group: 'peer', modality: 'audio' } as const;
const stacks: Pick<Preset, 'features'> = { features: (options) => defaultMelFrames(levelPolicy(options)) };

/** Stacks of 5 frames of 128 bands. */
const fineStacks: Pick<Preset, 'features'> = {
  features: (options): MelFramesSpec => ({
    ...defaultMelFrames(levelPolicy(options)),
    mel: { ...defaultMel(), melBands: 128 },
  }),
};

/** r of the ranked means that `gmm-twfr` chooses from: mean, …, maximum. */
const RANKS = [1, 0.999, 0.995, 0.99, 0.98, 0.95, 0.9, 0.8, 0.5, 0];

/** Windows of 5 s every second, each band's values over time by their rank. */
const rankedMeans = (level: LevelPolicy): MelPooledSpec => ({
  ...{ kind: 'mel-pooled', mel: defaultMel(), level, windowFrames: 156, hopFrames: 31 },
  ...{ ranks: RANKS, deviation: false },
});

/** PCA-whitened to 64 axes, and nothing else. */
const plainMixture = (components: number): Preset => ({
  ...peer,
  ...stacks,
  name: `gmm-frames-${components}`,
  title: `a plain Gaussian mixture, K = ${components}, on PCA-64-whitened stacks of 5 log-mel frames`,
  method: 'gmm',
  settings: { components, widest: 64, axes: 64, outside: 0 },
});

/** 2.048 s, side by side but for 64 ms. */
const twoSeconds = { windowFrames: 63, hopFrames: 62 };

export const PEER_PRESETS: readonly Preset[] = [
  {
    ...peer,
    ...stacks,
    name: 'mimii-ae',
    title: "MIMII's autoencoder on stacks of 5 × 64 log-mel frames, 2019",
    method: 'mimii-ae',
  },
  {
    ...peer,
    ...fineStacks,
    name: 'dcase-ae',
    title: "DCASE 2020's and 2021's autoencoder on stacks of 5 × 128 log-mel frames",
    method: 'dcase-ae',
  },
  {
    ...peer,
    ...stacks,
    name: 'idnn',
    title: 'interpolation of the middle of 5 log-mel frames, 2020',
    method: 'idnn',
  },
  {
    ...peer,
    ...fineStacks,
    name: 'selective-mahalanobis',
    title: "DCASE 2023's autoencoder, its residual by Mahalanobis distance",
    method: 'selective-mahalanobis',
  },
  {
    ...peer,
    name: 'gmm-twfr',
    title: 'a Gaussian on time-weighted ranked means of each band, 2023',
    features: (options) => rankedMeans(levelPolicy(options)),
    method: 'gmm-twfr',
  },
  plainMixture(1),
  plainMixture(4),
  plainMixture(8),
  {
    ...peer,
    ...stacks,
    name: 'knn-frames',
    title: 'distance to the nearest stack of 5 log-mel frames',
    method: 'knn',
    settings: { rows: 10_000 },
  },
  {
    ...peer,
    name: 'encoder-knn',
    title: 'nearest neighbours of a pretrained encoder, by local density, 2025; --set encoder=FILE.onnx for another',
    features: (options) => ({ ...{ kind: 'raw-flat', mel: defaultMel(), level: levelPolicy(options) }, ...twoSeconds }),
    method: 'encoder-knn',
  },
];
