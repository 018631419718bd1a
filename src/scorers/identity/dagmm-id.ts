import * as tf from '@tensorflow/tfjs-core';
import { ModelError } from '../../contracts.js';
import type { HostTensor } from '../../engine/index.js';
import { unscaledVariance } from '../dagmm-checks.js';
import { energyUnder } from '../dagmm-model.js';
import { planOf, randomAutoencoder, reconstructionPhase } from '../dagmm-phases.js';
import { checkCollapse, checkDirection, joinChecks } from '../fit-checks.js';
import { applyTransform } from '../input-transform.js';
import { scaleOf, standardised } from '../latent-mixture.js';
import type { FitOptions, FittedModel } from '../method.js';
import { chooseMixture } from '../mixture-choice.js';
import { parametersOf } from '../mixture-facts.js';
import { latentSize, parameterCounts } from '../network-shape.js';
import { autoencode, estimate, initialEstimator, latent, unpackAutoencoder, unpackEstimator } from '../networks.js';
import { fittedModel } from '../neural/fitted.js';
import { meanResidual, parted } from '../neural/unseen-rows.js';
import { type Phase, runPhases } from '../phases.js';
import { dataOf, type PreparedRows, prepareRows } from '../prepared-rows.js';
import { openRandom } from '../random.js';
import { floats, mapRows, type Recorded, recordScoring } from '../recorded.js';
import { type RowMatrix, rowsOf } from '../row-matrix.js';
import { meanRowOf, refuseUnusable } from '../training-rows.js';
import { transformInGraph, vector } from '../transform-graph.js';
import { cosines } from './arc-face.js';
import { identityStep } from './identity-step.js';
import { pictureStatistics, statisticsInGraph } from './picture-statistics.js';
import { type Picture, PSEUDO_CLASSES, pseudoClass } from './pseudo-classes.js';
import type { IdentitySettings } from './settings.js';

const CLASSES = PSEUDO_CLASSES.length + 1;

/**
 * A DAGMM on the statistics of pictures of log-mel, whose encoder also tells the machine from what it might be if its pitch,
 * tempo, spectrum or company were others. z also holds cos θ of the machine's own class: energy of that class.
 * @param rows pictures (frames, bands, 1), in order of time
 */
export async function fitIdentity(
  rows: RowMatrix,
  settings: IdentitySettings,
  size: Picture,
  options: FitOptions,
): Promise<FittedModel> {
  refuseUnusable(rows);
  const { learnt, unseen } = parted(rows, settings.unseenShare);
  const prepared = prepareRows(pictureStatistics(learnt, size), settings);
  const seeing = (pictures: RowMatrix): PreparedRows<IdentitySettings> => ({
    ...prepared,
    x: applyTransform(pictureStatistics(pictures, size), prepared.transform),
  });
  const { seed } = options;
  const asLearnt = { prepared, pseudo: pseudoRows(learnt, size, prepared, seed) };
  const asUnseen = { prepared: seeing(unseen), pseudo: pseudoRows(unseen, size, prepared, seed) };
  const trained = await train(asLearnt, asUnseen, options);
  const { parameters } = trained;
  const all = seeing(rows);
  options.onProgress?.({ phase: 'mixture', step: 0, steps: 0, loss: trained.finalLoss });
  const { mixture, scale, facts, z } = await mixtureOf(all, parameters, options);
  const onnx = recordScoring('dagmm-id', rows.width, ([raw]) => {
    const seen = transformInGraph(statisticsInGraph(raw as tf.Tensor2D, size), prepared.transform);
    const standard = tf.mul(tf.sub(identityLatent(all, parameters, seen), vector(scale.mean)), vector(scale.scale));
    return [standard, energyUnder(mixture, standard as tf.Tensor2D)];
  });
  const { rowShape = [rows.width], threads } = options;
  const checks = joinChecks([
    checkCollapse({ data: z, size: mixture.size }, unscaledVariance(scale.scale), mixture.phi, prepared.shape.code),
    await checkDirection(onnx, unseen, { rowShape, seed, threads }),
  ]);
  for (const line of checks.notes) options.onNote?.(line);
  const residuals = {
    learntResidual: await meanResidual(prepared, parameters, options),
    unseenResidual: await meanResidual(asUnseen.prepared, parameters, options),
    learntIdentity: await identityError(asLearnt, parameters, options),
    unseenIdentity: await identityError(asUnseen, parameters, options),
    ...Object.fromEntries(Object.entries(trained.watched).map(([phase, { step }]) => [`kept step ${phase}`, step])),
  };
  const model = fittedModel(prepared, trained, onnx, { ...facts, ...residuals, ...checks.facts });
  const { singularRetries } = mixture;
  return { ...model, meanRow: meanRowOf(rows), singularRetries, mixture: parametersOf(mixture, settings.epsilon) };
}

/** Each learnt row as each pseudo-class, beside each other (N, (C − 1)·P). */
function pseudoRows(learnt: RowMatrix, size: Picture, { transform, x }: PreparedRows, seed: number): HostTensor {
  const count = rowsOf(learnt);
  const width = PSEUDO_CLASSES.length * x.width;
  const data = new Float32Array(count * width);
  PSEUDO_CLASSES.forEach((name, c) => {
    const seen = applyTransform(pictureStatistics(pseudoClass(learnt, size, name, seed), size), transform);
    for (let n = 0; n < count; n++)
      data.set(seen.data.subarray(n * x.width, (n + 1) * x.width), n * width + c * x.width);
  });
  return { data, shape: [count, width] };
}

/** Rows as the networks see them, and the same rows as pseudo-classes. */
interface Seen {
  readonly prepared: PreparedRows<IdentitySettings>;
  readonly pseudo: HostTensor;
}

