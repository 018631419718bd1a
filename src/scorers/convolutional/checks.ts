import { unscaledVariance } from '../dagmm-checks.js';
import { checkCollapse, checkDirection, checkOverfitting, type FitChecks, joinChecks } from '../fit-checks.js';
import { standardised } from '../latent-mixture.js';
import type { FitOptions } from '../method.js';
import { energies } from '../mixture-fit.js';
import type { RowMatrix } from '../row-matrix.js';
import { pickRows } from '../row-samples.js';
import type { PictureModel } from './model.js';

export interface FinishedFit {
  readonly model: PictureModel;
  readonly onnx: Uint8Array;
  /** Raw */
  readonly rows: RowMatrix;
  readonly split: { readonly learnt: readonly number[]; readonly heldOut: readonly number[] };
  /** (N, D) of every row, before standardisation, and the mean square of a pixel's error (N). */
  readonly z: Float64Array;
  readonly errors: Float64Array;
}

/** What looks wrong with a finished fit: collapse, overfitting, direction; by the rows that the networks have not seen. */
export async function checksOf(
  { model, onnx, rows, split, z, errors }: FinishedFit,
  { rowShape = [rows.width], seed, threads }: FitOptions,
): Promise<FitChecks> {
  const { mixture, latentScale } = model;
  const { size } = mixture;
  const data = standardised(z, latentScale);
  const energy = energies({ data, size }, mixture);
  const parts = (values: Float64Array) => ({
    learnt: split.learnt.map((n) => values[n] as number),
    heldOut: split.heldOut.map((n) => values[n] as number),
  });
  return joinChecks([
    checkCollapse({ data, size }, unscaledVariance(latentScale.scale), mixture.phi),
    checkOverfitting(parts(errors), parts(energy)),
    await checkDirection(onnx, pickRows(rows, split.heldOut), { rowShape, seed, threads }),
  ]);
}
