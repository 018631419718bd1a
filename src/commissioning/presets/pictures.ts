/** Convolutional DAGMMs: sound as pictures of time and bands, and pictures. */
import type { MelFlatSpec } from '../../contracts.js';
import { defaultImageFlat, defaultMel } from '../../features/default-specs.js';
import { levelPolicy, type Preset, type PresetOptions } from './preset.js';

/** Pictures of 64 frames (2.08 s) × 64 bands, a new one every 16 frames (0.512 s). */
function melPicture(options: PresetOptions): MelFlatSpec {
  return { kind: 'mel-flat', mel: defaultMel(), level: levelPolicy(options), windowFrames: 64, hopFrames: 16 };
}

export const PICTURE_PRESETS: readonly Preset[] = [
  {
    group: 'dagmm',
    name: 'mel-cnn',
    title: '2 s of log-mel as a picture, convolutional DAGMM',
    modality: 'audio',
    features: melPicture,
    method: 'dagmm-conv',
  },
  {
    group: 'dagmm',
    name: 'mel-residual',
    title: '2 s of log-mel as a picture, DAGMM of residual blocks',
    modality: 'audio',
    features: melPicture,
    method: 'dagmm-residual',
  },
  {
    group: 'dagmm',
    name: 'image-conv',
    title: 'a picture, 64 × 64, convolutional DAGMM',
    modality: 'image',
    features: () => defaultImageFlat(),
    method: 'dagmm-conv',
  },
  {
    group: 'dagmm',
    name: 'image-residual',
    title: 'a picture, 64 × 64, DAGMM of residual blocks',
    modality: 'image',
    features: () => defaultImageFlat(),
    method: 'dagmm-residual',
  },
];
