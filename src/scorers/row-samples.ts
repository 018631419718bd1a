/** Some of many rows. */
import { createHash } from 'node:crypto';
import { openRandom } from './random.js';
import { type RowMatrix, rowsOf } from './row-matrix.js';

/** Copies of the rows at these 0-based places, in their order. */
export function pickRows({ data, width }: RowMatrix, index: ArrayLike<number>): RowMatrix {
  const out = new Float32Array(index.length * width);
  for (let i = 0; i < index.length; i++) {
    const from = (index[i] as number) * width;
    out.set(data.subarray(from, from + width), i * width);
  }
  return { data: out, width };
}

/** At most `most` rows, drawn without replacement, in their order. */
export function sampleRows(rows: RowMatrix, most: number, seed: number): RowMatrix {
  const count = rowsOf(rows);
  if (count <= most) return rows;
  return pickRows(rows, openRandom(seed, 'sample').permutation(count).subarray(0, most).sort());
}

/** At most `most` rows, evenly spaced. */
export function thinnedRows(rows: RowMatrix, most: number): RowMatrix {
  const count = rowsOf(rows);
  return count <= most ? rows : pickRows(rows, evenPlaces(count, most));
}

/** At most `most` of 0…count−1, evenly spaced. */
export function evenPlaces(count: number, most: number): Int32Array {
  const kept = Math.min(count, most);
  return Int32Array.from({ length: kept }, (_, i) => Math.floor((i * count) / kept));
}

/** The first `most` of equal rows, in their order. */
export function withoutCopies(rows: RowMatrix, most: number): RowMatrix {
  const { data, width } = rows;
  const copies = new Map<string, number>();
  const index = Int32Array.from({ length: rowsOf(rows) }, (_, n) => n).filter((n) => {
    const key = createHash('sha1')
      .update(data.subarray(n * width, (n + 1) * width))
      .digest('base64');
    const before = copies.get(key) ?? 0;
    copies.set(key, before + 1);
    return before < most;
  });
  return pickRows(rows, index);
}
