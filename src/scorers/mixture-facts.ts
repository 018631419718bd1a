import type { MixtureParameters } from '../contracts.js';
import type { LatentMixture } from './latent-mixture.js';
import type { Hyperparameters } from './method.js';
import type { Mixture } from './mixture-fit.js';
import type { RowViews } from './row-views/row-views.js';

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

/** What judges beside the mixtures of the latents, for the manifest: weight, centre and spread of each view. */
export function viewFacts({ views, densities, dependence }: RowViews): Hyperparameters {
  const facts = views.flatMap(({ name, weight, centre, spread }) => [
    [`view ${name}`, [weight, centre, spread]] as const,
  ]);
  return {
    ...Object.fromEntries(facts),
    ...(densities.kernel ? { kernelBandwidth: densities.kernel.bandwidth } : {}),
    ...(dependence === null ? {} : { dependence }),
  };
}

/** The mixture itself, for the package. */
export const mixtureParameters = ({ model }: Pick<LatentMixture, 'model'>): MixtureParameters =>
  parametersOf(model.mixture, model.settings.epsilon);

/** A fitted mixture as a package states it. */
export function parametersOf({ components, size, phi, mean, covariance }: Mixture, epsilon: number): MixtureParameters {
  return { components, size, phi: [...phi], mean: [...mean], covariance: [...covariance], epsilon };
}
