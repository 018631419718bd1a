/** What a fitted graph says of rows, while it is being judged. */
import { openSession } from '../engine/session.js';
import { type RowMatrix, rowsOf } from './row-matrix.js';
import { thinnedRows } from './row-samples.js';

/** Rows that a check looks at, at most. */
const LOOKED_AT = 192;

/** Rows of one native call. */
const CALL_ROWS = 64;

export interface GraphOutputs {
  /** `latent` (N, D) row by row, empty where the graph has none. */
  of(rows: RowMatrix): Promise<{ readonly energy: number[]; readonly latent: number[] }>;
  close(): Promise<void>;
}

/** Its owner closes it. @param onnx "rows" → "energy", perhaps "latent" */
export async function outputsOf(onnx: Uint8Array, threads?: number): Promise<GraphOutputs> {
  const session = await openSession(onnx, { device: 'cpu', threads });
  return {
    async of(rows) {
      const out: Record<'energy' | 'latent', number[]> = { energy: [], latent: [] };
      for (let from = 0; from < rowsOf(rows); from += CALL_ROWS) {
        const data = rows.data.subarray(from * rows.width, (from + CALL_ROWS) * rows.width);
        const found = await session.run({ rows: { data, shape: [data.length / rows.width, rows.width] } });
        for (const name of ['energy', 'latent'] as const) {
          const values = found[name]?.data;
          if (values instanceof Float32Array) for (const value of values) out[name].push(value);
        }
      }
      return out;
    },
    close: () => session.close(),
  };
}

/** At most so many rows as a check looks at, evenly spaced. */
export const thinned = (rows: RowMatrix): RowMatrix => thinnedRows(rows, LOOKED_AT);
