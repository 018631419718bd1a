/** An evaluation of sound as one page: figures, curves, clips, and every setting. */
import { writeFile } from 'node:fs/promises';
import { ConfigError } from '../../../contracts.js';
import { escapeHtml } from '../../report/html.js';
import { htmlPage } from '../../report/page.js';
import type { SoundEvaluation } from '../evaluate-sound.js';
import type { SoundResultObject } from '../sound-json.js';
import { machineSection } from './machine-section.js';
import { settingsSection } from './settings-section.js';
import { meanTables, publishedTable } from './tables.js';

export interface SoundReportFacts {
  readonly evaluation: SoundEvaluation;
  readonly object: SoundResultObject;
  /** Seed of the random normals that are judged, where the layout draws them. */
  readonly splitSeed: number;
  /** As it was typed. */
  readonly command: string;
  readonly version: string;
}

/** @throws {ConfigError} when the file cannot be written */
export async function writeSoundReport(path: string, facts: SoundReportFacts): Promise<void> {
  const page = await soundReportPage(facts);
  await writeFile(path, page).catch((cause: unknown) => {
    throw new ConfigError(`--report: ${(cause as Error).message}`, { cause });
  });
}

/** Reads again the clips that are drawn: three a machine. */
export async function soundReportPage(facts: SoundReportFacts): Promise<string> {
  const { evaluation, object } = facts;
  const { dataset, machines, outcomes } = evaluation;
  const sections: string[] = [];
  for (const [i, machine] of machines.entries()) {
    const own = outcomes.filter((outcome) => outcome.machine.name === machine.name);
    sections.push(await machineSection({ machine, outcomes: own, object, open: i === 0 }));
  }
  const names = [...new Set(outcomes.map(({ method }) => method.name))];
  const title = `${dataset.name}: ${machines.length === 1 ? machines[0]?.name : `${machines.length} machines`}`;
  return htmlPage(
    title,
    `<h1>${escapeHtml(title)}</h1>
${introduction(facts)}
<h2>Figures</h2>
${meanTables(object)}
${publishedTable(evaluation, object)}
<h2>Machines</h2>
${sections.join('\n')}
<h2>Methods</h2>
${names.map((name) => settingsSection(outcomes.filter(({ method }) => method.name === name))).join('\n')}`,
  );
}

/** Of files that cannot be judged, and of clips that are learnt and judged, so many are named. */
const MOST_NAMED = 12;

function introduction({ evaluation, object, splitSeed, command, version }: SoundReportFacts): string {
  const { dataset, skipped, leaks, clips } = evaluation;
  const { seeds, firstSeed } = object;
  const lines = [
    ...dataset.notes,
    ...named(skipped.map(({ reason }) => `skipped: ${reason}`)),
    ...named(leaks.map(({ machine, test, train }) => `${machine}: ${test} is the training clip ${train}`)),
  ];
  const others = object.notes.filter((note) => !lines.includes(note));
  return `<p>${clips} clips. ${seeds === 1 ? `Seed ${firstSeed}` : `Seeds ${firstSeed} to ${firstSeed + seeds - 1}`}; split seed ${splitSeed}. Made by <code>${escapeHtml(command)}</code>,
Auscult ${escapeHtml(version)}, Node ${escapeHtml(process.version)}, ${escapeHtml(`${process.platform} ${process.arch}`)}.</p>
${list(lines)}${others.length > 0 ? `<details><summary>What else was said</summary>${list(others)}</details>` : ''}`;
}

const list = (lines: readonly string[]): string =>
  lines.length === 0 ? '' : `<ul>${lines.map((line) => `<li>${escapeHtml(line)}</li>`).join('')}</ul>`;

function named(lines: readonly string[]): string[] {
  const more = lines.length - MOST_NAMED;
  return more > 0 ? [...lines.slice(0, MOST_NAMED), `… and ${more} more`] : [...lines];
}
