import type { ChangedBands, Contribution, MelSpec, Window } from '../contracts.js';
import { changedBands } from './changed-bands.js';
import { type Descriptors, describeSound } from './descriptors.js';

/** Smallest changes worth saying. */
const LEVEL_DB = 1.5;
const CENTROID_RATIO = 1.2;
const CREST_RATIO = 1.5;
const FLATNESS_RATIO = 1.5;
/** Flatness from which a sound is heard as noise at all. */
const NOISY = 0.1;

/**
 * What changed in the sound, beside the mean descriptors of normal windows; which bands are most to blame, how much louder
 * or quieter they are than normal ones, and when.
 */
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
  const when = timeWords(contribution?.times ?? []);
  if (changes.length > 0) return sentence([changes.join(', '), most, when]);
  return sentence([
    most ?? 'the sound is unlike any normal one',
    now === null ? null : `level ${formatDb(now.levelDb)}`,
    when,
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

/** "310–620 Hz (+9 dB), 1.9–2.3 kHz (−4 dB)". */
function bandWords({ axes, bands }: Contribution, mel: MelSpec): string | null {
  const axis = axes.find((candidate) => candidate.axis === 'band');
  const known = axis?.values.length === mel.melBands;
  const named = bands ?? (known ? changedBands(mel, null, axis.values) : []);
  if (named.length > 0) return named.map(rangeWords).join(', ');
  const most = Math.max(...(axis?.values ?? []));
  return axis && !known && most > 0 ? (axis.labels[axis.values.indexOf(most)] ?? null) : null;
}

function rangeWords({ fromHz, toHz, changeDb }: ChangedBands): string {
  const range = formatRange(fromHz, toHz);
  if (changeDb === null || Math.abs(changeDb) < 0.5) return range;
  return `${range} (${changeDb > 0 ? '+' : ''}${formatDb(changeDb)})`;
}

/** "within 0.4 s from 12:03:22.4 UTC"; of several stretches of time, from the first to the last. */
function timeWords(times: NonNullable<Contribution['times']>): string | null {
  const [first, last] = [times[0], times.at(-1)];
  if (!first || !last) return null;
  const seconds = ((last.toMs - first.fromMs) / 1000).toFixed(1);
  const from = `from ${new Date(first.fromMs).toISOString().slice(11, 21)} UTC`;
  return times.length === 1 ? `within ${seconds} s ${from}` : `${times.length} times within ${seconds} s ${from}`;
}

/** 85 Hz, 300 Hz, 2.1 kHz. */
export function formatHz(hz: number): string {
  if (hz >= 995) return `${(hz / 1000).toFixed(1)} kHz`;
  return `${hz >= 100 ? 10 * Math.round(hz / 10) : Math.round(hz)} Hz`;
}

/** 250–310 Hz, 1.9–2.3 kHz, 800 Hz–1.2 kHz; 1.5 kHz where both ends are written alike. */
export function formatRange(fromHz: number, toHz: number): string {
  const [from, to] = [formatHz(fromHz), formatHz(toHz)];
  if (from === to) return from;
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
