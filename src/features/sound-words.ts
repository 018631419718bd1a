import type { Contribution, MelSpec, Window } from '../contracts.js';
import { type Descriptors, describeSound } from './descriptors.js';
import { melCornersHz } from './mel-filters.js';

/** Smallest changes worth saying. */
const LEVEL_DB = 1.5;
const CENTROID_RATIO = 1.2;
const CREST_RATIO = 1.5;
const FLATNESS_RATIO = 1.5;
/** Flatness from which a sound is heard as noise at all. */
const NOISY = 0.1;

/** What changed in the sound, beside the mean descriptors of normal windows, and which bands are most to blame. */
export function soundWords(
  window: Window,
  mel: MelSpec,
  normal: Readonly<Record<string, number>> | null,
  contribution: Contribution | null,
): string {
  const now = window.samples === undefined ? null : describeSound(window.samples, mel.sampleRateHz);
  const changes = now === null || normal === null ? [] : changesOf(now, normal);
  const bands = contribution === null ? null : bandWords(contribution, mel);
  const most = bands === null ? null : `most unusual at ${bands}`;
  if (changes.length > 0) return sentence([changes.join(', '), most]);
  return sentence([
    most ?? 'the sound is unlike any normal one',
    now === null ? null : `level ${formatDb(now.levelDb)}`,
  ]);
}

/** At most three, loudness first: "louder by 6 dB", "energy moved from 300 Hz to 2.1 kHz", "a tone stands out". */
function changesOf(now: Descriptors, normal: Readonly<Record<string, number>>): string[] {
  const changes: string[] = [];
  const louder = now.levelDb - (normal.levelDb ?? now.levelDb);
  if (Math.abs(louder) >= LEVEL_DB)
    changes.push(`${louder > 0 ? 'louder' : 'quieter'} by ${formatDb(Math.abs(louder))}`);
  const ratio = (name: keyof Descriptors): number => (normal[name] ? now[name] / normal[name] : 1);
  if (differs(ratio('centroidHz'), CENTROID_RATIO)) {
    changes.push(`energy moved from ${formatHz(normal.centroidHz ?? 0)} to ${formatHz(now.centroidHz)}`);
  }
  if (ratio('crest') >= CREST_RATIO) changes.push('a tone stands out');
  else if (now.flatness >= NOISY && ratio('flatness') >= FLATNESS_RATIO) changes.push('more like noise');
  return changes;
}

function differs(ratio: number, by: number): boolean {
  return ratio > 0 && (ratio >= by || ratio <= 1 / by);
}

/** "1.9–2.3 kHz": the band most to blame, with the neighbours that are at least half as much. */
function bandWords(contribution: Contribution, mel: MelSpec): string | null {
  const axis = contribution.axes.find((candidate) => candidate.axis === 'band');
  if (axis === undefined || axis.values.length === 0) return null;
  const most = Math.max(...axis.values);
  if (!(most > 0)) return null;
  const top = axis.values.indexOf(most);
  if (axis.values.length !== mel.melBands) return axis.labels[top] ?? null;
  const blamed = (band: number): boolean => (axis.values[band] ?? 0) >= most / 2;
  let [first, last] = [top, top];
  while (first > 0 && blamed(first - 1)) first--;
  while (last < mel.melBands - 1 && blamed(last + 1)) last++;
  // A band's own stretch is from the middle of one neighbour to the middle of the other; corners b … b + 2.
  const corners = melCornersHz(mel);
  return formatRange(corners[first] ?? 0, corners[last + 2] ?? mel.sampleRateHz / 2);
}

/** 85 Hz, 300 Hz, 2.1 kHz. */
export function formatHz(hz: number): string {
  if (hz >= 995) return `${(hz / 1000).toFixed(1)} kHz`;
  return `${hz >= 100 ? 10 * Math.round(hz / 10) : Math.round(hz)} Hz`;
}

/** 250–310 Hz, 1.9–2.3 kHz, 800 Hz–1.2 kHz. */
export function formatRange(fromHz: number, toHz: number): string {
  const [from, to] = [formatHz(fromHz), formatHz(toHz)];
  const [number, unit] = from.split(' ');
  return to.endsWith(` ${unit}`) ? `${number}–${to}` : `${from}–${to}`;
}

function formatDb(db: number): string {
  return `${Math.abs(db) < 3 ? db.toFixed(1) : Math.round(db)} dB`.replace('-', '−');
}

function sentence(parts: readonly (string | null)[]): string {
  const text = parts.filter((part) => part !== null).join('; ');
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
