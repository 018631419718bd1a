import { type FitOptions, type FittedModel, stopIfCancelled } from '../method.js';
import { openRandom } from '../random.js';
import { type RowMatrix, rowsOf } from '../row-matrix.js';
import { ALWAYS_LEFT, type Level, WalkGraph } from './binary-walk.js';
import type { ISOLATION_FOREST } from './defaults.js';
import { growTree, type IsolationTree, meanPathLength } from './isolation-tree.js';
import { fittedModel } from './rows.js';
import type { Values } from './settings.js';

/**
 * Energy: the anomaly score s = 2^(−E[h(x)] / c(ψ)), 0…1, of t trees on ψ rows each, at most ⌈log2 ψ⌉ deep.
 * Columns need no scaling: a threshold is drawn between a column's own extremes.
 */
export function fitIsolationForest(
  rows: RowMatrix,
  settings: Values<typeof ISOLATION_FOREST>,
  options: FitOptions,
): FittedModel {
  const sample = Math.min(settings.sample, rowsOf(rows));
  const depth = Math.ceil(Math.log2(sample));
  const trees = Array.from({ length: settings.trees }, (_, t) => {
    stopIfCancelled(options);
    const random = openRandom(options.seed, 'isolation-tree', t);
    return growTree(rows, random.permutation(rowsOf(rows)).subarray(0, sample), depth, random);
  });
  const onnx = record(rows.width, trees, depth, meanPathLength(sample));
  return fittedModel(rows, options, onnx, { trees: settings.trees, sample, depth });
}

/** @param normal c(ψ)   @returns raw rows → scores, as ONNX */
export function record(width: number, trees: readonly IsolationTree[], depth: number, normal: number): Uint8Array {
  const graph = new WalkGraph(width);
  const { levels, pathLengths } = complete(trees, depth);
  const leaf = graph.walk(levels, trees.length);
  const total = graph.sum(graph.gather(graph.floats(pathLengths, [pathLengths.length]), leaf));
  const factor = graph.floats(Float32Array.of(-Math.LN2 / (normal * trees.length)), []);
  const exponent = graph.emit('Mul', [total, factor], {}, [-1], 'float32');
  return graph.serialise('isolation-forest', graph.emit('Exp', [exponent], {}, [-1], 'float32'));
}

/** The trees filled up to one depth: below an early leaf, all values go left and the path stays as long as it was. */
function complete(trees: readonly IsolationTree[], depth: number) {
  const levels: Level[] = [];
  let nodes: readonly IsolationTree[] = trees;
  for (let level = 0; level < depth; level++) {
    levels.push({
      thresholds: Float32Array.from(nodes, (node) => ('threshold' in node ? node.threshold : ALWAYS_LEFT)),
      columns: Int32Array.from(nodes, (node) => ('column' in node ? node.column : 0)),
    });
    nodes = nodes.flatMap((node) => ('left' in node ? [node.left, node.right] : [node, node]));
  }
  return { levels, pathLengths: Float32Array.from(nodes, (node) => ('pathLength' in node ? node.pathLength : 0)) };
}
