/** Trains a convolutional DAGMM: standardised pictures, pretraining, joint training, final mixture, one ONNX file. */
import { ModelError } from '../../contracts.js';
import type { LatentScale } from '../dagmm-model.js';
import { applyTransform } from '../input-transform.js';
import { scaleOf, standardised } from '../latent-mixture.js';
import type { FitOptions, FittedModel } from '../method.js';
import { chooseMixture, type MixtureChoice } from '../mixture-choice.js';
import { parametersOf } from '../mixture-facts.js';
import { runPhases, type TrainedPhases } from '../phases.js';
import { openRandom } from '../random.js';
import { mapRows, recordScoring } from '../recorded.js';
import { type RowMatrix, rowsOf } from '../row-matrix.js';
import { pickRows } from '../row-samples.js';
import { meanRowOf, refuseUnusable } from '../training-rows.js';
import { checksOf } from './checks.js';
import { openHeldOutErrors } from './held-out-errors.js';
import { latentFunction, membershipFunction, type PictureNetworks, scoringFunction } from './model.js';
import { autoencoderSize, initialPictureAutoencoder } from './network.js';
import { picturePhases } from './phases.js';
import { asPictures, heldOutBlocks, standardise } from './picture-rows.js';
import { type Framework, latentSize, type PictureShape, pictureSides } from './picture-shape.js';
import type { PictureSettings } from './settings.js';

/** Rows of one native call over a whole set. */
const CALL_ROWS = 64;

/**
 * @param rows pictures, row-major (height, width, channels), in order of time   @throws {ModelError} for rows that are no
 * pictures, too few of them, or a training that diverged   @throws {DOMException} AbortError when cancelled
 */
export async function fitPictures(
  framework: Framework,
  rows: RowMatrix,
  settings: PictureSettings,
  options: FitOptions,
): Promise<FittedModel> {
  refuseUnusable(rows);
  const shape: PictureShape = {
    framework,
    ...pictureSides(options.rowShape ?? [rows.width], settings.stages),
    ...sizesOf(settings),
  };
  const scope = options.rowKind === 'image-flat' ? 'channel' : 'band';
  const transform = standardise(rows, shape, scope, settings.clip);
  const x = { data: applyTransform(rows, transform).data, width: rows.width };
  const split = heldOutBlocks(rowsOf(rows), settings.heldOut, options.seed);
  const trained = await train(shape, settings, pickRows(x, split.learnt), pickRows(x, split.heldOut), options);
  options.onProgress?.({ phase: 'mixture', step: 0, steps: 0, loss: trained.finalLoss });
  const networks = networksOf(shape, trained);
  const { z, errors } = await latentsOf(networks, x, options.threads);
  const { choice, latentScale } = await mixtureOf(networks, z, settings, options);
  const model = { ...networks, transform, latentScale, mixture: choice.mixture };
  const onnx = recordScoring(`dagmm-${framework}`, rows.width, scoringFunction(model));
  const checks = await checksOf({ model, onnx, rows, split, z, errors }, options);
  for (const line of checks.notes) options.onNote?.(line);
  return {
    onnx,
    meanRow: meanRowOf(rows),
    scoringRows: settings.scoringRows,
    hyperparameters: { ...settings, ...factsOf(shape, trained, choice), ...checks.facts },
    mixture: parametersOf(choice.mixture, settings.epsilon),
    epochs: trained.epochs,
    skippedSteps: trained.skippedSteps,
    singularRetries: choice.mixture.singularRetries,
    finalLoss: Number.isFinite(trained.finalLoss) ? trained.finalLoss : null,
  };
}

const sizesOf = ({ code, estimatorHidden, components }: PictureSettings) => ({ code, estimatorHidden, components });

async function train(
  shape: PictureShape,
  settings: PictureSettings,
  learnt: RowMatrix,
  heldOut: RowMatrix,
  options: FitOptions,
): Promise<TrainedPhases> {
  const errors = await openHeldOutErrors(shape, asPictures(heldOut, shape), options.threads ?? 1);
  try {
    const phases = picturePhases({ shape, settings, pictures: asPictures(learnt, shape), errors, seed: options.seed });
    return await runPhases(phases, initialPictureAutoencoder(shape, openRandom(options.seed, 'autoencoder')), options);
  } finally {
    await errors.close();
  }
}

function networksOf(shape: PictureShape, { parameters, extra }: TrainedPhases): PictureNetworks {
  const size = autoencoderSize(shape);
  const running = (extra[0]?.data as Float32Array | undefined) ?? new Float32Array(0);
  return { shape, autoencoder: parameters.slice(0, size), estimator: parameters.slice(size), running };
}

/** z (N, D) of every row, before standardisation, and the mean square of a pixel's error (N). */
async function latentsOf(networks: PictureNetworks, x: RowMatrix, threads?: number) {
  const size = latentSize(networks.shape);
  const rows = { data: x.data, shape: [rowsOf(x), x.width] };
  const both = await mapRows([rows], latentFunction(networks), size + 1, threads, CALL_ROWS);
  if (!both.every(Number.isFinite))
    throw new ModelError('training diverged: expected finite latents, found NaN; try another seed');
  const errors = Float64Array.from({ length: rowsOf(x) }, (_, n) => both[n * (size + 1) + size] as number);
  const z = Float64Array.from({ length: rowsOf(x) * size }, (_, at) => both[at + Math.floor(at / size)] as number);
  return { z, errors };
}

async function mixtureOf(
  networks: PictureNetworks,
  raw: Float64Array,
  settings: PictureSettings,
  { seed, threads, cancelled }: FitOptions,
): Promise<{ choice: MixtureChoice; latentScale: LatentScale }> {
  const size = latentSize(networks.shape);
  const latentScale = scaleOf(raw, size);
  const data = standardised(raw, latentScale);
  const latents = { data: Float32Array.from(data), shape: [raw.length / size, size] };
  const gamma = await mapRows([latents], membershipFunction(networks), settings.components, threads);
  const { epsilon, shrink, fit, emComponents: candidates } = settings;
  const choice = chooseMixture({ data, size }, Float64Array.from(gamma), settings.components, {
    ...{ epsilon, shrink, fit, candidates, seed, cancelled },
  });
  return { choice, latentScale };
}

function factsOf(shape: PictureShape, { watched }: TrainedPhases, choice: MixtureChoice) {
  const likelihoods = Object.entries(choice.likelihoods).map(([name, value]) => [`likelihood ${name}`, value] as const);
  const looks = Object.entries(watched).flatMap(([phase, { values, step }]) => [
    [`${phase} kept after steps`, step] as const,
    [`${phase} held-out errors`, values] as const,
  ]);
  return {
    stages: shape.stages,
    mixtureFit: choice.fit,
    mixtureComponents: choice.mixture.components,
    ...Object.fromEntries([...likelihoods, ...looks]),
  };
}
