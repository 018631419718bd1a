import { type Features, type ImageFlatSpec, ModelError, type Observation, type Window } from '../contracts.js';

/** A picture → one row of its pixels. The source has already resized it. */
export class ImageFeatures implements Features {
  constructor(readonly spec: ImageFlatSpec) {}

  push(observation: Observation): Window[] {
    if (observation.kind !== 'image') {
      throw new ModelError(`image-flat features: expected pictures, ${observation.origin} gives ${observation.kind}`);
    }
    const { kind: _, pixels, width, height, channels, ...origin } = observation;
    for (const [name, found] of Object.entries({ width, height, channels })) {
      const expected = this.spec[name as 'width' | 'height' | 'channels'];
      if (found !== expected) {
        throw new ModelError(`picture ${name}: the features expect ${expected}, ${origin.origin} gives ${found}`);
      }
    }
    return [{ ...origin, modality: 'image', data: pixels.slice(), shape: [1, pixels.length] }];
  }
}
