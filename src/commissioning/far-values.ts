import type { TableSpec } from '../contracts.js';
import { toNumber } from '../features/table-fit.js';
import type { Cells } from '../sources/tables/cells.js';

/** Share of the values, at either end, that may be slips; more is how the column is. */
const SLIPS = 0.01;
/** A far value lies this many times beyond the range of the others: some 140 deviations of a Gaussian. */
const RANGES = 30;
/** … and this many times as far from the median as any value that is not far. */
const GAP = 10;

/**
 * Numeric columns with a few values very far from all others (65535 for a sensor without an answer), a line each: such a
 * value is most of the column's deviation, beside which faults of it look small. The range is of the middle 98 %, since an
 * interquartile one is tiny or 0 for a machine that mostly stands. Counters of bytes have values as far out, but others on
 * the way there: a slip has none between, so a gap is asked for.
 * @param rows all that were recorded: held out, a far value spoils the threshold
 */
export function farValues({ columns }: TableSpec, rows: readonly Cells[]): string[] {
  return columns.flatMap(({ name, type }) => {
    if (type !== 'numeric') return [];
    const numbers = rows.flatMap((cells) => toNumber(cells[name] ?? null) ?? []);
    const found = farFrom(Float64Array.from(numbers).sort());
    if (!found) return [];
    const [farthest, least, most] = [found.farthest, found.least, found.most].map((x) => Number(x.toPrecision(6)));
    const values = found.count === 1 ? `the value ${farthest}` : `${found.count} values such as ${farthest}`;
    return [
      `column ${name} has ${values}, and all others in ${least} to ${most}: faults of it would look small; ` +
        'clean the recording of such values, or leave the column out',
    ];
  });
}

function farFrom(ascending: Float64Array): { count: number; farthest: number; least: number; most: number } | null {
  const at = (i: number): number => ascending.at(i) ?? Number.NaN;
  const slips = Math.floor(SLIPS * ascending.length);
  if (slips === 0) return null;
  const [low, high] = [at(slips), at(-1 - slips)];
  const reach = RANGES * (high - low);
  const near = ascending.filter((value) => value >= low - reach && value <= high + reach);
  const count = ascending.length - near.length;
  if (reach === 0 || count === 0) return null;
  const median = at(Math.floor(ascending.length / 2));
  const [least, most] = [near.at(0) ?? Number.NaN, near.at(-1) ?? Number.NaN];
  const spread = Math.max(median - least, most - median);
  const far = ascending.filter((value) => value < least || value > most).map((value) => Math.abs(value - median));
  if (far.some((distance) => distance < GAP * spread)) return null;
  return { count, farthest: median - at(0) > at(-1) - median ? at(0) : at(-1), least, most };
}