/** Both phases keep the weights that do best on unseen rows: at giving them back, and at telling them from pseudo-classes. */
function train({ prepared, pseudo }: Seen, unseen: Seen, options: FitOptions) {
  const { settings, shape } = prepared;
  const { seed } = options;
  const { lookEvery: everySteps, patience } = settings;
  const residual = (parameters: HostTensor): Promise<number> =>
    meanResidual(unseen.prepared, floats(parameters), options);
  const both = async (parameters: HostTensor): Promise<number> =>
    (await residual(parameters)) + (await identityError(unseen, floats(parameters), options));
  const joint: Phase = {
    ...{ name: 'joint', shown: 'joint', watch: { everySteps, patience, look: both } },
    plan: planOf(prepared, { seed, phase: 'joint', epochs: settings.jointEpochs, noise: null }),
    step: identityStep(shape, settings, CLASSES),
    begin: (parameters) => ({
      parameters: Float32Array.from([
        ...parameters.subarray(0, parameterCounts(shape).autoencoder),
        ...initialEstimator(shape, openRandom(seed, 'estimator')),
        ...initialClasses(shape.code, seed),
      ]),
      data: [...dataOf(prepared.x), pseudo],
    }),
  };
  const watch: Phase['watch'] = { everySteps, patience, look: residual };
  const pretrain = reconstructionPhase(prepared, seed).map((phase) => ({ ...phase, watch }));
  return runPhases([...pretrain, joint], randomAutoencoder(prepared, seed), options);
}

/** Mean cross-entropy of rows and their pseudo-classes, without a margin, nats; log C = 2.2 is guessing. */
async function identityError({ prepared, pseudo }: Seen, parameters: Float32Array, options: FitOptions) {
  const { shape, settings, x } = prepared;
  const { autoencoder, estimator } = parameterCounts(shape);
  const weights = parameters.slice(0, autoencoder);
  const classes = parameters.slice(autoencoder + estimator);
  const errors: Recorded = ([own, others]) => {
    const layers = unpackAutoencoder(vector(weights), shape);
    const directions = tf.tensor2d(classes, [CLASSES, shape.code]);
    const seen = [own as tf.Tensor, ...tf.split(others as tf.Tensor, PSEUDO_CLASSES.length, 1)];
    const each = seen.map((rows, c) => {
      const logits = tf.mul(cosines(autoencode(rows as tf.Tensor2D, layers).code, directions), settings.arcScale);
      const top = tf.max(logits, 1, true);
      const total = tf.add(tf.log(tf.sum(tf.exp(tf.sub(logits, top)), 1, true)), top);
      return tf.sub(total, tf.slice(logits, [0, c], [-1, 1]));
    });
    return [tf.mul(tf.addN(each), 1 / CLASSES)];
  };
  const found = await mapRows([{ data: x.data, shape: [rowsOf(x), x.width] }, pseudo], errors, 1, options.threads);
  return found.reduce((sum, error) => sum + error, 0) / found.length;
}

/** Random directions (C, code). */
function initialClasses(code: number, seed: number): number[] {
  const random = openRandom(seed, 'classes');
  return Array.from({ length: CLASSES * code }, () => random.normal());
}

/** [x] or [x, outside] → [z_c, z_r, outside, cos θ of the own class] (N, D + 1). */
function identityLatent({ settings, shape }: PreparedRows, parameters: Float32Array, seen: tf.Tensor[]): tf.Tensor2D {
  const { autoencoder, estimator } = parameterCounts(shape);
  const layers = unpackAutoencoder(vector(parameters.subarray(0, autoencoder)), shape);
  const { z } = latent(seen[0] as tf.Tensor2D, layers, settings.residual, seen[1] ?? null);
  const codes = tf.slice(z, [0, 0], [-1, shape.code]) as tf.Tensor2D;
  const first = autoencoder + estimator;
  const own = tf.tensor2d(parameters.slice(first, first + shape.code), [1, shape.code]);
  return tf.concat([z, cosines(codes, own)], 1) as tf.Tensor2D;
}

/** Of the machine's own rows; the estimator's memberships are where EM starts. */
async function mixtureOf(prepared: PreparedRows, parameters: Float32Array, { seed, threads, cancelled }: FitOptions) {
  const { settings, shape, x } = prepared;
  const inner = latentSize(shape);
  const size = inner + 1;
  const raw = Float64Array.from(
    await mapRows(dataOf(x), (seen) => [identityLatent(prepared, parameters, seen)], size, threads),
  );
  if (!raw.every(Number.isFinite))
    throw new ModelError('training diverged: expected finite latents, found NaN; try another seed');
  const scale = scaleOf(raw, size);
  const z = standardised(raw, scale);
  const { autoencoder, estimator } = parameterCounts(shape);
  const latents = { data: Float32Array.from(z), shape: [rowsOf(x), size] };
  const weights = parameters.slice(autoencoder, autoencoder + estimator);
  const gamma = await mapRows(
    [latents],
    ([all]) => [
      estimate(
        tf.slice(all as tf.Tensor2D, [0, 0], [-1, inner]) as tf.Tensor2D,
        unpackEstimator(vector(weights), shape),
      ),
    ],
    shape.components,
    threads,
  );
  const { epsilon, shrink, shrinkTo, fit, emComponents: candidates } = settings;
  const choice = chooseMixture({ data: z, size }, Float64Array.from(gamma), shape.components, {
    ...{ epsilon, shrink, shrinkTo, fit, candidates, seed, cancelled },
  });
  const facts = { mixtureFit: choice.fit, mixtureComponents: choice.mixture.components, pseudoClasses: CLASSES - 1 };
  return { mixture: choice.mixture, scale, z, facts };
}
