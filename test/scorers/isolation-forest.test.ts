import { describe, expect, it } from 'vitest';
import { record } from '../../src/scorers/baselines/isolation-forest.js';
import { growTree, type IsolationTree, meanPathLength } from '../../src/scorers/baselines/isolation-tree.js';
import { openRandom } from '../../src/scorers/random.js';
import type { RowMatrix } from '../../src/scorers/row-matrix.js';
import { expectEnergies, fitBaseline, madeUpRows, rowAt, scoreRows } from './fit-baseline.js';

function pathLength(tree: IsolationTree, row: readonly number[]): number {
  if ('pathLength' in tree) return tree.pathLength;
  return pathLength((row[tree.column] as number) < tree.threshold ? tree.left : tree.right, row);
}

const every = (count: number): Int32Array => Int32Array.from({ length: count }, (_, i) => i);

describe('isolation forest', () => {
  it('knows the mean path length of 1, 2, 3 and 256 rows', () => {
    const lengths = [1, 2, 3, 256].map(meanPathLength);
    expect(lengths[0]).toBe(0);
    expect(lengths[1]).toBe(1);
    // 2 H(2) − 4/3 with the paper's H(i) = ln i + 0.5772156649.
    expect(lengths[2]).toBeCloseTo(2 * (Math.log(2) + 0.5772156649) - 4 / 3, 8);
    expect(lengths[3]).toBeCloseTo(10.2448, 4);
  });

  it('isolates 10 among 0, 1 and 10 after 1.1 splits on average, 0 after 1.9 and 1 after 2', () => {
    const rows: RowMatrix = { data: Float32Array.of(0, 1, 10), width: 1 };
    const trees = Array.from({ length: 20_000 }, (_, t) => growTree(rows, every(3), 5, openRandom(1, t)));
    const mean = (x: number): number => trees.reduce((sum, tree) => sum + pathLength(tree, [x]), 0) / trees.length;
    expect(mean(10)).toBeCloseTo(1.1, 1.7);
    expect(mean(0)).toBeCloseTo(1.9, 1.7);
    expect(mean(1)).toBe(2);
  });

  it('scores in the graph 2^(−mean path / c(ψ)), for any number of rows', async () => {
    const rows = madeUpRows(64, 4, 1);
    const trees = Array.from({ length: 30 }, (_, t) => growTree(rows, every(64), 6, openRandom(2, t)));
    const onnx = record(4, trees, 6, meanPathLength(64));
    for (const count of [1, 7, 500]) {
      const test = madeUpRows(count, 4, 3);
      const expected = Array.from({ length: count }, (_, n) => {
        const total = trees.reduce((sum, tree) => sum + pathLength(tree, rowAt(test, n)), 0);
        return 2 ** (-total / trees.length / meanPathLength(64));
      });
      expectEnergies(await scoreRows(onnx, test), expected, 1e-5);
    }
  });

  it('gives every row of identical ones the same score, .5', async () => {
    const { onnx } = await fitBaseline('isolation-forest', { data: new Float32Array(400).fill(3), width: 4 });
    const scores = await scoreRows(onnx, { data: Float32Array.of(3, 3, 3, 3, 9, 9, 9, 9), width: 4 });
    expect(scores[0]).toBeCloseTo(0.5, 6);
    expect(scores[1]).toBe(scores[0]);
  });
});
