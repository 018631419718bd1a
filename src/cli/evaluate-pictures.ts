/** `auscult evaluate` of good and defective pictures. */
import { DEFAULT_PRESETS } from '../commissioning/presets/index.js';
import { evaluatePictures, type PictureTrial, pictureMethods } from '../evaluation/pictures/evaluate-pictures.js';
import { pictureFolder } from '../evaluation/pictures/picture-folder.js';
import { type PictureResultObject, pictureObject } from '../evaluation/pictures/picture-json.js';
import { openResultCache } from '../evaluation/result-cache.js';
import { parseAssignment } from '../evaluation/settings.js';
import { defaultCache, type EvaluateFlags, refuseFlags } from './evaluate-flags.js';
import { interruptSignal } from './options.js';
import { complain, printJson, printLine, printTable } from './output.js';
import { Progress } from './progress.js';

/** Exit code 1 when a picture could not be read or a trial failed. */
export async function evaluatePictureFolder(flags: EvaluateFlags): Promise<void> {
  refuseFlags(flags, [
    ...(['preset', 'recipe', 'labelColumn', 'anomalyLabel', 'csv', 'channel', 'encoder', 'report'] as const),
    ...(['folds', 'protocol', 'exclude', 'only', 'levelMatch', 'jobs'] as const),
  ]);
  const { data, splitSeed = 0, seeds = 1, seed: firstSeed, threads = 1, fresh } = flags;
  const methods = pictureMethods(flags.method ?? [DEFAULT_PRESETS.image], flags.set.map(parseAssignment));
  const set = await pictureFolder(data, splitSeed);
  for (const note of set.notes) complain(note);
  const cache = openResultCache<PictureTrial>(flags.cache ?? defaultCache(), { fresh });
  const progress = new Progress('evaluating');
  try {
    const outcomes = await evaluatePictures({
      ...{ set, methods, seeds, firstSeed, threads, cache, signal: interruptSignal() },
      onProgress: (share, note) => progress.update(share, note),
    });
    progress.stop();
    const result = pictureObject(set, outcomes, { seeds, firstSeed });
    say(result);
    if (cache.trouble) complain(cache.trouble);
    if (flags.json) printJson(result);
    else show(result);
    if (result.skipped.length > 0 || result.results.some(({ error }) => error !== null)) process.exitCode = 1;
  } finally {
    progress.stop();
  }
}

/** What the pictures and the fits have wrong with them. */
function say({ skipped, leaks, results }: PictureResultObject): void {
  for (const reason of skipped) complain(`skipped: ${reason}`);
  for (const leak of leaks.slice(0, 20)) complain(leak);
  if (leaks.length > 0) complain(`${leaks.length} test pictures are also training pictures: their figures say little`);
  for (const { method, notes, error } of results)
    for (const line of [...notes, ...(error === null ? [] : [error])]) complain(`${method}: ${line}`);
}

function show({ results, seeds }: PictureResultObject): void {
  const [first] = results;
  printLine(
    `${first?.machine ?? ''}: ${first?.trainPictures ?? 0} good pictures to learn from, ${first?.normals ?? 0} + ${first?.anomalies ?? 0} judged; seeds: ${seeds}`,
  );
  printLine();
  const fraction = (value: number | null, deviation?: number): string =>
    value === null ? 'failed' : value.toFixed(3) + (deviation === undefined ? '' : ` ± ${deviation.toFixed(3)}`);
  printTable(
    ['method', 'AUC', 'pAUC', 'precision', 'recall', 'F1', 'fit s'],
    results.map(({ method, auc, pauc, precision, recall, f1, deviations, fitSeconds }) => [
      method,
      fraction(auc, deviations?.auc),
      fraction(pauc, deviations?.pauc),
      ...[precision, recall, f1].map((value) => fraction(value)),
      fitSeconds === null ? '' : fitSeconds.toFixed(0),
    ]),
  );
}
