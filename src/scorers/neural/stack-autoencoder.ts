import * as tf from '@tensorflow/tfjs-core';
import type { FitOptions, FittedModel } from '../method.js';
import { recordScoring } from '../recorded.js';
import type { RowMatrix } from '../row-matrix.js';
import type { StackSettings } from './stack-settings.js';
import { residualOf, type StackTask, type TrainedStack, trainStack, wholeStack } from './stack-training.js';

/** Gives the whole stack back. Energy: mean squared error, dB². @param rows stacks of frames */
export const fitAutoencoder =
  (scorer: string) =>
  async (rows: RowMatrix, settings: StackSettings, options: FitOptions): Promise<FittedModel> => {
    const network = { ...settings, inputs: rows.width, outputs: rows.width };
    return byMeanSquare(scorer, settings, await trainStack(rows, network, wholeStack, settings, options));
  };

/** Guesses the middle frame of a stack from the others. Energy: mean squared error of that frame, dB². */
export async function fitInterpolation(
  rows: RowMatrix,
  settings: StackSettings,
  options: FitOptions,
): Promise<FittedModel> {
  const [frames, bands] = options.rowShape as [number, number];
  const network = { ...settings, inputs: (frames - 1) * bands, outputs: bands };
  const task = middleFrame(frames, bands);
  return byMeanSquare('idnn', settings, await trainStack(rows, network, task, settings, options));
}

/** @param frames odd */
function middleFrame(frames: number, bands: number): StackTask {
  const side = ((frames - 1) / 2) * bands;
  return (x) => {
    const [before, wanted, after] = tf.split(x, [side, bands, side], 1) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
    return { seen: tf.concat([before, after], 1), wanted };
  };
}

function byMeanSquare(scorer: string, settings: StackSettings, trained: TrainedStack): FittedModel {
  const residual = residualOf(trained);
  const energy = ([raw]: tf.Tensor[]): tf.Tensor[] => [tf.mean(tf.square(residual(raw as tf.Tensor2D)), 1)];
  return fittedStack(settings, trained, recordScoring(scorer, trained.transform.width, energy, ['energy']));
}

/** What every network on stacks hands back. */
export function fittedStack(
  settings: StackSettings,
  { meanRow, epochs, skippedSteps, finalLoss }: TrainedStack,
  onnx: Uint8Array,
): FittedModel {
  return {
    onnx,
    meanRow,
    scoringRows: settings.scoringRows,
    hyperparameters: settings,
    epochs,
    skippedSteps,
    singularRetries: 0,
    finalLoss: Number.isFinite(finalLoss) ? finalLoss : null,
  };
}
