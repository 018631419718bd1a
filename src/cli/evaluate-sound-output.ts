/** The table of `auscult evaluate` of labelled clips. */
import type { SoundMetrics } from '../evaluation/sound/judge.js';
import { counted } from '../evaluation/sound/layouts/words.js';
import { levelWords } from '../evaluation/sound/report/tables.js';
import type { SoundFigures, SoundMean, SoundResult, SoundResultObject } from '../evaluation/sound/sound-json.js';
import { printLine, printTable } from './output.js';

/** One line a machine and method, as recorded and level-matched side by side; then the means. */
export function printSound({ dataset, results, mean, seeds, firstSeed, clips }: SoundResultObject): void {
  const from = firstSeed === 0 ? '' : ` from ${firstSeed}`;
  const machines = new Set(results.map(({ machine }) => machine)).size;
  printLine(`${dataset}: ${counted(machines, 'machine')}, ${clips} clips; ${counted(seeds, 'seed')}${from}`);
  printLine();
  printTable(
    ['machine', 'method', 'clips', ...bothLevels(['AUC', 'pAUC', 'F1'])],
    pairs(results).map(([recorded, matched]) => {
      const { machine, method, normals, anomalies } = recorded ?? (matched as SoundResult);
      return [machine, method, `${normals} + ${anomalies}`, ...cells(recorded), ...cells(matched)];
    }),
  );
  if (machines > 1) printMeans(mean);
  printLine();
  for (const line of aboutThresholds(results)) printLine(line);
  for (const { machine, method, levelMatched, domains } of results)
    for (const { domain, auc, pauc } of domains)
      printLine(
        `${machine}, ${method}, ${levelWords(levelMatched)}, ${domain}: AUC ${fraction(auc)}, pAUC ${fraction(pauc)}`,
      );
}

const bothLevels = (names: readonly string[]): string[] =>
  [false, true].flatMap((matched) => names.map((name, i) => (i === 0 ? `${levelWords(matched)}: ${name}` : name)));

/** Rows of one machine and method: as recorded, level-matched. */
function pairs<T extends { method: string; levelMatched: boolean }>(
  rows: readonly (T & { machine?: string; type?: string | null })[],
): [T | undefined, T | undefined][] {
  const byName = new Map<string, [T | undefined, T | undefined]>();
  for (const row of rows) {
    const key = JSON.stringify([row.machine, row.type, row.method]);
    const pair = byName.get(key) ?? [undefined, undefined];
    pair[row.levelMatched ? 1 : 0] = row;
    byName.set(key, pair);
  }
  return [...byName.values()];
}

const SHOWN = ['auc', 'pauc', 'f1'] as const satisfies readonly (keyof SoundMetrics)[];

function cells(row: SoundResult | undefined): string[] {
  if (!row) return SHOWN.map(() => '');
  return SHOWN.map((name) => {
    const value = row[name];
    if (value === null) return 'failed';
    return row.deviations ? `${fraction(value)} ± ${fraction(row.deviations[name])}` : fraction(value);
  });
}

function printMeans(means: readonly SoundMean[]): void {
  printLine();
  const ranked = means.some(({ official }) => official !== null);
  const official = ranked ? ['official'] : [];
  printTable(
    ['mean of', 'method', 'machines', ...bothLevels(['AUC', 'pAUC', 'harmonic AUC', 'pAUC', ...official])],
    pairs(means).map(([recorded, matched]) => {
      const { type, method, machines } = recorded ?? (matched as SoundMean);
      return [type ?? 'all', method, machines, ...meanCells(recorded, ranked), ...meanCells(matched, ranked)];
    }),
  );
  if (ranked) printLine('official: harmonic mean of AUC in either domain and pAUC, by which the challenge ranks');
}

function meanCells(mean: SoundMean | undefined, ranked: boolean): string[] {
  const two = (figures: SoundFigures | undefined) => [maybe(figures?.auc), maybe(figures?.pauc)];
  return [...two(mean?.arithmetic), ...two(mean?.harmonic), ...(ranked ? [maybe(mean?.official)] : [])];
}

function aboutThresholds(results: readonly SoundResult[]): string[] {
  const words = { 'held-out': 'held-out clips', training: 'all training clips, since fewer than 10 are held out' };
  const machines = (from: SoundResult['thresholdFrom']) => [
    ...new Set(results.filter((row) => row.thresholdFrom === from).map(({ machine }) => machine)),
  ];
  return (['held-out', 'training'] as const).flatMap((from) => {
    const names = machines(from);
    return names.length === 0 ? [] : [`F1 at the 90 % point of a gamma fit to ${words[from]}: ${names.join(', ')}`];
  });
}

const maybe = (value: number | null | undefined): string =>
  value === null || value === undefined ? '' : fraction(value);

/** .937; 1.000 */
const fraction = (value: number): string => value.toFixed(3).replace(/^0\./, '.');
