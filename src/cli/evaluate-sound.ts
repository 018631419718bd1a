/** `auscult evaluate` of labelled clips. */
import { RECORDED_SOUND_PRESET } from '../commissioning/presets/index.js';
import { openResultCache, type ResultCache } from '../evaluation/result-cache.js';
import { parseAssignment } from '../evaluation/settings.js';
import { writeDcaseFiles } from '../evaluation/sound/csv.js';
import type { SoundDataset } from '../evaluation/sound/dataset.js';
import { evaluateSound, type SoundEvaluation } from '../evaluation/sound/evaluate-sound.js';
import { inFolds } from '../evaluation/sound/folds.js';
import { soundLayoutNamed } from '../evaluation/sound/layouts/index.js';
import { writeSoundReport } from '../evaluation/sound/report/report.js';
import type { SoundTrialResult } from '../evaluation/sound/sound-job.js';
import { type SoundResultObject, soundObject } from '../evaluation/sound/sound-json.js';
import { type SoundMethod, soundMethods } from '../evaluation/sound/sound-methods.js';
import { defaultCache, type EvaluateFlags, refuseFlags, typedCommand } from './evaluate-flags.js';
import { printSound } from './evaluate-sound-output.js';
import { interruptSignal } from './options.js';
import { complain, printJson, printLine } from './output.js';
import { Progress } from './progress.js';
import { auscultVersion } from './version.js';

const LEVELS = { off: [false], on: [true], both: [false, true] } as const;

/** Exit code 1 when a clip could not be read or a trial failed. */
export async function evaluateClips(flags: EvaluateFlags): Promise<void> {
  refuseFlags(flags, ['preset', 'recipe', 'labelColumn', 'anomalyLabel', 'protocol', 'exclude']);
  const { data, channel, only, splitSeed = 0, seeds = 1, seed: firstSeed } = flags;
  const set = [...(flags.encoder ? [`encoder=${flags.encoder}`] : []), ...flags.set];
  const methods = soundMethods(flags.method ?? [RECORDED_SOUND_PRESET], set.map(parseAssignment));
  const signal = interruptSignal();
  const layout = soundLayoutNamed(flags.dataset);
  if (flags.dataset !== 'folder') refuseFlags(flags, ['folds']);
  const published = await layout.load({ data, channel, only, splitSeed, signal });
  const dataset = flags.folds === undefined ? published : inFolds(published, flags.folds);
  for (const note of dataset.notes) complain(note);
  const started = performance.now();
  const cache = openResultCache<SoundTrialResult>(flags.cache ?? defaultCache(), { fresh: flags.fresh });
  const { evaluation, said } = await run(dataset, methods, cache, flags, signal);
  if (cache.trouble) complain(cache.trouble);
  const seconds = (performance.now() - started) / 1000;
  const result = soundObject(evaluation, { seeds, firstSeed, notes: [...dataset.notes, ...said] });
  await write(flags, evaluation, result);
  if (flags.json) printJson(result);
  else show(result, evaluation, seconds, cache, flags);
  const failed = evaluation.outcomes.some(({ error }) => error !== null);
  if (failed || evaluation.skipped.length > 0) process.exitCode = 1;
}

async function run(
  dataset: SoundDataset,
  methods: readonly SoundMethod[],
  cache: ResultCache<SoundTrialResult>,
  flags: EvaluateFlags,
  signal: AbortSignal,
): Promise<{ evaluation: SoundEvaluation; said: string[] }> {
  const progress = new StagedProgress();
  const said: string[] = [];
  signal.addEventListener('abort', () => {
    progress.stop();
    complain(
      `stopping; what is finished is in ${cache.folder}, and the same command goes on from there (again: at once)`,
    );
  });
  const { seeds = 1, seed: firstSeed, jobs, threads, levelMatch = 'both' } = flags;
  try {
    const evaluation = await evaluateSound({
      ...{ dataset, methods, levels: LEVELS[levelMatch], seeds, firstSeed, jobs, threads, cache, signal },
      cacheFolder: cache.folder,
      onProgress: (stage, share, note) => progress.update(stage, share, note),
      onNote: (line) => said.push(line),
    });
    return { evaluation, said: [...said, ...aboutClips(evaluation)] };
  } finally {
    progress.stop();
    for (const line of said) complain(line);
  }
}

/** A bar for each stage, so that the time left is that of like work. */
class StagedProgress {
  #bar: Progress | null = null;
  #stage = '';

  update(stage: string, share: number, note: string): void {
    if (stage !== this.#stage) {
      this.#bar?.stop();
      this.#bar = new Progress(stage);
      this.#stage = stage;
    }
    this.#bar?.update(share, note);
  }

  stop(): void {
    this.#bar?.stop();
    this.#bar = null;
  }
}

/** As many names as a person reads. */
const MOST_NAMES = 20;

/** What the clips themselves have wrong with them, said and counted. */
function aboutClips({ skipped, leaks, outcomes, clips }: SoundEvaluation): string[] {
  const lines = [
    ...named(skipped.map(({ reason }) => `skipped: ${reason}`)),
    ...(skipped.length > 0 ? [`${skipped.length} of ${clips} clips skipped`] : []),
    ...named(leaks.map(({ machine, test, train }) => `${machine}: ${test} is the training clip ${train}`)),
    ...(leaks.length > 0 ? [`${leaks.length} test clips are also training clips: their figures say little`] : []),
    ...aboutTrials(outcomes),
  ];
  for (const line of lines) complain(line);
  return lines;
}

function aboutTrials(outcomes: SoundEvaluation['outcomes']): string[] {
  const lines = outcomes.flatMap(({ machine, method, trials }) => {
    const [first] = trials;
    if (!first) return [];
    const { repeated, rows, rowsFound, notes } = first.result;
    const what = `${machine.name}, ${method.name}`;
    return [
      ...(repeated > 0 ? [`${what}: ${repeated} clips are shorter than a window and were repeated up to one`] : []),
      ...(rows < rowsFound ? [`${what}: ${rows} of ${rowsFound} training rows were learnt, evenly spaced`] : []),
      ...notes.map((note) => `${what}: ${note}`),
    ];
  });
  return [...new Set(lines)];
}

function named(lines: readonly string[]): string[] {
  const more = lines.length - MOST_NAMES;
  return more > 0 ? [...lines.slice(0, MOST_NAMES), `… and ${more} more`] : [...lines];
}

async function write(flags: EvaluateFlags, evaluation: SoundEvaluation, object: SoundResultObject): Promise<void> {
  const { csv, report, splitSeed = 0 } = flags;
  if (csv) complain(`${await writeDcaseFiles(csv, evaluation)} files of scores and decisions in ${csv}`);
  if (!report) return;
  await writeSoundReport(report, { evaluation, object, splitSeed, command: typedCommand(), version: auscultVersion });
}

function show(
  result: SoundResultObject,
  evaluation: SoundEvaluation,
  seconds: number,
  cache: ResultCache<SoundTrialResult>,
  flags: EvaluateFlags,
): void {
  printSound(result);
  const { reusedTrials, trials, reusedClips, clips } = evaluation;
  const again =
    reusedTrials + reusedClips > 0
      ? `; ${reusedTrials} of ${trials} trials and ${reusedClips} of ${clips} clips were there already`
      : '';
  const kept = cache.trouble ? '' : `; what was found is kept in ${cache.folder}`;
  printLine(`${Math.round(seconds)} s${kept}${again}`);
  if (flags.report) printLine(`report: ${flags.report}`);
}
