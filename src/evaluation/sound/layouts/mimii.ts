import { dirname, resolve, sep } from 'node:path';
import { SourceError } from '../../../contracts.js';
import { readWavInfo } from '../../../sources/audio/index.js';
import type { SoundDatasetOptions, SoundLayout, SoundMachine } from '../dataset.js';
import { chosen, clipOf, drawNormals, inOrder, testClips } from './machines.js';
import { linkedTwice, type SoundFile, soundTree } from './tree.js';
import { counted, type Label, labelIn } from './words.js';

const EXPECTED =
  'MIMII, unpacked: <snr>_dB_<type>/<type>/id_XX/{normal,abnormal}/NNNNNNNN.wav, such as 0_dB_pump/pump/id_00/normal/00000000.wav';
const PUBLISHED = 'it is published at https://zenodo.org/records/3384388';

/**
 * The microphone of the array's eight that faces the machine, counted from 0 (Purohit et al., DCASE 2019 workshop,
 * fig. 2: the four machines stand at right angles around it). The published baselines listen to 0 for every machine.
 */
const FACING: Readonly<Record<string, number>> = { valve: 0, pump: 2, fan: 4, slider: 6 };

/** Per id and noise level: all abnormal clips and as many random normals are judged, the other normals learnt from. */
export const mimii: SoundLayout = {
  name: 'mimii',
  async load(options) {
    const { data, signal, splitSeed, only } = options;
    const tree = await soundTree(data, `${EXPECTED}; ${PUBLISHED}`, signal);
    const groups = groupsOf(tree.files, data);
    const whole = [...groups.machines.values()].filter(isWhole);
    if (whole.length === 0) throw nothing(data, groups);
    const drafts = whole.map((group) => draft(group, splitSeed));
    const wanted = new Set(
      chosen(
        drafts.map(({ machine }) => machine),
        only,
      ),
    );
    const kept = inOrder(
      await Promise.all(drafts.filter(({ machine }) => wanted.has(machine)).map((each) => heard(each, options))),
    );
    return {
      name: 'mimii',
      machines: kept,
      notes: [
        `per id and noise level: judged on all abnormal clips and as many random normal ones (split seed ${splitSeed}), learnt from the other normals`,
        ...channelNotes(kept, options.channel),
        ...drafts
          .filter(({ machine, scarce }) => scarce && wanted.has(machine))
          .map(({ machine }) => scarceNote(machine)),
        ...incomplete(groups),
        ...strangers(groups.strange),
        ...tree.notes,
        ...drafts.flatMap(({ machine, train, test }) => (wanted.has(machine) ? linkedTwice(tree, train, test) : [])),
      ],
    };
  },
};

interface Group {
  readonly type: string;
  readonly id: string;
  readonly snrDb: number | null;
  /** Folder that holds normal/ and abnormal/. */
  readonly folder: string;
  readonly normals: SoundFile[];
  readonly anomalies: SoundFile[];
}

interface Groups {
  readonly machines: ReadonlyMap<string, Group>;
  /** Files whose path is not of the layout. */
  readonly strange: readonly SoundFile[];
}

/** @throws {SourceError} when one machine is there twice */
function groupsOf(files: readonly SoundFile[], data: string): Groups {
  const around = resolve(data).split(sep).slice(-3);
  const machines = new Map<string, Group>();
  const strange: SoundFile[] = [];
  for (const file of files) {
    const place = placeOf(file, around);
    if (place === null) {
      strange.push(file);
      continue;
    }
    const key = nameOf(place.type, place.id, place.snrDb);
    const folder = dirname(dirname(file.path));
    const group = machines.get(key) ?? { ...place, folder, normals: [], anomalies: [] };
    if (group.folder !== folder) {
      throw new SourceError(`${data}: expected ${key} in one place; found it in ${group.folder} and ${folder}`);
    }
    machines.set(key, group);
    (place.label === 'normal' ? group.normals : group.anomalies).push(file);
  }
  return { machines, strange };
}

interface Place {
  readonly type: string;
  readonly id: string;
  readonly snrDb: number | null;
  readonly label: Label;
}

