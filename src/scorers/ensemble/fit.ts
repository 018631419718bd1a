/** Several views of the same windows, a DAGMM each, judged on one scale. */
import * as tf from '@tensorflow/tfjs-core';
import { ModelError } from '../../contracts.js';
import type { HostTensor } from '../../engine/index.js';
import { meanEnergyFunction } from '../dagmm-model.js';
import { type TrainedMembers, trainMembers } from '../members.js';
import type { FitOptions, FittedModel, Hyperparameters } from '../method.js';
import { mapRows, type Recorded, recordScoring } from '../recorded.js';
import { onScale, type RobustScale, robustScale } from '../robust-scale.js';
import { type RowMatrix, rowsOf } from '../row-matrix.js';
import { pickRows, thinnedRows } from '../row-samples.js';
import { meanRowOf, refuseUnusable } from '../training-rows.js';
import type { EnsembleSettings } from './settings.js';
import { type PictureSize, type View, viewsOf } from './views.js';
import { fitWideMixture, wideEnergy } from './wide-mixture.js';

/** A view that has learnt. */
interface LearntView {
  readonly trained: TrainedMembers;
  /** Of each mixture: windows (N, F·B) → energy (N). */
  readonly energies: readonly WindowEnergy[];
  readonly components: readonly number[];
}

interface FittedView extends LearntView {
  /** What is usual for each energy, on normal windows that a view of the same kind did not learn. */
  readonly scales: readonly RobustScale[];
}

type WindowEnergy = (windows: tf.Tensor2D) => tf.Tensor1D;

/**
 * @param rows windows of log-mel frames in order of time, at least 8   @throws {ModelError} for other rows, or a training
 * that diverged   @throws {DOMException} AbortError when cancelled
 */
export async function fitEnsemble(
  rows: RowMatrix,
  settings: EnsembleSettings,
  options: FitOptions,
): Promise<FittedModel> {
  refuseUnusable(rows);
  const views = viewsOf(pictureSize(options), settings);
  if (views.length === 0) throw new ModelError(`dagmm-ensemble: no view fits into a window of ${options.rowShape}`);
  const fitted: FittedView[] = [];
  for (const [i, view] of views.entries()) {
    const partOf = (part: number): FitOptions => partOptions(options, 2 * i + part, 2 * views.length);
    const scales = await heldOutScales(view, rows, settings, partOf(0));
    fitted.push({ ...(await learnView(view, rows, settings, partOf(1))), scales });
  }
  return modelOf(fitted, rows, settings);
}

/** @throws {ModelError} for rows that are not pictures of sound */
function pictureSize({ rowKind, rowShape = [] }: FitOptions): PictureSize {
  const [frames = 0, bands = 0, channels] = rowShape;
  if (rowKind === 'mel-flat' && channels === 1) return { frames, bands };
  throw new ModelError(
    `dagmm-ensemble: expected windows of log-mel frames [frames, bands, 1], found ${rowKind} [${rowShape}]`,
  );
}

/** One training of several: progress goes on from the last. What was interrupted begins anew: it is soon done. */
function partOptions(options: FitOptions, part: number, parts: number): FitOptions {
  return {
    ...options,
    recipe: undefined,
    settings: undefined,
    checkpoints: undefined,
    onProgress: ({ step, steps, ...rest }) =>
      options.onProgress?.({ ...rest, step: part * steps + step, steps: parts * steps }),
  };
}

/** Of hours of sound only so many windows are cut that they give a few times the rows that are learnt. */
const SPARE_CUTS = 4;

async function learnView(
  view: View,
  rows: RowMatrix,
  { mostRows, wideRows, wideComponents }: EnsembleSettings,
  options: FitOptions,
): Promise<LearntView> {
  const windows = thinnedRows(rows, Math.ceil((SPARE_CUTS * mostRows) / view.cuts));
  const cuts = thinnedRows(await cutsOf(view, windows, options), mostRows);
  const trained = await trainMembers(cuts, view.learning(rowsOf(cuts)), options);
  const judges: Judge[] = [];
  for (const kind of view.mixtures) {
    judges.push(
      kind === 'latent'
        ? latentJudge(trained)
        : await wideJudge(trained, thinnedRows(cuts, wideRows), wideComponents, options),
    );
  }
  return {
    trained,
    energies: judges.map(({ energy }) => overCuts(view, energy)),
    components: judges.map(({ components }) => components),
  };
}

/** Cuts (N·C, W) → energy (N·C) */
interface Judge {
  readonly energy: (cuts: tf.Tensor2D) => tf.Tensor;
  readonly components: number;
}

function latentJudge({ members }: TrainedMembers): Judge {
  const energies = meanEnergyFunction(members.map(({ model }) => model));
  const { components } = members[0].model.mixture;
  return { energy: (cuts) => energies([cuts])[1] as tf.Tensor, components };
}

