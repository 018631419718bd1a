import type { LatentMixture } from './latent-mixture.js';
import type { Hyperparameters } from './method.js';

/** What a training found by itself, for the manifest. */
export function mixtureFacts({ model, choice }: LatentMixture): Hyperparameters {
  const likelihoods = Object.entries(choice.likelihoods).map(([name, value]) => [`likelihood ${name}`, value] as const);
  return {
    encoderWidth: model.shape.width,
    explainedVariance: model.transform.whitening?.explained ?? 1,
    mixtureFit: choice.fit,
    mixtureComponents: model.mixture.components,
    ...Object.fromEntries(likelihoods),
  };
}
