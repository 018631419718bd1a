/** One machine: all methods in a table, ROC curves, and the best and worst clips of its best method. */
import { basename } from 'node:path';
import { type AudioFeatureSpec, AuscultError, type MelSpec } from '../../../contracts.js';
import { floorDb, type LogMelPicture } from '../../../features/log-mel.js';
import { clipHopFrames, windowMs } from '../../../features/spec-sizes.js';
import { type Curve, curveKey, unitCurves } from '../../report/charts.js';
import { escapeHtml, figure } from '../../report/html.js';
import { STYLES } from '../../report/method-section.js';
import { rawPicture } from '../clip-reader.js';
import type { SoundOutcome } from '../evaluate-sound.js';
import type { JudgedTrial } from '../judge.js';
import { atRate, readSound } from '../read-clip.js';
import type { KnownMachine } from '../read-dataset.js';
import type { ExplainedClip } from '../sound-job.js';
import type { SoundResultObject } from '../sound-json.js';
import { bandMap, energyLine, spectrogram, type WindowTimes } from './clip-figures.js';
import { levelWords, machineTable, three } from './tables.js';

export interface MachineFacts {
  readonly machine: KnownMachine;
  /** Of this machine alone. */
  readonly outcomes: readonly SoundOutcome[];
  readonly object: SoundResultObject;
  readonly open: boolean;
}

export async function machineSection({ machine, outcomes, object, open }: MachineFacts): Promise<string> {
  const parts = [machineTable(machine.name, object), ...failures(outcomes), rocFigures(outcomes)];
  const best = bestExplained(outcomes);
  if (best) parts.push(await clipFigures(machine, best));
  return `<details${open ? ' open' : ''}><summary>${escapeHtml(machine.name)}</summary>${parts.join('\n')}</details>`;
}

function failures(outcomes: readonly SoundOutcome[]): string[] {
  const failed = outcomes.flatMap(({ method, levelMatched, error }) =>
    error === null ? [] : [`<li>${escapeHtml(`${method.name}, ${levelWords(levelMatched)}: ${error}`)}</li>`],
  );
  return failed.length === 0 ? [] : [`<p>Failed:</p><ul>${failed.join('')}</ul>`];
}

const firstTrial = ({ trials }: SoundOutcome): JudgedTrial | undefined =>
  trials.find((trial) => trial !== null) ?? undefined;

/** The methods of highest AUC, one chart a level; a method keeps its line. */
function rocFigures(outcomes: readonly SoundOutcome[]): string {
  const best = new Map<string, number>();
  for (const outcome of outcomes) {
    const auc = firstTrial(outcome)?.metrics.auc;
    if (auc !== undefined) best.set(outcome.method.name, Math.max(best.get(outcome.method.name) ?? 0, auc));
  }
  const names = [...best]
    .sort(([, a], [, b]) => b - a)
    .map(([name]) => name)
    .slice(0, STYLES);
  if (names.length === 0) return '';
  const charts = [...new Set(outcomes.map(({ levelMatched }) => levelMatched))].map((levelMatched) => {
    const curves = names.flatMap((name, style): Curve[] => {
      const own = outcomes.find((outcome) => outcome.method.name === name && outcome.levelMatched === levelMatched);
      const trial = own && firstTrial(own);
      return trial ? [{ name, points: trial.roc, style }] : [];
    });
    const words = `ROC, ${levelWords(levelMatched)}${names.length < best.size ? `, the ${names.length} methods of highest AUC` : ''}, first seed`;
    return figure(unitCurves(words, ['false-positive rate', 'true-positive rate'], curves), words);
  });
  const key = curveKey(names.map((name, style) => ({ name, points: [], style })));
  return `${key}<div class="figures">${charts.join('')}</div>`;
}

interface Explained {
  readonly outcome: SoundOutcome;
  readonly trial: JudgedTrial;
}

