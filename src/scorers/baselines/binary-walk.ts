/** Complete binary trees, walked by all rows at once, as an ONNX graph of gathers and comparisons. */
import { GraphBuilder } from '../../engine/builder.js';
import type { Graph, Value } from '../../engine/graph.js';
import { serialise } from '../../engine/index.js';

/** Larger than any value: always to the left. Infinity has no place in a shader. */
export const ALWAYS_LEFT = 3.4028234663852886e38;

/**
 * T trees of one depth. Level l has T·2^l nodes, the nodes of a tree together, so that the children of the node at
 * place q are at 2q and 2q + 1 of the next level.
 */
export interface Level {
  /** Right from here on (T·2^l). */
  readonly thresholds: Float32Array;
  /** The column that each node looks at (T·2^l); null: tree t looks at column t everywhere. */
  readonly columns: Int32Array | null;
}

/** Raw rows (N, W) as the input of a graph, and the operators that walking takes. */
export class WalkGraph {
  readonly #builder = new GraphBuilder();
  readonly rows: Value;

  constructor(readonly width: number) {
    this.rows = this.#builder.input('rows', [-1, width], 'float32');
  }

  /** @returns the leaf that each row ends at in each tree (N, T): the place in a level of T·2^depth leaves */
  walk(levels: readonly Level[], trees: number): Value {
    let place = this.integers(
      Int32Array.from({ length: trees }, (_, t) => t),
      [1, trees],
    );
    levels.forEach(({ thresholds, columns }, depth) => {
      const threshold = this.gather(this.floats(thresholds, [thresholds.length]), place);
      const value = columns ? this.#pick(columns, place, depth) : this.rows;
      const right = this.emit('GreaterOrEqual', [value, threshold], {}, [-1, trees], 'bool');
      const step = this.emit('Cast', [right], { to: 'int32' }, [-1, trees], 'int32');
      const doubled = this.emit('Add', [place, place], {}, place.shape, 'int32');
      place = this.emit('Add', [doubled, step], {}, [-1, trees], 'int32');
    });
    return place;
  }

  /** The value of each row in the column that its node looks at (N, T); at the root all rows look at the same ones. */
  #pick(columns: Int32Array, place: Value, depth: number): Value {
    const table = this.integers(columns, [columns.length]);
    if (depth === 0) return this.emit('Gather', [this.rows, table], { axis: 1 }, [-1, columns.length], 'float32');
    return this.emit('GatherElements', [this.rows, this.gather(table, place)], { axis: 1 }, place.shape, 'float32');
  }

  /** table[index], element by element. */
  gather(table: Value, index: Value): Value {
    return this.emit('Gather', [table, index], { axis: 0 }, index.shape, table.dtype);
  }

  floats(data: Float32Array, shape: readonly number[]): Value {
    return this.#builder.constant(data, shape, 'float32');
  }

  integers(data: Int32Array, shape: readonly number[]): Value {
    return this.#builder.constant(data, shape, 'int32');
  }

  emit(...operator: Parameters<GraphBuilder['emit']>): Value {
    return this.#builder.emit(...operator);
  }

  /** Over the second axis: (N, T) → (N). */
  sum(x: Value): Value {
    return this.emit('ReduceSum', [x], { axes: [1], keepdims: 0 }, [-1], 'float32');
  }

  /** @param energy (N) */
  serialise(scorer: string, energy: Value): Uint8Array {
    const graph: Graph = {
      inputs: [{ name: 'rows', value: this.rows }],
      outputs: [{ name: 'energy', value: energy }],
    };
    return serialise(graph, { scorer });
  }
}

/**
 * Search tree over ascending knots: leaf r is reached by the values that r knots are ≤.
 * @param knots at most 2^depth − 1   @returns the thresholds of each level
 */
export function searchTree(knots: Float32Array, depth: number): Float32Array[] {
  return Array.from({ length: depth }, (_, level) =>
    Float32Array.from({ length: 2 ** level }, (_, place) => {
      const at = (2 * place + 1) * 2 ** (depth - 1 - level) - 1;
      return knots[at] ?? ALWAYS_LEFT;
    }),
  );
}
