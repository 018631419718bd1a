import { describe, expect, it } from 'vitest';
import { applyTransform, fitTransform } from '../../src/scorers/input-transform.js';
import { bend } from '../../src/scorers/power-curve.js';
import { openRandom } from '../../src/scorers/random.js';
import { mapRows } from '../../src/scorers/recorded.js';
import type { RowMatrix } from '../../src/scorers/row-matrix.js';
import { transformInGraph } from '../../src/scorers/transform-graph.js';

const options = {
  scaling: 'power',
  clip: 10,
  whitenTo: 0,
  whitenAboveWidth: 1_000,
  whitenBelowRowsPerColumn: 0,
} as const;

/** Skewed to the right, symmetric, and zero in most rows. */
function table(count: number, seed: number): RowMatrix {
  const random = openRandom(seed, 'table');
  const row = (): number[] => [
    Math.exp(random.normal()),
    random.normal(),
    random.uniform() < 0.7 ? 0 : random.uniform(),
  ];
  return { data: Float32Array.from(Array.from({ length: count }, row).flat()), width: 3 };
}

function skewness(values: number[]): number {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const moment = (p: number): number => values.reduce((sum, x) => sum + (x - mean) ** p, 0) / values.length;
  return moment(3) / moment(2) ** 1.5;
}

describe('columns bent towards bells', () => {
  it('makes a skewed column even, and leaves an even one and one that is mostly zero', () => {
    const rows = table(2_000, 1);
    const transform = fitTransform(rows, options);
    const { data } = applyTransform(rows, transform);
    const column = (from: Float32Array, j: number): number[] => [...from].filter((_, at) => at % 3 === j);
    expect(skewness(column(rows.data, 0))).toBeGreaterThan(3);
    expect(Math.abs(skewness(column(data, 0)))).toBeLessThan(1.5);
    expect(transform.curves?.power[1]).toBeCloseTo(1, 0);
    expect(transform.curves?.power[2]).toBe(1);
  });

  it('grows without end on both sides, so that what lies further out stays further out', () => {
    for (const power of [1e-3, 0.5, 1, 1.5, 2 - 1e-3]) {
      expect(bend(0, power)).toBeCloseTo(0, 12);
      const bent = [-1e6, -10, -1, -0.1, 0, 0.1, 1, 10, 1e6].map((x) => bend(x, power));
      expect(bent).toEqual([...bent].sort((a, b) => a - b));
      expect(bend(1e6, power) - bend(10, power)).toBeGreaterThan(1);
    }
  });

  it('does the same in the graph, for rows far away as well', async () => {
    const rows = table(500, 2);
    const transform = fitTransform(rows, options);
    const far = { width: 3, data: Float32Array.from([...rows.data.subarray(0, 300), 1e30, -1e30, 1e6, -1e6, 50, -50]) };
    const onHost = applyTransform(far, transform).data;
    const input = { data: far.data, shape: [far.data.length / 3, 3] };
    const inGraph = await mapRows([input], ([x]) => transformInGraph(x as never, transform), 3);
    onHost.forEach((value, at) => {
      expect(Math.abs(value - (inGraph[at] as number))).toBeLessThan(2e-3);
    });
  });
});