/** Auscult's own methods before others; level-matched before as recorded; the highest AUC. */
function bestExplained(outcomes: readonly SoundOutcome[]): Explained | null {
  const explained = outcomes.flatMap((outcome): Explained[] => {
    const trial = firstTrial(outcome);
    return trial && trial.result.explained.length > 0 ? [{ outcome, trial }] : [];
  });
  const own = explained.filter(({ outcome }) => outcome.method.group === 'dagmm');
  const among = own.length > 0 ? own : explained;
  const rank = ({ outcome, trial }: Explained) => trial.metrics.auc + Number(outcome.levelMatched) * 2;
  return [...among].sort((a, b) => rank(b) - rank(a))[0] ?? null;
}

async function clipFigures(machine: KnownMachine, { outcome, trial }: Explained): Promise<string> {
  const { method, levelMatched } = outcome;
  const parts: string[] = [];
  for (const clip of trial.result.explained) parts.push(await clipRow(machine, outcome, trial, clip));
  return `<h3>Clips that ${escapeHtml(method.name)}, ${levelWords(levelMatched)}, scores highest and lowest</h3>
<p>A clip is flagged when its mean energy is above the threshold, ${three(trial.threshold)} (the dashed line): the 90 % point of ${trial.thresholdClips}
${trial.thresholdFrom} normal clips. The map shows how far each band alone raises the energy of a window.</p>
${parts.join('\n')}`;
}

const KIND_WORDS: Readonly<Record<ExplainedClip['kind'], string>> = {
  found: 'The abnormal clip of the highest score',
  missed: 'The abnormal clip of the lowest score',
  'false-alarm': 'The normal clip of the highest score',
};

async function clipRow(
  machine: KnownMachine,
  { method, levelMatched, trainLevelDb }: SoundOutcome,
  { result, threshold }: JudgedTrial,
  clip: ExplainedClip,
): Promise<string> {
  const file = machine.test[clip.test];
  if (!file) return '';
  const { mel } = method.spec;
  const times = timesOf(method.spec, clip, file.at[mel.sampleRateHz]?.samples ?? 0);
  const name = basename(file.path);
  const score = result.testScores[clip.test] ?? Number.NaN;
  const picture = await pictureOf(file, mel, levelMatched ? trainLevelDb : null, times.clip);
  const figures = [
    ...(picture ? [spectrogram(`Spectrogram of ${name}`, picture, mel, times.clip)] : []),
    bandMap(`Energy by band of ${name}`, clip, mel, times),
    energyLine(`Energy of ${name} over time`, clip, times, threshold),
  ];
  return `<h4>${escapeHtml(`${KIND_WORDS[clip.kind]}, ${three(score)}: ${name}`)}</h4><div class="figures">${figures.join('')}</div>`;
}

/** Of a long clip only the beginning is explained, and only that is drawn. */
function timesOf(spec: AudioFeatureSpec, { seconds }: ExplainedClip, samples: number): WindowTimes {
  const { hopSamples, sampleRateHz } = spec.mel;
  const window = windowMs(spec) / 1000;
  const hop = seconds.length > 1 ? (clipHopFrames(spec) * hopSamples) / sampleRateHz : window;
  const covered = (seconds.at(-1) ?? 0) + window;
  return { clip: Math.max(covered, Math.min(samples / sampleRateHz, covered + hop)), window, hop };
}

/** The beginning of the clip; null when the file is no longer there. */
async function pictureOf(
  file: KnownMachine['test'][number],
  mel: MelSpec,
  levelDb: number | null,
  seconds: number,
): Promise<LogMelPicture | null> {
  try {
    const samples = await atRate(await readSound(file.path, file.channel), mel.sampleRateHz);
    const { raw, frames } = await rawPicture(samples.subarray(0, Math.ceil(seconds * mel.sampleRateHz)), mel);
    floorDb(raw, levelDb === null ? 0 : levelDb - (file.at[mel.sampleRateHz]?.levelDb ?? levelDb));
    return frames === 0 ? null : { data: raw, frames, bands: mel.melBands };
  } catch (error) {
    if (error instanceof AuscultError) return null;
    throw error;
  }
}
