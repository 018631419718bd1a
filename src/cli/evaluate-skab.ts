/** `auscult evaluate --dataset skab`. */
import { methodRuns } from '../evaluation/method-request.js';
import { parseAssignment } from '../evaluation/settings.js';
import {
  evaluateSkab,
  type SkabBudgetResult,
  type SkabMethodResult,
  type SkabResults,
  type SkabSpreads,
} from '../evaluation/skab.js';
import type { Spread } from '../evaluation/summary.js';
import { type EvaluateFlags, refuseFlags, TABLE_METHODS, TABLE_SEEDS } from './evaluate-flags.js';
import { interruptSignal } from './options.js';
import { printJson, printLine, printTable } from './output.js';
import { Progress } from './progress.js';

/** Exit code 1 when a run could not be judged. */
export async function evaluateSkabRuns(flags: EvaluateFlags): Promise<void> {
  const { data, seeds = TABLE_SEEDS, seed, exclude, json } = flags;
  refuseFlags(flags, [
    ...(['report', 'labelColumn', 'anomalyLabel', 'protocol', 'splitSeed', 'csv', 'channel', 'encoder'] as const),
    ...(['folds', 'only', 'levelMatch', 'jobs', 'threads', 'cache', 'fresh'] as const),
  ]);
  const methods = methodRuns({
    names: flags.method ?? TABLE_METHODS,
    recipe: flags.recipe ?? flags.preset,
    assignments: flags.set.map(parseAssignment),
  });
  const progress = new Progress('evaluating');
  const results = await evaluateSkab({
    ...{ data, methods, seeds, seed, exclude, signal: interruptSignal() },
    onProgress: (done, note) => progress.update(done, note),
  }).finally(() => progress.stop());
  if (json) printJson(results);
  else printSkab(results);
  if (results.results.some(({ failed }) => failed.length > 0)) process.exitCode = 1;
}

/** Pooled figures beside the published ones; then each run, under the default budget. */
function printSkab(results: SkabResults): void {
  printLine(`SKAB, ${results.runs} runs: ${results.protocol}; ${results.seeds} seed${results.seeds === 1 ? '' : 's'}`);
  printLine('Alarm: rows from raised to cleared. Above: rows whose statistic is above the threshold.');
  printLine();
  printTable(
    [
      'method',
      'false alarms',
      'F1',
      'FAR %',
      'MAR %',
      'above: F1',
      'FAR %',
      'MAR %',
      'AUC',
      'faults',
      'delay s',
      'changepoints',
      'delay s',
    ],
    [...results.results.flatMap(methodRows), ...publishedRows(results)],
  );
  printLine(`* ${results.source}`);
  printLine(
    'AUC: of the energies, mean of the runs. Faults: alarm raised during it / on already / all. Changepoints: alarm on or off within 60 s.',
  );
  for (const { method, budgets, failed } of results.results) if (budgets[0]) printRuns(method, budgets[0], failed);
}

function methodRows({ method, auc, budgets }: SkabResults['results'][number]): string[][] {
  return budgets.map((budget) => {
    const { faults, changepoints } = budget;
    return [
      ...[method, `1 a${budget.falseAlarmsPer === 'hour' ? 'n' : ''} ${budget.falseAlarmsPer}`],
      ...[...figures(budget.alarm), ...figures(budget.above), digits(auc, 3)],
      ...[`${faults.raised}/${faults.before}/${faults.total}`, seconds(faults.meanDelaySeconds)],
      ...[`${changepoints.told}/${changepoints.total}`, seconds(changepoints.meanDelaySeconds)],
    ];
  });
}

const figures = ({ f1, falseAlarmRate, missingAlarmRate }: SkabSpreads): string[] => [
  digits(f1, 2),
  digits(falseAlarmRate, 1, 100),
  digits(missingAlarmRate, 1, 100),
];

function publishedRows({ published }: SkabResults): string[][] {
  return published.map(({ method, f1, falseAlarmRate, missingAlarmRate }) => [
    ...[`${method} *`, '', f1.toFixed(2), percent(falseAlarmRate), percent(missingAlarmRate)],
  ]);
}

function printRuns(
  method: string,
  { falseAlarmsPer, runs, anomalyFree }: SkabBudgetResult,
  failed: SkabMethodResult['failed'],
): void {
  printLine();
  printLine(`${method}, at most one false alarm a ${falseAlarmsPer}, first seed:`);
  printTable(
    ['run', 'F1', 'FAR %', 'MAR %', 'AUC', 'fault', 'delay s', 'events'],
    runs.map(({ name, alarm, auc, fault, events, notes }) => [
      ...[name, alarm.f1.toFixed(2), percent(alarm.falseAlarmRate), percent(alarm.missingAlarmRate), auc.toFixed(3)],
      ...[fault?.seen ?? 'none', seconds(fault?.delaySeconds ?? null)],
      [...events.map(({ at, words }) => `${at.slice(11, 19)} ${words}`), ...notes].join(' | '),
    ]),
  );
  for (const { name, reason } of failed) printLine(`${name} could not be judged and is in no figure: ${reason}`);
  if (anomalyFree) {
    const { rows, falseAlarmRate, events } = anomalyFree;
    printLine(
      `the run without a fault: ${percent(falseAlarmRate)} % of ${rows} rows in alarm, ${events} event${events === 1 ? '' : 's'}`,
    );
  }
}

function digits({ mean, sd }: Spread, places: number, scale = 1): string {
  const shown = (value: number) => (scale * value).toFixed(places);
  if (Number.isNaN(mean)) return '–';
  return sd > 0 ? `${shown(mean)}±${shown(sd)}` : shown(mean);
}

const percent = (share: number): string => (100 * share).toFixed(1);
const seconds = (value: number | null): string => (value === null ? '' : value.toFixed(0));
