import { basename, resolve } from 'node:path';
import { SourceError } from '../../../contracts.js';
import type { SoundDatasetOptions, SoundLayout, SoundMachine } from '../dataset.js';
import { type DcaseName, type DcaseStyle, dcaseName } from './dcase-names.js';
import { chosen, clipOf, inOrder, testClips } from './machines.js';
import { linkedTwice, type SoundFile, type SoundTree, soundTree } from './tree.js';
import { counted } from './words.js';

interface Year {
  readonly year: number;
  readonly style: DcaseStyle;
  /** An example of the layout. */
  readonly example: string;
  readonly record: number;
}

const SECTIONS = '{train,test}/section_XX_{source,target}_{train,test}_{normal,anomaly}_NNNN_<attributes>.wav';
const YEARS: readonly Year[] = [
  { year: 2020, style: 'id', example: '<type>/{train,test}/{normal,anomaly}_id_XX_NNNNNNNN.wav', record: 3678171 },
  {
    year: 2021,
    style: 'section',
    example: '<type>/{train,source_test,target_test}/section_XX_{source,target}_{train,test}_{normal,anomaly}_NNNN.wav',
    record: 4562016,
  },
  { year: 2022, style: 'section', example: `<type>/${SECTIONS}`, record: 6355122 },
  { year: 2023, style: 'section', example: `<type>/${SECTIONS}`, record: 7882613 },
  { year: 2024, style: 'section', example: `<type>/${SECTIONS}`, record: 10902294 },
  { year: 2025, style: 'section', example: `<type>/${SECTIONS}`, record: 15097779 },
];

/** Task 2 of the DCASE challenge, a layout a year: per machine type and id or section. */
export const dcaseLayouts: readonly SoundLayout[] = YEARS.map((year) => ({
  name: `dcase${year.year}`,
  load: (options) => load(year, options),
}));

async function load(year: Year, options: SoundDatasetOptions) {
  const { data, signal, only, channel = 0 } = options;
  const tree = await soundTree(data, expected(year), signal);
  const groups = groupsOf(tree, year, data);
  const whole = [...groups.machines.values()].filter(isWhole);
  if (whole.length === 0) throw nothing(data, year, groups);
  for (const group of whole) refuseTwice(data, group);
  const machines = chosen(inOrder(whole.map((group) => machineOf(group, channel))), only);
  return {
    name: `dcase${year.year}`,
    machines,
    notes: [
      `per machine type and ${year.style}: learnt from train, judged on test${year.style === 'section' ? ', source and target domain' : ''}`,
      ...(channel > 0 ? [`channel ${channel} of every file, as asked`] : []),
      ...otherRules(year, whole),
      ...notesOf(groups),
      ...tree.notes,
      ...whole.flatMap((group) => linkedTwice(tree, files(group.train), files([...group.normals, ...group.anomalies]))),
    ],
  };
}

const expected = ({ year, example, record }: Year): string =>
  `DCASE ${year} Task 2: ${example}; it is published at https://zenodo.org/records/${record}`;

interface Named {
  readonly file: SoundFile;
  readonly name: DcaseName;
}

interface Group {
  readonly type: string;
  readonly section: string;
  readonly train: Named[];
  readonly normals: Named[];
  readonly anomalies: Named[];
  /** Of an evaluation set. */
  readonly unlabelled: Named[];
}

interface Groups {
  readonly machines: ReadonlyMap<string, Group>;
  readonly supplemental: readonly SoundFile[];
  /** Abnormal by name, in a folder to learn from. */
  readonly misplaced: readonly SoundFile[];
  readonly strange: readonly SoundFile[];
}

const files = (named: readonly Named[]): SoundFile[] => named.map(({ file }) => file);

function groupsOf(tree: SoundTree, { style }: Year, data: string): Groups {
  const machines = new Map<string, Group>();
  const [supplemental, misplaced, strange]: [SoundFile[], SoundFile[], SoundFile[]] = [[], [], []];
  for (const file of tree.files) {
    const name = dcaseName(file.name, style);
    const place = placeOf(file, data);
    if (file.folders.some((folder) => folder.toLowerCase() === 'supplemental')) supplemental.push(file);
    else if (name === null || place === null) strange.push(file);
    else {
      const key = `${place.type}_${name.section}`;
      const group = machines.get(key) ?? { ...emptyGroup(), type: place.type, section: name.section };
      machines.set(key, group);
      const named = { file, name };
      if ((name.side ?? place.side) === 'test') group[listOf(name)].push(named);
      else if (name.anomalous === true) misplaced.push(file);
      else group.train.push(named);
    }
  }
  return { machines, supplemental, misplaced, strange };
}

