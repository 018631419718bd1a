/** Normal rows spoiled on purpose, each value still one that was measured: what a scorer must rank above normal ones. */
import { openRandom, type Random } from './random.js';
import { type RowMatrix, rowsOf } from './row-matrix.js';

/**
 * `mixed`: every band (column) from another row; `moved`: by a sixteenth of the bands; `patched`: a quarter of each side
 * pasted from elsewhere in the row; `reversed`: the last frame (line) first; `blended`: half and half with another row.
 */
export type Spoiling = 'mixed' | 'moved' | 'patched' | 'reversed' | 'blended';

interface Grid {
  readonly lines: number;
  readonly columns: number;
  readonly channels: number;
}

/** Rows without lines (tables) can be mixed and blended only. */
export function spoilings(rowShape: readonly number[]): Spoiling[] {
  const { lines, columns } = gridOf(rowShape);
  if (lines < 2) return ['mixed', 'blended'];
  return lines < 8 || columns < 8
    ? ['mixed', 'reversed', 'blended']
    : ['mixed', 'moved', 'patched', 'reversed', 'blended'];
}

/** The same number of rows. @param rowShape of one row, row-major, as FitOptions have it */
export function spoiledRows(rows: RowMatrix, rowShape: readonly number[], how: Spoiling, seed: number): RowMatrix {
  const random = openRandom(seed, 'spoiled', how);
  const grid = gridOf(rowShape);
  const data = rows.data.slice();
  for (let n = 0; n < rowsOf(rows); n++) {
    const own = data.subarray(n * rows.width, (n + 1) * rows.width);
    SPOIL[how](own, rows, n, grid, random);
  }
  return { data, width: rows.width };
}

const gridOf = (rowShape: readonly number[]): Grid => {
  const [first = 1, second, channels = 1] = rowShape;
  return second === undefined ? { lines: 1, columns: first, channels: 1 } : { lines: first, columns: second, channels };
};

type Spoil = (own: Float32Array, rows: RowMatrix, n: number, grid: Grid, random: Random) => void;

const SPOIL: Readonly<Record<Spoiling, Spoil>> = {
  mixed: (own, rows, _, grid, random) => {
    for (let column = 0; column < grid.columns; column++) {
      const other = random.below(rowsOf(rows)) * rows.width;
      eachOf(grid, column, (at) => {
        own[at] = rows.data[other + at] as number;
      });
    }
  },
  moved: (own, rows, n, grid) => {
    const by = Math.ceil(grid.columns / 16);
    for (let column = 0; column < grid.columns; column++) {
      const from = (Math.max(0, column - by) - column) * grid.channels;
      eachOf(grid, column, (at) => {
        own[at] = rows.data[n * rows.width + at + from] as number;
      });
    }
  },
  patched: (own, rows, n, { lines, columns, channels }, random) => {
    const [height, width] = [lines >> 2, columns >> 2];
    const place = () => (random.below(lines - height + 1) * columns + random.below(columns - width + 1)) * channels;
    const [to, from] = [place(), n * rows.width + place()];
    for (let line = 0; line < height; line++) {
      const start = line * columns * channels;
      own.set(rows.data.subarray(from + start, from + start + width * channels), to + start);
    }
  },
  reversed: (own, rows, n, { lines, columns, channels }) => {
    const size = columns * channels;
    for (let line = 0; line < lines; line++) {
      const from = n * rows.width + (lines - 1 - line) * size;
      own.set(rows.data.subarray(from, from + size), line * size);
    }
  },
  blended: (own, rows, _, __, random) => {
    const other = random.below(rowsOf(rows)) * rows.width;
    for (let at = 0; at < own.length; at++) own[at] = ((own[at] as number) + (rows.data[other + at] as number)) / 2;
  },
};

/** Places of one column in a row. */
function eachOf({ lines, columns, channels }: Grid, column: number, visit: (at: number) => void): void {
  for (let line = 0; line < lines; line++)
    for (let c = 0; c < channels; c++) visit((line * columns + column) * channels + c);
}
