/** Scores and decisions as the DCASE challenges want them, one folder a method and level. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { ConfigError } from '../../contracts.js';
import type { TestClip } from './dataset.js';
import type { SoundEvaluation, SoundOutcome } from './evaluate-sound.js';

/**
 * `DIR/<method>/<as-recorded|level-matched>/anomaly_score_<type>_<section>.csv` and `decision_result_…`, of the first
 * seed that finished: file name and score, file name and 0 or 1, without a header. As in the challenges, names end in
 * `_test` from 2022 on, and in `_source_test` and `_target_test` in 2021. A machine without a section goes by its name.
 * @returns how many files were written   @throws {ConfigError} when one cannot be
 */
export async function writeDcaseFiles(folder: string, { dataset, outcomes }: SoundEvaluation): Promise<number> {
  let files = 0;
  for (const outcome of outcomes) {
    const into = join(folder, outcome.method.name, outcome.levelMatched ? 'level-matched' : 'as-recorded');
    for (const [name, text] of filesOf(outcome, dataset.name)) {
      await write(into, name, text);
      files++;
    }
  }
  return files;
}

async function write(folder: string, name: string, text: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, name), text);
  } catch (cause) {
    throw new ConfigError(`--csv: ${(cause as Error).message}`, { cause });
  }
}

function filesOf({ machine, trials }: SoundOutcome, dataset: string): [name: string, text: string][] {
  const trial = trials.find((one) => one !== null);
  if (!trial) return [];
  const names = clipNames(machine.test, dataset === 'mimii' ? 2 : 1);
  const scored = machine.test.map(({ domain }, i) => {
    const score = trial.result.testScores[i] ?? Number.NaN;
    return {
      domain,
      score: csvLine([names[i] ?? '', score]),
      decision: csvLine([names[i] ?? '', Number(score > trial.threshold)]),
    };
  });
  const text = (domain: TestClip['domain'] | null, line: 'score' | 'decision') =>
    scored.flatMap((clip) => (domain === null || clip.domain === domain ? [clip[line]] : [])).join('');
  return endings(dataset, machine.test).flatMap(([ending, domain]): [string, string][] => [
    [`anomaly_score_${sectionName(machine)}${ending}.csv`, text(domain, 'score')],
    [`decision_result_${sectionName(machine)}${ending}.csv`, text(domain, 'decision')],
  ]);
}

function endings(dataset: string, test: readonly TestClip[]): [ending: string, domain: TestClip['domain'] | null][] {
  if (dataset === 'dcase2021') {
    const domains = (['source', 'target'] as const).filter((domain) => test.some((clip) => clip.domain === domain));
    return domains.map((domain) => [`_${domain}_test`, domain]);
  }
  return [[dataset.startsWith('dcase') && dataset !== 'dcase2020' ? '_test' : '', null]];
}

function sectionName({ type, section, snrDb, name }: SoundOutcome['machine']): string {
  const snr = snrDb === null ? '' : `_${snrDb}dB`;
  return (section === '' ? name : `${type}_${section}${snr}`).replace(/[^\w.-]+/g, '_');
}

/** File names; with folders above them where files of one name are judged, as they may be in MIMII's normal/ and abnormal/. */
function clipNames(test: readonly TestClip[], least: number): string[] {
  const parts = test.map(({ path }) => path.split(sep));
  for (let depth = least; depth < 8; depth++) {
    const names = parts.map((part) => part.slice(-depth).join('/'));
    if (new Set(names).size === names.length) return names;
  }
  return test.map(({ path }) => path);
}

/** One line of a CSV file; a cell with a comma, a quote or a line break is quoted. */
function csvLine(cells: readonly (string | number)[]): string {
  const quoted = cells.map((cell) => {
    const text = String(cell);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  });
  return `${quoted.join(',')}\n`;
}
