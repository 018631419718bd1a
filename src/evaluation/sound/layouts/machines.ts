/** What layouts have in common: which normals are judged, and which machines were asked for. */
import { ConfigError } from '../../../contracts.js';
import { openRandom } from '../../../scorers/random.js';
import type { Clip, SoundMachine, TestClip } from '../dataset.js';
import type { SoundFile } from './tree.js';

export interface NormalSplit {
  /** Ascending by path. */
  readonly train: readonly SoundFile[];
  readonly judged: readonly SoundFile[];
  /** Fewer normals are judged than there are anomalies, so that as many are left to learn from. */
  readonly scarce: boolean;
}

/**
 * As many random normals are judged as there are anomalies, but half of the normals at most; the others are learnt from.
 * A pure function of the number of files, the seed and the machine's name.
 */
export function drawNormals(
  normals: readonly SoundFile[],
  anomalies: number,
  seed: number,
  machine: string,
): NormalSplit {
  const count = Math.min(anomalies, normals.length >> 1);
  const order = openRandom(seed, 'judged-normals', machine).permutation(normals.length);
  const drawn = new Set(order.subarray(0, count));
  return {
    train: normals.filter((_, i) => !drawn.has(i)),
    judged: normals.filter((_, i) => drawn.has(i)),
    scarce: count < anomalies,
  };
}

export const clipOf = ({ path }: SoundFile, channel: number): Clip => ({ path, channel });

/** Normals and anomalies to judge, ascending by path. */
export function testClips(
  normals: readonly SoundFile[],
  anomalies: readonly SoundFile[],
  channel: number,
  domainOf?: (file: SoundFile) => TestClip['domain'],
): TestClip[] {
  const clip = (file: SoundFile, anomalous: boolean): TestClip => {
    const domain = domainOf?.(file);
    return { ...clipOf(file, channel), anomalous, ...(domain === undefined ? {} : { domain }) };
  };
  const clips = [...normals.map((file) => clip(file, false)), ...anomalies.map((file) => clip(file, true))];
  return clips.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

/** Ascending by type, signal to noise (the cleanest first) and section. */
export function inOrder(machines: readonly SoundMachine[]): SoundMachine[] {
  const key = (machine: SoundMachine) => -(machine.snrDb ?? 0);
  return [...machines].sort(
    (a, b) =>
      a.type.localeCompare(b.type, 'en') ||
      key(a) - key(b) ||
      a.section.localeCompare(b.section, 'en', { numeric: true }),
  );
}

type Form = (machine: SoundMachine) => string;

const nameOf: Form = (machine) => machine.name;
/** Of each of these that is used, one word must be the machine's. */
const TRAITS: readonly Form[] = [
  (machine) => machine.type,
  (machine) => machine.section,
  (machine) => (machine.snrDb === null ? '' : `${machine.snrDb}dB`),
];

/**
 * The machines that were asked for, in any case: `pump` those of a type, `pump,fan` of two, `pump,id_00` those that are
 * both, `0dB` those of a noise level; and those that are named in full.
 * @throws {ConfigError} for a word that is none of these, and when no machine is all
 */
export function chosen(machines: readonly SoundMachine[], only: readonly string[] = []): readonly SoundMachine[] {
  const wanted = only.map((word) => word.trim().toLowerCase()).filter((word) => word !== '');
  if (wanted.length === 0) return machines;
  const ofForm = (form: Form) => wanted.filter((word) => machines.some((m) => form(m).toLowerCase() === word));
  const names = ofForm(nameOf);
  const traits = TRAITS.map((form) => ({ form, words: ofForm(form) })).filter(({ words }) => words.length > 0);
  const unknown = wanted.find((word) => !names.includes(word) && !traits.some(({ words }) => words.includes(word)));
  if (unknown !== undefined) {
    throw new ConfigError(`--only: expected machine types, sections or ids of ${listed(machines)}; found "${unknown}"`);
  }
  const fits = (machine: SoundMachine) =>
    traits.length > 0 && traits.every(({ form, words }) => words.includes(form(machine).toLowerCase()));
  const left = machines.filter((machine) => names.includes(nameOf(machine).toLowerCase()) || fits(machine));
  if (left.length > 0) return left;
  throw new ConfigError(`--only: expected words that one of ${listed(machines)} answers to, found ${only.join(', ')}`);
}

function listed(machines: readonly SoundMachine[]): string {
  const names = machines.map(({ name }) => name);
  return names.length > 8 ? `${names.slice(0, 8).join(', ')} and ${names.length - 8} more` : names.join(', ');
}
