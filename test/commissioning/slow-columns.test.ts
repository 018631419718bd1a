import { describe, expect, it } from 'vitest';
import { slowColumns } from '../../src/commissioning/slow-columns.js';
import { TableEncoder } from '../../src/features/table-encoder.js';
import { fitTableSpec } from '../../src/features/table-fit.js';

let seed = 3;
const noise = () => {
  seed = (seed * 1103515245 + 12345) % 2147483648;
  return seed / 2147483648 - 0.5;
};

function told(count: number, row: (i: number) => Record<string, number | string>): string[] {
  const rows = Array.from({ length: count }, (_, i) => row(i));
  const spec = fitTableSpec(rows);
  const encoder = new TableEncoder(spec);
  const data = Float32Array.from(rows.flatMap((cells) => [...encoder.encode(cells, 'row')]));
  return slowColumns(spec, data, encoder.width);
}

describe('columns that hardly moved while they were recorded', () => {
  it('are told, those that moved many times are not', () => {
    const lines = told(400, (i) => ({
      mode: ['a', 'b'][i % 2] ?? '',
      flow: noise(),
      // One slow swing in all, with a little noise; twenty swings.
      temperature: Math.sin(i / 130) + 0.01 * noise(),
      pressure: Math.sin(i / 3) + 0.01 * noise(),
    }));
    expect(lines).toEqual([
      expect.stringMatching(
        /^column temperature moves so slowly that 400 rows are worth \d independent values?: .*record longer/,
      ),
    ]);
  });

  it('are told where nothing of a column moves once it is encoded', () => {
    const spec = fitTableSpec([{ temperature: 0 }, { temperature: 4 }]);
    expect(slowColumns(spec, new Float32Array(400), 1)).toEqual([
      expect.stringContaining('column temperature moves so slowly that 400 rows are worth 1 independent value:'),
    ]);
  });

  it('are not looked for among a handful of rows', () => {
    expect(told(60, (i) => ({ temperature: Math.sqrt(i), flow: noise() }))).toEqual([]);
  });
});
