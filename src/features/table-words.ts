import type { Contribution, TableSpec } from '../contracts.js';
import type { Cell, Cells } from '../sources/tables/cells.js';
import { toNumber } from './table-fit.js';

type Column = TableSpec['columns'][number];

/** Columns that are said, and the share of the largest blame that a column needs to be one of them. */
const MAX_COLUMNS = 3;
const WORTH_SAYING = 0.25;

/** "Pressure 4.2 σ above normal (0.82, normally 0.05); Current 3.1 σ below normal (0.4, normally 1.2)." */
export function tableWords(spec: TableSpec, cells: Cells, contribution: Contribution | null): string {
  const blame = blameByName(contribution) ?? blameByDeviation(spec, cells);
  const ranked = spec.columns
    .map((column) => ({ column, blame: blame.get(column.name) ?? 0 }))
    .sort((a, b) => b.blame - a.blame);
  const most = ranked[0]?.blame ?? 0;
  if (!(most > 0)) return 'An unusual combination of columns, none of them unusual by itself.';
  const said = ranked.filter((entry) => entry.blame >= WORTH_SAYING * most).slice(0, MAX_COLUMNS);
  return `${said.map(({ column }) => columnWords(column, cells[column.name] ?? null)).join('; ')}.`;
}

function columnWords(column: Column, cell: Cell): string {
  if (cell === null) return `${column.name} is missing`;
  if (column.type === 'categorical') {
    const seen = column.categories.includes(String(cell));
    return `${column.name} is "${cell}"${seen ? '' : ', never seen in training'}`;
  }
  const number = toNumber(cell);
  if (number === null) return `${column.name} is "${cell}", expected a number`;
  const sigmas = (number - column.mean) / column.deviation;
  const values = `(${apart(number, column.mean)})`;
  if (Math.abs(sigmas) < 1) return `${column.name} unusual beside the other columns ${values}`;
  const many = Math.abs(sigmas) >= 10 ? Math.abs(sigmas).toFixed(0) : Math.abs(sigmas).toFixed(1);
  return `${column.name} ${many} σ ${sigmas > 0 ? 'above' : 'below'} normal ${values}`;
}

/** Labels are column names, or `name = category`. */
function blameByName(contribution: Contribution | null): Map<string, number> | null {
  const axis = contribution?.axes.find((candidate) => candidate.axis === 'column');
  if (axis === undefined) return null;
  const blame = new Map<string, number>();
  axis.labels.forEach((label, i) => {
    const name = label.split(' = ')[0] ?? label;
    for (const key of new Set([label, name])) blame.set(key, (blame.get(key) ?? 0) + (axis.values[i] ?? 0));
  });
  return blame;
}

/** Without an explanation: how far each column is from its mean, and unknown categories above all. */
function blameByDeviation(spec: TableSpec, cells: Cells): Map<string, number> {
  return new Map(
    spec.columns.map((column) => {
      const cell = cells[column.name] ?? null;
      if (column.type === 'categorical') {
        const unknown = cell !== null && !column.categories.includes(String(cell));
        return [column.name, unknown ? 10 : 0];
      }
      return [column.name, Math.abs(((toNumber(cell) ?? column.mean) - column.mean) / column.deviation)];
    }),
  );
}

/** "0.82, normally 0.05": three significant digits, or as many more, up to six, as part the two. */
function apart(value: number, usual: number): string {
  const digits = [3, 4, 5].find((count) => round(value, count) !== round(usual, count)) ?? 6;
  return `${round(value, digits)}, normally ${round(usual, digits)}`;
}

function round(value: number, digits: number): string {
  return String(Number(value.toPrecision(digits))).replace('-', '−');
}
