/** The table of `auscult evaluate`. */
import type { Dataset } from '../evaluation/dataset.js';
import type { MethodOutcome } from '../evaluation/evaluate.js';
import type { ResultObject, ResultRow } from '../evaluation/result-json.js';
import { PROTOCOL_WORDS } from '../evaluation/split.js';
import { type Difference, type Spread, secondsWords } from '../evaluation/summary.js';
import { printLine, printTable } from './output.js';

export function printEvaluation(dataset: Dataset, result: ResultObject, outcomes: readonly MethodOutcome[]): void {
  printLine(headline(dataset, result, outcomes));
  printLine(`protocol ${result.protocol}: ${PROTOCOL_WORDS[result.protocol]}`);
  printLine();
  const sources = [...new Set((result.published ?? []).map(({ source }) => source))];
  const published = sources.length > 0;
  const columns = ['method', 'preset', 'precision', 'recall', 'F1', 'AUC', 'AP', 'ΔF1', 'fit s', 'score s'];
  printTable(
    published ? [...columns, 'published F1'] : columns,
    result.results.map((row) => [...cells(row, result.seeds), ...(published ? [publishedCell(row, sources)] : [])]),
  );
  printLine();
  if (result.results.length > 1)
    printLine(`ΔF1: less ${outcomes[0]?.name}, over the same splits, ± standard error of the mean difference`);
  printPublished(result, sources);
}

function headline(
  { name, table, anomalous }: Dataset,
  result: ResultObject,
  outcomes: readonly MethodOutcome[],
): string {
  const rows = anomalous.filter((label) => label <= 1).length;
  const anomalies = anomalous.filter((label) => label === 1).length;
  const widths = outcomes.flatMap(({ trials }) => trials.flatMap((trial) => (trial ? [trial.width] : [])));
  const [least, most] = [Math.min(...widths), Math.max(...widths)];
  const encoded = widths.length === 0 ? '' : `, encoded as ${least === most ? least : `${least}–${most}`} numbers`;
  const { seeds, firstSeed, splitSeed } = result;
  const splits = splitSeed === null ? 'each its own split' : `all on split ${splitSeed}`;
  const from = firstSeed === 0 ? '' : ` from ${firstSeed}`;
  return `${name}: ${rows} rows, ${anomalies} anomalies (${((100 * anomalies) / rows).toFixed(1)} %), ${table.columns.length} columns${encoded}; ${seeds} seeds${from}, ${splits}`;
}

function cells(row: ResultRow, seeds: number): string[] {
  const { method, preset, precision, recall, f1, auc, ap, difference, fitSeconds, scoreSeconds, trials } = row;
  const name = trials < seeds ? `${method} (${trials} of ${seeds})` : method;
  const figures = [precision, recall, f1, auc, ap].map((value) => (value ? spread(value, trials) : 'failed'));
  return [
    name,
    preset,
    ...figures,
    difference ? differenceCell(difference.f1) : '',
    seconds(fitSeconds),
    seconds(scoreSeconds),
  ];
}

const spread = ({ mean, sd }: Spread, trials: number): string =>
  trials > 1 ? `${fraction(mean)} ± ${fraction(sd)}` : fraction(mean);

/** .937; 1.000 */
const fraction = (value: number): string => value.toFixed(3).replace(/^0\./, '.').replace(/^-0\./, '−.');

function differenceCell(difference: Difference | null): string {
  if (difference === null) return '';
  const sign = difference.mean >= 0 ? '+' : '';
  const error = difference.standardError === null ? '' : ` ± ${fraction(difference.standardError)}`;
  return `${sign}${fraction(difference.mean)}${error}`;
}

const seconds = (value: Spread | undefined): string => (value ? secondsWords(value) : '');

function publishedCell({ published = [] }: ResultRow, sources: readonly string[]): string {
  return published.map(({ f1, source }) => `${fraction(f1)} [${sources.indexOf(source) + 1}]`).join(', ');
}

function printPublished({ published = [], results }: ResultObject, sources: readonly string[]): void {
  if (published.length === 0) return;
  const others = published.filter(({ method }) => !results.some((row) => row.method === method));
  if (others.length > 0)
    printLine(`published F1 of others: ${others.map(({ method, f1 }) => `${method} ${fraction(f1)}`).join(', ')}`);
  for (const [i, source] of sources.entries()) printLine(`[${i + 1}] ${source}`);
}
