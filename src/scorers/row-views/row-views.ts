/**
 * A row judged in up to four ways at once, on one scale: by the mixtures of the members' latents, by those of [latent, row],
 * by a kernel density of the rows, and column by column. Each energy becomes a robust z-score, and the row's energy is their mean
 * under asinh, which lets none outshout the others far away: E = sinh(Σ_v w_v asinh(z_v) / Σ_v w_v), in usual deviations.
 */
import * as tf from '@tensorflow/tfjs-core';
import { type DagmmModel, energyUnder, latentEnergy, latentFunction } from '../dagmm-model.js';
import { fitWhitening, projected, scaledRows, type Whitening } from '../input-transform.js';
import type { LatentMixture } from '../latent-mixture.js';
import { type FitOptions, stopIfCancelled } from '../method.js';
import { mapRows, type Recorded } from '../recorded.js';
import { onScale, type RobustScale, robustScale } from '../robust-scale.js';
import { type RowMatrix, rowsOf } from '../row-matrix.js';
import { thinnedRows } from '../row-samples.js';
import { projectedInGraph, scaledInGraph, whitenedInGraph } from '../transform-graph.js';
import { type ColumnDensities, columnEnergy, fitColumnDensities } from './column-densities.js';
import { dependence, fitKernelDensity, type KernelDensity, kernelEnergy, usualBandwidth } from './kernel-density.js';

export interface RowViews {
  readonly densities: Densities;
  /** In the order of {@link energiesOf}. */
  readonly views: readonly View[];
  /** Of the columns on each other, nats a column; null where columns are not judged by themselves. */
  readonly dependence: number | null;
}

/** Of the scaled rows, before the encoder's whitening, if there is one. */
interface Densities {
  readonly kernel: KernelDensity | null;
  /** The kernel density's own. */
  readonly whitening: Whitening | null;
  readonly columns: ColumnDensities | null;
}

interface View extends RobustScale {
  readonly name: 'latent' | 'wide' | 'kernel' | 'columns';
  readonly weight: number;
}

type Members = readonly [LatentMixture, ...LatentMixture[]];

/** Training rows that the scales are of, and of one native call: columns make (rows, W, C) numbers. */
const SCALE_ROWS = 4_000;
const CALL_ROWS = 256;

export type RowViewOptions = Pick<FitOptions, 'seed' | 'threads' | 'cancelled'>;

/**
 * @param rows raw, those that the members have learnt   @returns null where the latents alone judge
 * @throws {DOMException} AbortError when cancelled
 */
export async function fitRowViews(
  rows: RowMatrix,
  members: Members,
  options: RowViewOptions,
): Promise<RowViews | null> {
  const { seed, threads } = options;
  const models = members.map(({ model }) => model) as [DagmmModel, ...DagmmModel[]];
  const [{ settings, transform }] = models;
  const scaled = scaledRows(rows, transform);
  const together = settings.columnCentres > 0 ? dependence(scaled, seed) : null;
  const weights = weightsOf(together);
  stopIfCancelled(options);
  const { kernelRows, kernelAxes } = settings;
  const whitening = kernelRows > 0 && kernelAxes > 0 ? fitWhitening(scaled, kernelAxes) : null;
  const seen = whitening ? projected(scaled, whitening) : scaled;
  const kernel = kernelRows > 0 ? fitKernelDensity(seen, kernelRows, seed) : null;
  const densities: Densities = {
    kernel: kernel && whitening && comesAgain(kernel) ? null : kernel,
    whitening,
    columns: weights.columns > 0 ? fitColumnDensities(scaled, settings.columnCentres) : null,
  };
  stopIfCancelled(options);
  const named = namesOf(models, densities);
  if (named.length === 1) return null;
  const judged = await judgedRows(thinnedRows(rows, SCALE_ROWS), models, densities, threads);
  const views = named.map((name, i): View => {
    const energies = name === 'kernel' && densities.kernel ? densities.kernel.unseen : (judged[i] as Float32Array);
    return { name, weight: weights[name], ...robustScale(energies) };
  });
  return { densities, views, dependence: together };
}

/**
 * Whitened rows that lie this much nearer to those of other times than chance would have it are the same few sounds again and
 * again: a density that knows them by heart would find any other normal sound far away.
 */
const NEARER_THAN_CHANCE = 0.5;

