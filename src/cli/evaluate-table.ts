import { ConfigError } from '../contracts.js';
import type { Dataset } from '../evaluation/dataset.js';
import { datasetNamed } from '../evaluation/datasets/index.js';
import { type Evaluation, evaluate } from '../evaluation/evaluate.js';
import { methodRuns } from '../evaluation/method-request.js';
import { writeReport } from '../evaluation/report/report.js';
import { openResultCache, type ResultCache } from '../evaluation/result-cache.js';
import { type ResultObject, resultObject } from '../evaluation/result-json.js';
import { parseAssignment } from '../evaluation/settings.js';
import {
  defaultCache,
  type EvaluateFlags,
  refuseFlags,
  TABLE_METHODS,
  TABLE_PROTOCOL,
  TABLE_SEEDS,
  typedCommand,
} from './evaluate-flags.js';
import { printEvaluation } from './evaluate-output.js';
import { interruptSignal } from './options.js';
import { complain, printJson, printLine } from './output.js';
import { Progress } from './progress.js';
import { auscultVersion } from './version.js';

/** `auscult evaluate` of a labelled table. */
export async function evaluateTable(flags: EvaluateFlags): Promise<void> {
  refuseFlags(flags, ['csv', 'channel', 'encoder', 'folds', 'only', 'levelMatch']);
  if (flags.dataset !== 'csv') refuseFlags(flags, ['exclude']);
  const methods = methodRuns({
    names: flags.method ?? TABLE_METHODS,
    recipe: recipeOf(flags),
    assignments: flags.set.map(parseAssignment),
  });
  const signal = interruptSignal();
  const dataset = await datasetNamed(flags.dataset).load({ ...flags, signal });
  for (const note of dataset.notes) complain(note);
  const cache = openResultCache(flags.cache ?? defaultCache(), { fresh: flags.fresh });
  const { evaluation, seconds } = await timed(() => run(dataset, methods, cache, flags, signal));
  if (cache.trouble) complain(cache.trouble);
  const { seeds = TABLE_SEEDS, protocol = TABLE_PROTOCOL, splitSeed = null } = flags;
  const result = resultObject(
    { dataset: dataset.name, protocol, seeds, firstSeed: flags.seed, splitSeed },
    evaluation.outcomes,
  );
  if (flags.report)
    await writeReport(flags.report, {
      dataset,
      result,
      outcomes: evaluation.outcomes,
      command: typedCommand(),
      version: auscultVersion,
    });
  if (flags.json) printJson(result);
  else show(dataset, result, evaluation, seconds, cache, flags);
  if (evaluation.outcomes.some(({ error }) => error !== null)) process.exitCode = 1;
}

function run(
  dataset: Dataset,
  methods: ReturnType<typeof methodRuns>,
  cache: ResultCache,
  flags: EvaluateFlags,
  signal: AbortSignal,
): Promise<Evaluation> {
  const progress = new Progress('evaluating');
  const notes: string[] = [];
  signal.addEventListener('abort', () => {
    progress.stop();
    complain(
      `stopping; finished trials are in ${cache.folder}, and the same command goes on from there (again: at once)`,
    );
  });
  const { protocol = TABLE_PROTOCOL, seeds = TABLE_SEEDS, seed: firstSeed, splitSeed, jobs, threads } = flags;
  return evaluate({
    ...{ dataset, methods, protocol, seeds, firstSeed, splitSeed, jobs, threads, cache, signal },
    onProgress: (share, note) => progress.update(share, note),
    onNote: (line) => notes.push(line),
  }).finally(() => {
    progress.stop();
    for (const line of notes) complain(line);
  });
}

function show(
  dataset: Dataset,
  result: ResultObject,
  { reused, outcomes }: Evaluation,
  seconds: number,
  cache: ResultCache,
  flags: EvaluateFlags,
): void {
  printEvaluation(dataset, result, outcomes);
  const again = reused > 0 ? `; ${reused} of ${outcomes.length * result.seeds} trials were there already` : '';
  const kept = cache.trouble ? '' : `; trials are kept in ${cache.folder}`;
  printLine(`${Math.round(seconds)} s${kept}${again}`);
  if (flags.report) printLine(`report: ${flags.report}`);
}

async function timed<T>(work: () => Promise<T>): Promise<{ evaluation: T; seconds: number }> {
  const started = performance.now();
  const evaluation = await work();
  return { evaluation, seconds: (performance.now() - started) / 1000 };
}

function recipeOf({ preset, recipe }: EvaluateFlags): string | undefined {
  if (preset !== undefined && recipe !== undefined && preset !== recipe) {
    throw new ConfigError(`--recipe: expected the same as --preset "${preset}", found "${recipe}"`);
  }
  return preset ?? recipe;
}
