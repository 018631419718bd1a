import { checkCollapse, checkDirection, type FitChecks, joinChecks } from './fit-checks.js';
import { outputsOf, thinned } from './graph-outputs.js';
import type { FitOptions } from './method.js';
import type { RowMatrix } from './row-matrix.js';
import type { TrainedDagmm } from './train-dagmm.js';

/** Collapse of the first member, and the direction of the whole, on some of the training rows: none are held out. */
export async function checkDagmm(
  { onnx, model }: Pick<TrainedDagmm, 'onnx' | 'model'>,
  rows: RowMatrix,
  { rowShape = [rows.width], seed, threads }: FitOptions,
): Promise<FitChecks> {
  const outputs = await outputsOf(onnx, threads);
  try {
    const { mixture, latentScale, settings } = model;
    const { size } = mixture;
    const z = { data: (await outputs.of(thinned(rows))).latent, size };
    const variance = settings.standardiseLatent ? unscaledVariance(latentScale.scale) : varianceOf(z.data, size);
    return joinChecks([
      checkCollapse(z, variance, mixture.phi, model.shape.code),
      await checkDirection(onnx, rows, { rowShape, seed, threads }),
    ]);
  } finally {
    await outputs.close();
  }
}

/** Of latents that were multiplied by 1 / √(variance + 1e-5). */
export const unscaledVariance = (scale: ArrayLike<number>): number[] =>
  Array.from(scale, (s) => Math.max(0, 1 / s ** 2 - 1e-5));

function varianceOf(data: readonly number[], size: number): number[] {
  const rows = data.length / size;
  return Array.from({ length: size }, (_, d) => {
    const column = Array.from({ length: rows }, (_, n) => data[n * size + d] as number);
    const mean = column.reduce((sum, v) => sum + v, 0) / rows;
    return column.reduce((sum, v) => sum + (v - mean) ** 2, 0) / rows;
  });
}
