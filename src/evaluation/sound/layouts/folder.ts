import { basename, join, resolve } from 'node:path';
import { SourceError } from '../../../contracts.js';
import type { SoundDataset, SoundDatasetOptions, SoundLayout, SoundMachine } from '../dataset.js';
import { chosen, clipOf, drawNormals, testClips } from './machines.js';
import { linkedTwice, type SoundFile, type SoundTree, soundTree } from './tree.js';
import { counted, folderLabel, idsIn, type Label, labelIn, labelOf } from './words.js';

const EXPECTED =
  'train/ with normal WAV files and test/ with files or folders named *normal* and *abnormal* or *anomal*, ' +
  'or normal and abnormal files without train/ and test/';

/** One machine: its clips in train/ and test/, or by name alone. */
export const folder: SoundLayout = {
  name: 'folder',
  async load(options) {
    const tree = await soundTree(options.data, EXPECTED, options.signal);
    const split = tree.files.some((file) => sideOf(file) !== null) ? byFolder(tree, options) : byName(tree, options);
    const name = basename(resolve(options.data));
    const machine = machineOf(name, split, options);
    return dataset(options, [machine], [...split.notes, ...oneMachine(tree), ...tree.notes], split, tree);
  },
};

interface Split {
  readonly train: readonly SoundFile[];
  readonly normals: readonly SoundFile[];
  readonly anomalies: readonly SoundFile[];
  readonly notes: readonly string[];
}

function machineOf(name: string, { train, normals, anomalies }: Split, { channel = 0 }: SoundDatasetOptions) {
  return {
    name,
    type: name,
    section: '',
    snrDb: null,
    train: train.map((file) => clipOf(file, channel)),
    test: testClips(normals, anomalies, channel),
  };
}

function dataset(
  { only }: SoundDatasetOptions,
  machines: readonly SoundMachine[],
  notes: readonly string[],
  { train, normals, anomalies }: Split,
  tree: SoundTree,
): SoundDataset {
  const linked = linkedTwice(tree, train, [...normals, ...anomalies]);
  return { name: 'folder', machines: chosen(machines, only), notes: [...notes, ...linked] };
}

function sideOf({ folders }: SoundFile): 'train' | 'test' | null {
  const top = folders[0]?.toLowerCase();
  return top === 'train' || top === 'test' ? top : null;
}

/** Labels below test/ are the file's own or the nearest folder's. */
function byFolder({ files }: SoundTree, { data }: SoundDatasetOptions): Split {
  const below = (side: string) => files.filter((file) => sideOf(file) === side);
  const [train, test] = [below('train'), below('test')];
  if (train.length === 0) throw missing(join(data, 'train'), 'normal WAV files to learn from', 'none');
  if (test.length === 0) throw missing(join(data, 'test'), 'normal and abnormal WAV files to judge', 'none');
  const anomalous = train.filter((file) => labelOf(file) === 'anomalous');
  const learnt = train.filter((file) => labelOf(file) !== 'anomalous');
  if (learnt.length === 0) {
    throw missing(join(data, 'train'), 'normal WAV files to learn from', counted(anomalous.length, 'abnormal file'));
  }
  const labelled = byLabel(test, join(data, 'test'), 'files or folders named *normal* and *abnormal* or *anomal*');
  if (labelled.normals.length === 0) {
    throw missing(join(data, 'test'), 'normal clips to judge beside the abnormal', 'none');
  }
  const outside = files.length - train.length - test.length;
  return {
    ...labelled,
    train: learnt,
    notes: [
      `learnt from the ${counted(learnt.length, 'clip')} of train/, judged on the ${labelled.normals.length} normal and ${labelled.anomalies.length} abnormal clips of test/`,
      ...leftOut(anomalous, 'of train/ whose name or folder says that they are abnormal'),
      ...(outside > 0 ? [`${counted(outside, 'file')} outside train/ and test/ left out`] : []),
      ...labelled.notes,
    ],
  };
}

function byName(tree: SoundTree, options: SoundDatasetOptions): Split {
  const { normals, anomalies, notes } = byLabel(tree.files, options.data, EXPECTED);
  const inner = tree.files.find(({ folders }) => folders.some((name) => name.toLowerCase() === 'train'));
  if (inner) throw missing(options.data, EXPECTED, `them deeper: perhaps --data ${above(options.data, inner)}`);
  if (normals.length < 2) {
    const found = `${counted(normals.length, 'normal file')} and ${anomalies.length} abnormal`;
    throw missing(options.data, 'normal WAV files to learn from and to judge', found);
  }
  const { train, judged, scarce } = drawNormals(normals, anomalies.length, options.splitSeed, 'folder');
  return {
    train,
    normals: judged,
    anomalies,
    notes: [
      `judged on all ${anomalies.length} abnormal clips and ${judged.length} random normal ones (split seed ${options.splitSeed}), learnt from the other ${train.length}`,
      ...(scarce ? ['there are fewer normals than twice the abnormal clips: half of the normals are judged'] : []),
      ...notes,
    ],
  };
}

/** The folder that holds a train folder which lies deeper. */
function above(data: string, { folders }: SoundFile): string {
  return join(
    data,
    ...folders.slice(
      0,
      folders.findIndex((name) => name.toLowerCase() === 'train'),
    ),
  );
}

/** @throws {SourceError} when no file has a label, or none is abnormal */
function byLabel(files: readonly SoundFile[], where: string, expected: string): Omit<Split, 'train'> {
  const of = (label: Label | null) => files.filter((file) => labelOf(file) === label);
  const [normals, anomalies, unknown] = [of('normal'), of('anomalous'), of(null)];
  if (unknown.length === files.length) {
    throw missing(where, expected, `${counted(files.length, 'file')} such as ${files[0]?.name}`);
  }
  if (anomalies.length === 0) {
    throw missing(where, 'abnormal clips (*abnormal* or *anomal*) to judge', counted(normals.length, 'normal file'));
  }
  return {
    normals,
    anomalies,
    notes: [
      ...leftOut(unknown, 'whose name and folder say neither normal nor abnormal or anomal'),
      ...contradictions(files),
    ],
  };
}

function leftOut(files: readonly SoundFile[], which: string): string[] {
  const [first] = files;
  return first ? [`${counted(files.length, 'file')} ${which} left out: ${first.path}`] : [];
}

function contradictions(files: readonly SoundFile[]): string[] {
  const torn = files.filter(({ name, folders }) => {
    const [own, around] = [labelIn(name), folderLabel(folders)];
    return own !== null && around !== null && own !== around;
  });
  const [first] = torn;
  return first
    ? [`${counted(torn.length, 'file')} named otherwise than the folder; the file's name is followed: ${first.path}`]
    : [];
}

function oneMachine({ files }: SoundTree): string[] {
  const ids = idsIn(files);
  return ids.length > 1
    ? [
        `file names have different ids (${ids.slice(0, 8).join(', ')}${ids.length > 8 ? ', …' : ''}), taken as one machine here; --dataset mimii and dcase2020 make one machine of each`,
      ]
    : [];
}

function missing(where: string, expected: string, found: string): SourceError {
  return new SourceError(`${where}: expected ${expected}; found ${found}`);
}
