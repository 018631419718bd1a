import { ConfigError, type FeatureSpec, type Features } from '../contracts.js';
import { createAudioFeatures, type FeatureOptions } from './audio-features.js';
import { ImageFeatures } from './image-features.js';
import { TableFeatures } from './table-features.js';

/** The features that a spec describes. @throws {ModelError} when a length in the spec makes no sense, naming it */
export async function createFeatures(spec: FeatureSpec, options: FeatureOptions = {}): Promise<Features> {
  switch (spec.kind) {
    case 'mel-frames':
    case 'mel-flat':
    case 'mel-pooled':
    case 'raw-flat':
    case 'level':
      return createAudioFeatures(spec, options);
    case 'image-flat':
      return new ImageFeatures(spec);
    case 'table':
      return new TableFeatures(spec);
    default:
      throw new ConfigError(`features: unknown kind ${JSON.stringify((spec as { kind?: unknown }).kind)}`);
  }
}
