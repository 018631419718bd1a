/** Scores and decisions as the DCASE challenges want them, one folder a method and level. */
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { csvLine } from './csv-line.js';
import type { SoundEvaluation, SoundOutcome } from './evaluate-sound.js';

/**
 * `DIR/<method>/<as-recorded|level-matched>/anomaly_score_<type>_<section>.csv` and `decision_result_…`, of the first
 * seed: file name and score, file name and 0 or 1. A machine without a section goes by its name.
 * @returns how many files were written
 */
export async function writeDcaseFiles(folder: string, { outcomes }: SoundEvaluation): Promise<number> {
  let files = 0;
  for (const outcome of outcomes) {
    const { method, levelMatched, trials, machine } = outcome;
    const [trial] = trials;
    if (!trial) continue;
    const into = join(folder, method.name, levelMatched ? 'level-matched' : 'as-recorded');
    await mkdir(into, { recursive: true });
    const lines = (value: (score: number) => string | number): string =>
      machine.test.map(({ path }, i) => csvLine([basename(path), value(trial.result.testScores[i] ?? 0)])).join('');
    const name = sectionName(outcome);
    await writeFile(
      join(into, `anomaly_score_${name}.csv`),
      lines((score) => score),
    );
    await writeFile(
      join(into, `decision_result_${name}.csv`),
      lines((score) => Number(score > trial.threshold)),
    );
    files += 2;
  }
  return files;
}

function sectionName({ machine: { type, section, snrDb, name } }: SoundOutcome): string {
  const snr = snrDb === null ? '' : `_${snrDb}dB`;
  return (section === '' ? name : `${type}_${section}${snr}`).replace(/[^\w.-]+/g, '_');
}