const emptyGroup = () => ({ train: [], normals: [], anomalies: [], unlabelled: [] });

function listOf({ anomalous }: DcaseName): 'normals' | 'anomalies' | 'unlabelled' {
  if (anomalous === null) return 'unlabelled';
  return anomalous ? 'anomalies' : 'normals';
}

/** The machine type is the folder around train, test, source_test, target_test or test_rename. */
function placeOf({ folders }: SoundFile, data: string): { type: string; side: 'train' | 'test' } | null {
  const at = folders.findLastIndex((name) => /^(train|test|source_test|target_test|test_rename)$/i.test(name));
  if (at < 0) return null;
  const around = folders[at - 1] ?? basename(resolve(data));
  const type = around.replace(/^(dev|eval)_(data_)?/i, '');
  return { type, side: /^train$/i.test(folders[at] as string) ? 'train' : 'test' };
}

const isWhole = ({ train, normals, anomalies }: Group): boolean =>
  train.length > 0 && normals.length > 0 && anomalies.length > 0;

/** @throws {SourceError} when a name is there twice, as where an archive was unpacked into two places */
function refuseTwice(data: string, { type, section, train, normals, anomalies }: Group): void {
  const seen = new Map<string, string>();
  for (const { file } of [...train, ...normals, ...anomalies]) {
    const name = `${file.folders.at(-1)}/${file.name}`.toLowerCase();
    const before = seen.get(name);
    if (before !== undefined) {
      throw new SourceError(`${data}: expected each clip of ${type} ${section} once; found ${before} and ${file.path}`);
    }
    seen.set(name, file.path);
  }
}

function machineOf({ type, section, train, normals, anomalies }: Group, channel: number): SoundMachine {
  const domains = new Map([...normals, ...anomalies].map(({ file, name }) => [file, name.domain ?? undefined]));
  return {
    name: `${type}_${section}`,
    type,
    section,
    snrDb: null,
    train: files(train).map((file) => clipOf(file, channel)),
    test: testClips(files(normals), files(anomalies), channel, (file) => domains.get(file)),
  };
}

function notesOf({ machines, supplemental, misplaced, strange }: Groups): string[] {
  const all = [...machines];
  const unlabelled = all.flatMap(([, group]) => group.unlabelled);
  const noted = (found: readonly SoundFile[], words: string) =>
    found[0] ? [`${counted(found.length, 'file')} ${words} left out: ${found[0].path}`] : [];
  const partial = all.filter(([, group]) => !isWhole(group));
  return [
    ...noted(files(unlabelled), 'of an evaluation set, whose names carry no label,'),
    ...noted(supplemental, 'of supplemental/ (clean machine sound or noise alone)'),
    ...noted(misplaced, 'to learn from that are abnormal by name'),
    ...noted(strange, 'of other names'),
    ...(partial.length > 0
      ? [
          `left out, without clips of all kinds: ${partial.slice(0, 8).map(countsOf).join('; ')}${partial.length > 8 ? '; …' : ''}`,
        ]
      : []),
  ];
}

/** Later years judge a domain by the anomalies of both, and have one pAUC: on files of 2021 those are nobody's figures. */
function otherRules({ year }: Year, whole: readonly Group[]): string[] {
  if (year < 2022) return [];
  const judged = whole.flatMap(({ normals, anomalies }) => files([...normals, ...anomalies]));
  const found = judged.find(({ folders }) => /^(source|target)_test$/i.test(folders.at(-1) ?? ''));
  return found
    ? [`judged by the rules of ${year}, but laid out as in 2021: perhaps --dataset dcase2021: ${found.path}`]
    : [];
}

const countsOf = ([name, { train, normals, anomalies }]: [string, Group]): string =>
  `${name} (${train.length} to learn from, ${normals.length} normal and ${anomalies.length} abnormal to judge)`;

function nothing(data: string, year: Year, groups: Groups): SourceError {
  const [partial] = [...groups.machines].filter(
    ([, { train, normals, anomalies }]) => train.length + normals.length + anomalies.length > 0,
  );
  const [strange] = groups.strange;
  const other = year.style === 'id' ? 'section' : 'id';
  const hint = groups.strange.some(({ name }) => dcaseName(name, other) !== null)
    ? `: perhaps --dataset ${other === 'id' ? 'dcase2020' : 'dcase2021 or later'}`
    : '';
  const found = partial
    ? countsOf(partial)
    : (notesOf(groups)[0] ?? `${counted(groups.strange.length, 'file')} such as ${strange?.path}`);
  return new SourceError(`${data}: expected ${expected(year)}; found ${found}${hint}`);
}
