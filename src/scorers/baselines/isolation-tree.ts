import type { Random } from '../random.js';
import type { RowMatrix } from '../row-matrix.js';

/** A leaf knows how long a path ends there; a node sends values below `threshold` to the left. */
export type IsolationTree =
  | { readonly pathLength: number }
  | {
      readonly column: number;
      readonly threshold: number;
      readonly left: IsolationTree;
      readonly right: IsolationTree;
    };

const EULER = 0.5772156649015329;

/** Mean path length of an unsuccessful search among n: c(n) = 2 H(n−1) − 2(n−1)/n. Liu et al., 2008, eq. 1. */
export function meanPathLength(n: number): number {
  if (n <= 1) return 0;
  if (n === 2) return 1;
  return 2 * (Math.log(n - 1) + EULER) - (2 * (n - 1)) / n;
}

/** Liu et al., 2008, algorithm 2. Columns that are constant among the rows are not drawn: they split nothing. */
export function growTree(
  rows: RowMatrix,
  index: Int32Array,
  depthLeft: number,
  random: Random,
  depth = 0,
): IsolationTree {
  const drawn = index.length > 1 && depthLeft > 0 ? drawColumn(rows, index, random) : null;
  if (!drawn) return { pathLength: depth + meanPathLength(index.length) };
  const threshold = between(drawn.minimum, drawn.maximum, random);
  const isLeft = (n: number): boolean => (rows.data[n * rows.width + drawn.column] as number) < threshold;
  const grow = (part: Int32Array): IsolationTree => growTree(rows, part, depthLeft - 1, random, depth + 1);
  const [left, right] = [index.filter(isLeft), index.filter((n) => !isLeft(n))];
  return { column: drawn.column, threshold, left: grow(left), right: grow(right) };
}

interface Range {
  readonly column: number;
  readonly minimum: number;
  readonly maximum: number;
}

/** Columns that are drawn blindly before all are looked at. */
const TRIES = 16;

/** One of the columns that are not constant, each as likely as another; null when all are. */
function drawColumn(rows: RowMatrix, index: Int32Array, random: Random): Range | null {
  for (let i = 0; i < TRIES; i++) {
    const range = rangeOf(rows, index, random.below(rows.width));
    if (range.minimum < range.maximum) return range;
  }
  const all = Array.from({ length: rows.width }, (_, column) => rangeOf(rows, index, column));
  const varied = all.filter(({ minimum, maximum }) => minimum < maximum);
  return varied[varied.length > 0 ? random.below(varied.length) : 0] ?? null;
}

function rangeOf({ data, width }: RowMatrix, index: Int32Array, column: number): Range {
  let minimum = Number.POSITIVE_INFINITY;
  let maximum = Number.NEGATIVE_INFINITY;
  for (const n of index) {
    const x = data[n * width + column] as number;
    if (x < minimum) minimum = x;
    if (x > maximum) maximum = x;
  }
  return { column, minimum, maximum };
}

/** Uniform in (minimum, maximum] as a float32, so that both sides get a row. */
function between(minimum: number, maximum: number, random: Random): number {
  const drawn = Math.fround(maximum - (maximum - minimum) * random.uniform());
  return drawn > minimum ? drawn : maximum;
}
