/**
 * Every method there is, by the name that `--method` and a package give it. The service looks names up here, so a
 * method's file imports TensorFlow.js inside `fit` only: it costs 60 MB.
 */
import { ConfigError } from '../contracts.js';
import { BASELINES, SOUND_BASELINES } from './baselines/baselines.js';
import { CONVOLUTIONAL_METHODS } from './convolutional/methods.js';
import { dagmm } from './dagmm.js';
import { encoderKnn } from './encoder/encoder-method.js';
import { dagmmEnsemble } from './ensemble/method.js';
import { dagmmId } from './identity/method.js';
import type { Method } from './method.js';
import { NEURAL_METHODS } from './neural/methods.js';
import { SOUND_METHODS } from './neural/sound-methods.js';

export const METHODS: readonly Method[] = [
  dagmm,
  dagmmEnsemble,
  ...CONVOLUTIONAL_METHODS,
  ...NEURAL_METHODS,
  ...BASELINES,
  ...SOUND_METHODS,
  ...SOUND_BASELINES,
  dagmmId,
  encoderKnn,
];

/** @throws {ConfigError} for an unknown name */
export function methodNamed(name: string): Method {
  const method = METHODS.find((known) => known.name === name);
  if (method) return method;
  throw new ConfigError(`method: expected one of ${METHODS.map((known) => known.name).join(', ')}, found "${name}"`);
}

/** The recipe asked for, or the method's default. @throws {ConfigError} for one that the method does not have */
export function recipeOf({ name, recipes }: Method, recipe?: string): string {
  if (recipe === undefined) return recipes[0] ?? '';
  if (recipes.includes(recipe)) return recipe;
  throw new ConfigError(`recipe: ${name} has ${recipes.join(', ')}, found "${recipe}"`);
}
