import { type FitOptions, type FittedModel, stopIfCancelled } from '../method.js';
import type { RowMatrix } from '../row-matrix.js';
import { type Level, searchTree, WalkGraph } from './binary-walk.js';
import type { ECOD } from './defaults.js';
import { fittedModel } from './rows.js';
import type { Values } from './settings.js';
import { type Distribution, distributionOf, keptValues, type TailTable, tailTable } from './tail-table.js';

/** Leaves of one column's search tree, and of all of them together: 12 bytes each. */
const MOST_LEAVES = 2_048;
const MOST_LEAVES_TOGETHER = 4_000_000;
/** Errors of log tail probabilities that are tried until the tables are small enough. */
const ERRORS = [0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 20];

/**
 * Energy: the largest of Σ_j −log P(X_j ≤ x_j), Σ_j −log P(X_j ≥ x_j), and the same sum over the tail that each column's
 * skewness points to (left where it is negative). Tables hold every value where few differ; else no more than keep
 * each logarithm within `tailError`.
 */
export function fitEcod(rows: RowMatrix, settings: Values<typeof ECOD>, options: FitOptions): FittedModel {
  const columns = Array.from({ length: rows.width }, (_, j) => columnOf(rows, j));
  const distributions = columns.map((column) => {
    stopIfCancelled(options);
    return distributionOf(column);
  });
  const { error, depth } = smallEnough(distributions, settings.tailError);
  const tables = distributions.map((distribution) => tailTable(distribution, error));
  const toTheLeft = columns.map((column) => skewness(column) < 0);
  const onnx = record(tables, toTheLeft, depth);
  return fittedModel(rows, options, onnx, { tailError: error, depth });
}

const columnOf = ({ data, width }: RowMatrix, j: number): Float32Array =>
  Float32Array.from({ length: data.length / width }, (_, n) => data[n * width + j] as number);

/** The least error under which every column's knots fit into a tree of the depth that memory allows. */
function smallEnough(distributions: readonly Distribution[], least: number): { error: number; depth: number } {
  const share = MOST_LEAVES_TOGETHER / distributions.length;
  const most = Math.max(2, Math.floor(Math.log2(Math.min(MOST_LEAVES, share))));
  for (const error of [least, ...ERRORS.filter((tried) => tried > least)]) {
    const knots = distributions.reduce((top, own) => Math.max(top, 2 * keptValues(own, error).length), 0);
    const depth = Math.ceil(Math.log2(knots + 1));
    if (depth <= most) return { error, depth };
  }
  throw new RangeError(`tail tables of ${distributions.length} columns do not fit into ${most} levels`);
}

/** Third moment over the deviation cubed; 0 for a constant column. */
function skewness(column: Float32Array): number {
  const mean = column.reduce((sum, x) => sum + x, 0) / column.length;
  let [squares, cubes] = [0, 0];
  for (const x of column) {
    const square = (x - mean) * (x - mean);
    squares += square;
    cubes += square * (x - mean);
  }
  return squares > 0 ? cubes / column.length / (squares / column.length) ** 1.5 : 0;
}

function record(tables: readonly TailTable[], toTheLeft: readonly boolean[], depth: number): Uint8Array {
  const width = tables.length;
  const graph = new WalkGraph(width);
  const leaf = graph.walk(levelsOf(tables, depth), width);
  const tail = (side: 'left' | 'right') => {
    const values = Float32Array.from(tables.flatMap((table) => padded(table[side], 2 ** depth)));
    return graph.gather(graph.floats(values, [values.length]), leaf);
  };
  const [left, right] = [tail('left'), tail('right')];
  const share = graph.floats(Float32Array.from(toTheLeft, Number), [1, width]);
  const skewed = graph.emit('Cast', [share], { to: 'bool' }, [1, width], 'bool');
  const chosen = graph.emit('Where', [skewed, left, right], {}, [-1, width], 'float32');
  const energy = graph.emit(
    'Max',
    [left, right, chosen].map((x) => graph.sum(x)),
    {},
    [-1],
    'float32',
  );
  return graph.serialise('ecod', energy);
}

function levelsOf(tables: readonly TailTable[], depth: number): Level[] {
  const trees = tables.map(({ knots }) => searchTree(knots, depth));
  return Array.from({ length: depth }, (_, level) => ({
    thresholds: Float32Array.from(trees.flatMap((tree) => [...(tree[level] as Float32Array)])),
    columns: null,
  }));
}

/** Leaves behind the last knot are never reached. */
const padded = (values: Float32Array, length: number): number[] => [
  ...values,
  ...new Array<number>(length - values.length).fill(0),
];
