/** Rows that networks do not learn from, by which it is seen whether they learn the others by heart. */
import { ModelError } from '../../contracts.js';
import { latentsOf, networksOf } from '../latent-mixture.js';
import type { FitOptions } from '../method.js';
import type { PreparedRows } from '../prepared-rows.js';
import { type RowMatrix, rowsOf } from '../row-matrix.js';

/** Rows before the border that may share sound with those behind it. */
const OVERLAPPING = 4;

/** @throws {ModelError} when too few rows are left to learn from */
export function parted({ data, width }: RowMatrix, unseenShare: number): { learnt: RowMatrix; unseen: RowMatrix } {
  const count = data.length / width;
  const border = Math.floor(count * (1 - unseenShare));
  const last = border > 8 * OVERLAPPING ? border - OVERLAPPING : border;
  if (last < 8 || count === border)
    throw new ModelError(`training rows: expected at least 10, to learn from and to watch, found ${count}`);
  return {
    learnt: { data: data.subarray(0, last * width), width },
    unseen: { data: data.subarray(border * width), width },
  };
}

/** Mean of the first residual of z, log‖x − x'‖ in `robust`. */
export async function meanResidual(
  prepared: PreparedRows,
  parameters: Float32Array,
  options: FitOptions,
): Promise<number> {
  const unscaled = { ...prepared, settings: { ...prepared.settings, standardiseLatent: false } };
  const { z } = await latentsOf(unscaled, networksOf(prepared, parameters), options);
  const count = rowsOf(prepared.x);
  let sum = 0;
  for (let n = 0; n < count; n++) sum += z[(n * z.length) / count + prepared.shape.code] as number;
  return sum / count;
}
