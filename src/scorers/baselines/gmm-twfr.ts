import * as tf from '@tensorflow/tfjs-core';
import { ModelError } from '../../contracts.js';
import { factorise } from '../cholesky.js';
import type { FitOptions, FittedModel } from '../method.js';
import { mixtureEnergy } from '../mixture.js';
import { type RowMatrix, rowsOf } from '../row-matrix.js';
import { pickRows } from '../row-samples.js';
import { vector } from '../transform-graph.js';
import type { GMM_TWFR } from './defaults.js';
import { recordEnergy } from './energy-graph.js';
import { fittedModel, standardise } from './rows.js';
import type { Values } from './settings.js';
import { shrunkCovariance } from './shrunk-covariance.js';

/** Rows of one block of time are held out together, since neighbours overlap. */
const FOLDS = 5;

/**
 * A Gaussian on the ranked means of one r for all bands: time-weighted frequency domain representation. Rows hold those of
 * several r (and perhaps more statistics): the r is taken under which held-out normals are likeliest, each with its bands
 * standardised so that likelihoods of different r compare. One component: its covariance is shrunk (Ledoit and Wolf),
 * since there are few clips. Energy: −log p, nats.
 * @throws {ModelError} when rows are not pooled bands
 */
export function fitGmmTwfr(rows: RowMatrix, settings: Values<typeof GMM_TWFR>, options: FitOptions): FittedModel {
  const [statistics = 0, bands = 0] = options.rowShape ?? [];
  if (options.rowKind !== 'mel-pooled' || statistics * bands !== rows.width)
    throw new ModelError(
      `gmm-twfr: expected pooled rows, found ${options.rowKind} [${options.rowShape ?? rows.width}]`,
    );
  const { transform, scaled } = standardise(rows);
  const likelihoods = Array.from({ length: statistics }, (_, s) =>
    heldOutLikelihood(block(scaled, s, bands), settings.epsilon),
  );
  const chosen =
    settings.statistic >= 0
      ? Math.min(settings.statistic, statistics - 1)
      : likelihoods.indexOf(Math.max(...likelihoods));
  const model = gaussian(block(scaled, chosen, bands), settings.epsilon);
  const onnx = recordEnergy('gmm-twfr', transform, (x) => {
    const own = tf.slice(x, [0, chosen * bands], [-1, bands]) as tf.Tensor2D;
    const mean = tf.tensor2d(Float32Array.from(model.mean), [1, bands]);
    return mixtureEnergy(
      own,
      mean,
      tf.tensor3d(Float32Array.from(model.inverse), [1, bands, bands]),
      vector([model.offset]),
    );
  });
  const found = { chosenStatistic: chosen, likelihoods, shrinkage: model.shrinkage };
  return { ...fittedModel(rows, options, onnx, { ...settings, ...found }), singularRetries: model.retries };
}

/** Columns of one statistic (N, bands). */
function block({ data, width }: RowMatrix, statistic: number, bands: number): RowMatrix {
  const count = data.length / width;
  const out = new Float32Array(count * bands);
  for (let n = 0; n < count; n++) {
    const from = n * width + statistic * bands;
    out.set(data.subarray(from, from + bands), n * bands);
  }
  return { data: out, width: bands };
}

function gaussian(rows: RowMatrix, epsilon: number) {
  const { covariance, shrinkage, mean } = shrunkCovariance(rows);
  const { inverse, halfLogDeterminant, retries } = factorise(covariance, rows.width, epsilon);
  const offset = -halfLogDeterminant - 0.5 * rows.width * Math.log(2 * Math.PI);
  return { mean, inverse, offset, shrinkage, retries };
}

/** Mean log-likelihood of rows, nats, each block of time under the Gaussian of the others. */
function heldOutLikelihood(rows: RowMatrix, epsilon: number): number {
  const count = rowsOf(rows);
  const folds = Math.min(FOLDS, count);
  let sum = 0;
  for (let fold = 0; fold < folds; fold++) {
    const [inside, outside]: [number[], number[]] = [[], []];
    for (let n = 0; n < count; n++) (Math.floor((n * folds) / count) === fold ? outside : inside).push(n);
    sum += logLikelihood(pickRows(rows, outside), gaussian(pickRows(rows, inside), epsilon));
  }
  return sum / count;
}

function logLikelihood({ data, width }: RowMatrix, { mean, inverse, offset }: ReturnType<typeof gaussian>): number {
  let sum = 0;
  for (let at = 0; at < data.length; at += width) {
    let distance = 0;
    for (let i = 0; i < width; i++) {
      let y = 0;
      for (let j = 0; j <= i; j++)
        y += (inverse[i * width + j] as number) * ((data[at + j] as number) - (mean[j] as number));
      distance += y * y;
    }
    sum += offset - 0.5 * distance;
  }
  return sum;
}