/** `<snr>` is told by 0_dB_pump, -6_dB_fan, 0dB or min6dB; the folders around the data set's own tell what it lacks. */
function placeOf({ folders }: SoundFile, around: readonly string[]): Place | null {
  const label = /^(ab)?normal$/i.test(folders.at(-1) ?? '') ? labelIn(folders.at(-1) as string) : null;
  const path = [...around, ...folders];
  const id = path.at(-2) ?? '';
  if (label === null || !/^id_\d+$/i.test(id)) return null;
  const noises = path.slice(0, -2).map((name) => /^(-|min)?(\d+)_?dB(?:_(\w+))?$/i.exec(name));
  const noise = noises.findLast((found) => found !== null) ?? null;
  const parent = noises.at(-1) ? noise?.[3] : path.at(-3);
  const snrDb = noise === null ? null : Number(noise[2]) * (noise[1] && noise[2] !== '0' ? -1 : 1);
  return { type: (parent || 'machine').toLowerCase(), id: id.toLowerCase(), snrDb, label };
}

function nameOf(type: string, id: string, snrDb: number | null): string {
  return `${type}_${id}${snrDb === null ? '' : `_${snrDb}dB`}`;
}

const isWhole = ({ normals, anomalies }: Group): boolean => normals.length > 1 && anomalies.length > 0;

interface Draft {
  readonly machine: SoundMachine;
  readonly train: readonly SoundFile[];
  readonly test: readonly SoundFile[];
  readonly scarce: boolean;
}

/** The same clips are judged at every noise level, where the folders hold the same files. */
function draft({ type, id, snrDb, normals, anomalies }: Group, seed: number): Draft {
  const { train, judged, scarce } = drawNormals(normals, anomalies.length, seed, `${type}_${id}`);
  const channel = FACING[type] ?? 0;
  const machine = {
    name: nameOf(type, id, snrDb),
    type,
    section: id,
    snrDb,
    train: train.map((file) => clipOf(file, channel)),
    test: testClips(judged, anomalies, channel),
  };
  return { machine, train, test: [...judged, ...anomalies], scarce };
}

/** Clips on the channel asked for, else on the one facing the machine where the machine's files have it. */
async function heard({ machine, train }: Draft, { channel }: SoundDatasetOptions): Promise<SoundMachine> {
  const facing = machine.train[0]?.channel ?? 0;
  const heard = channel ?? ((await channelsOf(train)) > facing ? facing : 0);
  if (heard === facing) return machine;
  const on = <T extends { channel: number }>(clips: readonly T[]): T[] =>
    clips.map((clip) => ({ ...clip, channel: heard }));
  return { ...machine, train: on(machine.train), test: on(machine.test) };
}

/** Channels of the first of a few files that can be read; endless when none can. */
async function channelsOf(files: readonly SoundFile[]): Promise<number> {
  for (const { path } of files.slice(0, 3)) {
    const channels = await readWavInfo(path).then(
      (header) => header.channels,
      () => null,
    );
    if (channels !== null) return channels;
  }
  return Number.POSITIVE_INFINITY;
}

function channelNotes(machines: readonly SoundMachine[], asked: number | undefined): string[] {
  if (asked !== undefined) return [`channel ${asked} of every file, as asked`];
  const types = [...new Set(machines.map(({ type }) => type))];
  const of = (type: string) => machines.find((machine) => machine.type === type)?.train[0]?.channel ?? 0;
  const facing = types.filter((type) => of(type) === FACING[type]).map((type) => `${type} ${of(type)}`);
  const first = types.filter((type) => of(type) !== FACING[type]);
  return [
    ...(facing.length > 0
      ? [`channel facing the machine, counted from 0: ${facing.join(', ')}; published baselines use 0: --channel 0`]
      : []),
    ...(first.length > 0 ? [`channel 0 of ${first.join(', ')}: no other channel there, or none known to face it`] : []),
  ];
}

const scarceNote = ({ name }: SoundMachine): string =>
  `${name}: there are fewer normals than twice the abnormal clips: half of the normals are judged`;

function incomplete({ machines }: Groups): string[] {
  return [...machines]
    .filter(([, group]) => !isWhole(group))
    .map(([name, { normals, anomalies }]) => `${name} was left out: ${counts(normals.length, anomalies.length)}`);
}

const counts = (normals: number, anomalies: number): string =>
  `expected normal clips to learn from and to judge, and abnormal ones; found ${normals} normal and ${anomalies} abnormal`;

function strangers(files: readonly SoundFile[]): string[] {
  const [first] = files;
  return first
    ? [`${counted(files.length, 'file')} not in id_XX/normal or id_XX/abnormal left out: ${first.path}`]
    : [];
}

function nothing(data: string, groups: Groups): SourceError {
  const found = incomplete(groups)[0] ?? `${counted(groups.strange.length, 'file')} such as ${groups.strange[0]?.path}`;
  return new SourceError(`${data}: expected ${EXPECTED}; found ${found}; ${PUBLISHED}`);
}