async function wideJudge(
  { members }: TrainedMembers,
  cuts: RowMatrix,
  most: number,
  options: FitOptions,
): Promise<Judge> {
  const [{ model }] = members;
  const mixture = await fitWideMixture(model, cuts, most, options);
  return { energy: wideEnergy(model, mixture), components: mixture.components };
}

/** The mean of a window's cuts. */
function overCuts({ cut, cuts }: View, energy: (cuts: tf.Tensor2D) => tf.Tensor): WindowEnergy {
  return (windows) => tf.mean(tf.reshape(energy(cut(windows)), [windows.shape[0], cuts]), 1);
}

async function cutsOf({ cut, cuts, width }: View, rows: RowMatrix, { threads }: FitOptions): Promise<RowMatrix> {
  const flat: Recorded = ([windows]) => {
    const own = windows as tf.Tensor2D;
    return [tf.reshape(cut(own), [own.shape[0], cuts * width])];
  };
  return { data: await mapRows([tensorOf(rows)], flat, cuts * width, threads, CALL_ROWS), width };
}

/** Windows of one native call. */
const CALL_ROWS = 256;

const tensorOf = (rows: RowMatrix): HostTensor => ({ data: rows.data, shape: [rowsOf(rows), rows.width] });

/** Two of eight stretches of time are held out: whole clips, where there are many. */
const STRETCHES = 8;
const HELD_OUT = [1, 5];
/** With fewer windows the scale is that of the windows learnt. */
const LEAST_WINDOWS = 40;

/** What is usual for windows that a view of the same kind did not learn: a scale of learnt ones favours what overfits. */
async function heldOutScales(
  view: View,
  rows: RowMatrix,
  settings: EnsembleSettings,
  options: FitOptions,
): Promise<RobustScale[]> {
  const { learnt, held } = parted(rows);
  const { energies } = await learnView(view, learnt, settings, options);
  const all: Recorded = ([r]) => [
    tf.stack(
      energies.map((energy) => energy(r as tf.Tensor2D)),
      1,
    ),
  ];
  const values = await mapRows([tensorOf(held)], all, energies.length, options.threads, CALL_ROWS);
  return energies.map((_, i) => robustScale(values.filter((_, at) => at % energies.length === i)));
}

function parted(rows: RowMatrix): { learnt: RowMatrix; held: RowMatrix } {
  const count = rowsOf(rows);
  if (count < LEAST_WINDOWS) return { learnt: rows, held: rows };
  const places = Array.from({ length: count }, (_, i) => i);
  const isHeldOut = (i: number): boolean => HELD_OUT.includes(Math.floor((i * STRETCHES) / count));
  return {
    learnt: pickRows(
      rows,
      places.filter((i) => !isHeldOut(i)),
    ),
    held: pickRows(rows, places.filter(isHeldOut)),
  };
}

/** Mean over the views of the mean robust z of their energies. */
function ensembleEnergy(fitted: readonly FittedView[]): Recorded {
  return ([rows]) => {
    const views = fitted.map(({ energies, scales }) => {
      const z = energies.map((energy, i) => onScale(energy(rows as tf.Tensor2D), scales[i] as RobustScale));
      return meanOf(z);
    });
    return [meanOf(views)];
  };
}

const meanOf = (parts: tf.Tensor[]): tf.Tensor => tf.mul(tf.addN(parts), 1 / parts.length);

function modelOf(fitted: readonly FittedView[], rows: RowMatrix, settings: EnsembleSettings): FittedModel {
  const all = fitted.map(({ trained }) => trained);
  const mixtures = all.flatMap(({ members }) => members.map(({ model }) => model.mixture));
  const finalLoss = all.reduce((sum, trained) => sum + trained.finalLoss, 0) / all.length;
  return {
    onnx: recordScoring('dagmm-ensemble', rows.width, ensembleEnergy(fitted), ['energy']),
    meanRow: meanRowOf(rows),
    hyperparameters: { ...settings, ...factsOf(fitted) },
    scoringRows: settings.scoringRows,
    epochs: all.reduce((sum, { epochs }) => sum + epochs, 0),
    skippedSteps: all.reduce((sum, { skippedSteps }) => sum + skippedSteps, 0),
    singularRetries: mixtures.reduce((sum, mixture) => sum + mixture.singularRetries, 0),
    finalLoss: Number.isFinite(finalLoss) ? finalLoss : null,
  };
}

/** What the training found by itself, by view, and by energy. */
function factsOf(fitted: readonly FittedView[]): Hyperparameters {
  return {
    viewAxes: fitted.map(({ trained }) => trained.members[0].model.shape.width),
    energyComponents: fitted.flatMap(({ components }) => components),
    energyCentres: fitted.flatMap(({ scales }) => scales.map(({ centre }) => centre)),
    energySpreads: fitted.flatMap(({ scales }) => scales.map(({ spread }) => spread)),
  };
}