const comesAgain = ({ bandwidth, centres, width }: KernelDensity): boolean =>
  bandwidth < NEARER_THAN_CHANCE * usualBandwidth(centres.length / width, width);

/** Columns that foretell each other by so many nats each say too little apart. */
const FULL_DEPENDENCE = 0.5;

/** Columns that know nothing of each other are judged apart most of all; of those that know much, the mixture that sees them all. */
function weightsOf(together: number | null): Readonly<Record<View['name'], number>> {
  const apart = together === null ? 0 : Math.min(1, Math.max(0, 1 - together / FULL_DEPENDENCE));
  return { latent: 1, wide: 2 - apart, kernel: 1, columns: 1.5 * apart };
}

/** Raw rows (N, W) → [the first member's z (N, D), energy (N)] */
export function viewedEnergy(members: Members, { densities, views }: RowViews): Recorded {
  const models = members.map(({ model }) => model) as [DagmmModel, ...DagmmModel[]];
  const total = views.reduce((sum, { weight }) => sum + weight, 0);
  return ([rows]) => {
    const { latent, energies } = energiesOf(rows as tf.Tensor2D, models, densities);
    const parts = views.map((view, i) => tf.mul(asinh(onScale(energies[i] as tf.Tensor, view)), view.weight / total));
    return [latent, sinh(tf.addN(parts))];
  };
}

const namesOf = (
  [{ wide }]: readonly [DagmmModel, ...DagmmModel[]],
  { kernel, columns }: Densities,
): View['name'][] => [
  'latent',
  ...(wide ? (['wide'] as const) : []),
  ...(kernel ? (['kernel'] as const) : []),
  ...(columns ? (['columns'] as const) : []),
];

/** Raw rows (N, W) → the first member's z, and energies (N) by view. */
function energiesOf(
  rows: tf.Tensor2D,
  models: readonly [DagmmModel, ...DagmmModel[]],
  { kernel, whitening, columns }: Densities,
): { latent: tf.Tensor; energies: tf.Tensor[] } {
  const [{ transform }] = models;
  const scaled = scaledInGraph(rows, transform);
  const seen = projectedInGraph(scaled, transform);
  const latents = models.map((model) => latentEnergy(latentFunction(model)(seen)[0] as tf.Tensor2D, model));
  const wide = models.flatMap((model, i) => {
    const beside = tf.concat([latents[i]?.[0] as tf.Tensor, seen[0] as tf.Tensor], 1) as tf.Tensor2D;
    return model.wide ? [energyUnder(model.wide, beside)] : [];
  });
  return {
    latent: latents[0]?.[0] as tf.Tensor,
    energies: [
      meanOf(latents.map(([, energy]) => energy as tf.Tensor)),
      ...(wide.length > 0 ? [meanOf(wide)] : []),
      ...(kernel ? [kernelEnergy(kernel)(whitening ? whitenedInGraph(scaled, whitening) : scaled)] : []),
      ...(columns ? [columnEnergy(columns)(scaled)] : []),
    ],
  };
}

/** By view: the energies of every row. */
async function judgedRows(
  rows: RowMatrix,
  models: readonly [DagmmModel, ...DagmmModel[]],
  densities: Densities,
  threads: number | undefined,
): Promise<Float32Array[]> {
  const count = namesOf(models, densities).length;
  const all: Recorded = ([r]) => [tf.stack(energiesOf(r as tf.Tensor2D, models, densities).energies, 1)];
  const values = await mapRows(
    [{ data: rows.data, shape: [rowsOf(rows), rows.width] }],
    all,
    count,
    threads,
    CALL_ROWS,
  );
  return Array.from({ length: count }, (_, i) => values.filter((_, at) => at % count === i));
}

const meanOf = (parts: tf.Tensor[]): tf.Tensor =>
  parts.length === 1 ? (parts[0] as tf.Tensor) : tf.mul(tf.addN(parts), 1 / parts.length);

/** sign(x) · log(|x| + √(x² + 1)): x near 0, logarithmic far away. */
function asinh(x: tf.Tensor): tf.Tensor {
  const size = tf.abs(x);
  return tf.mul(tf.sign(x), tf.log(tf.add(size, tf.sqrt(tf.add(tf.square(size), 1)))));
}

/** (eˣ − e⁻ˣ) / 2 */
const sinh = (x: tf.Tensor): tf.Tensor => tf.mul(tf.sub(tf.exp(x), tf.exp(tf.neg(x))), 0.5);
