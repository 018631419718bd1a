/** What a fitted graph says of rows, while it is being judged. */
import { openSession } from '../engine/session.js';
import { type RowMatrix, rowsOf } from './row-matrix.js';

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
export function thinned({ data, width }: RowMatrix): RowMatrix {
  const count = data.length / width;
  if (count <= LOOKED_AT) return { data, width };
  const out = new Float32Array(LOOKED_AT * width);
  for (let i = 0; i < LOOKED_AT; i++) {
    const n = Math.floor((i * count) / LOOKED_AT);
    out.set(data.subarray(n * width, (n + 1) * width), i * width);
  }
  return { data: out, width };
}
