/** The last part of every training whose energy is a mixture's: latents of the whole set, their scale, the mixture. */
import { ModelError } from '../contracts.js';
import type { HostTensor } from '../engine/index.js';
import {
  type DagmmModel,
  type DagmmNetworks,
  type LatentScale,
  latentFunction,
  membershipFunction,
} from './dagmm-model.js';
import { type ChoiceOptions, chooseComponents, chooseMixture, type MixtureChoice } from './mixture-choice.js';
import { fitByEm, kMeansMemberships, type Mixture } from './mixture-fit.js';
import { latentSize, parameterCounts } from './network-shape.js';
import { dataOf, type PreparedRows } from './prepared-rows.js';
import { openRandom } from './random.js';
import { mapRows } from './recorded.js';
import { rowsOf } from './row-matrix.js';

export interface LatentMixture {
  readonly model: DagmmModel;
  readonly choice: MixtureChoice;
}

export interface LatentMixtureOptions {
  readonly seed: number;
  readonly threads?: number;
  readonly cancelled?: () => boolean;
}

/**
 * Dropout off, in float64. The estimator's memberships are the mixture's or where EM starts, as the recipe says.
 * @param parameters both networks'   @throws {ModelError} where a latent is not finite
 */
export async function fitLatentMixture(
  prepared: PreparedRows,
  parameters: Float32Array,
  options: LatentMixtureOptions,
): Promise<LatentMixture> {
  const { settings, shape } = prepared;
  const networks = networksOf(prepared, parameters);
  const { z, latentScale } = await latentsOf(prepared, networks, options);
  const size = latentSize(shape);
  const latents: HostTensor = { data: Float32Array.from(z), shape: [z.length / size, size] };
  const memberships = await mapRows([latents], membershipFunction(networks), shape.components, options.threads);
  const { epsilon, shrink, shrinkTo, fit, emComponents: candidates } = settings;
  const choosing = { epsilon, shrink, shrinkTo, fit, candidates, seed: options.seed, cancelled: options.cancelled };
  const choice = chooseMixture({ data: z, size }, Float64Array.from(memberships), shape.components, choosing);
  const wide = settings.wideComponents.length === 0 ? {} : { wide: fitWide(prepared, z, choosing) };
  return {
    model: { ...networks, transform: prepared.transform, latentScale, mixture: choice.mixture, ...wide },
    choice,
  };
}

/** The mixture of [z, x]. */
function fitWide({ x, settings }: PreparedRows, z: Float64Array, choosing: ChoiceOptions): Mixture {
  const count = rowsOf(x);
  const own = z.length / count;
  const size = own + x.width;
  const data = new Float64Array(count * size);
  for (let n = 0; n < count; n++) {
    data.set(z.subarray(n * own, (n + 1) * own), n * size);
    data.set(x.data.subarray(n * x.width, (n + 1) * x.width), n * size + own);
  }
  return chooseComponents({ data, size }, settings.wideComponents, choosing);
}

/** The mixture by EM from k-means, without an estimator: the latents decide alone. In float64. */
export async function fitLatentEm(
  prepared: PreparedRows,
  parameters: Float32Array,
  options: LatentMixtureOptions,
): Promise<LatentMixture> {
  const { settings, shape, transform } = prepared;
  const networks = networksOf(prepared, parameters);
  const { z, latentScale } = await latentsOf(prepared, networks, options);
  const rows = { data: z, size: latentSize(shape) };
  const start = kMeansMemberships(rows, shape.components, openRandom(options.seed, 'k-means', shape.components));
  const mixture = fitByEm(rows, start, shape.components, { ...settings, cancelled: options.cancelled });
  return { model: { ...networks, transform, latentScale, mixture }, choice: { mixture, fit: 'em', likelihoods: {} } };
}

/** Both networks out of one vector; the estimator is empty where there is none. */
export function networksOf({ settings, shape }: PreparedRows, parameters: Float32Array): DagmmNetworks {
  const { autoencoder } = parameterCounts(shape);
  return {
    settings,
    shape,
    autoencoder: parameters.slice(0, autoencoder),
    estimator: parameters.slice(autoencoder),
  };
}

/** Latents of every training row (N, D), standardised where the recipe says so. @throws {ModelError} when one is not finite */
export async function latentsOf(
  { x, settings, shape }: PreparedRows,
  networks: DagmmNetworks,
  { threads }: LatentMixtureOptions,
): Promise<{ z: Float64Array; latentScale: LatentScale }> {
  const size = latentSize(shape);
  const raw = Float64Array.from(await mapRows(dataOf(x), latentFunction(networks), size, threads));
  if (!raw.every(Number.isFinite))
    throw new ModelError('training diverged: expected finite latents, found NaN; try another seed');
  const latentScale = settings.standardiseLatent ? scaleOf(raw, size) : unscaled(size);
  return { z: standardised(raw, latentScale), latentScale };
}

const unscaled = (size: number): LatentScale => ({
  mean: new Float64Array(size),
  scale: new Float64Array(size).fill(1),
});

/** z (N, D), every column less its mean, by its scale. */
export function standardised(z: Float64Array, { mean, scale }: LatentScale): Float64Array {
  const size = mean.length;
  return z.map((value, at) => (value - (mean[at % size] as number)) * (scale[at % size] as number));
}

/** Mean and 1/deviation of each column of z (N, size). */
export function scaleOf(z: Float64Array, size: number): LatentScale {
  const count = z.length / size;
  const mean = new Float64Array(size);
  const square = new Float64Array(size);
  z.forEach((value, at) => {
    mean[at % size] = (mean[at % size] as number) + value / count;
  });
  z.forEach((value, at) => {
    square[at % size] = (square[at % size] as number) + (value - (mean[at % size] as number)) ** 2 / count;
  });
  return { mean, scale: square.map((variance) => 1 / Math.sqrt(variance + 1e-5)) };
}
