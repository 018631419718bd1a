import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError, SourceError } from '../../../src/contracts.js';
import { SOUND_LAYOUTS, soundLayoutNamed } from '../../../src/evaluation/sound/layouts/index.js';
import { labelIn } from '../../../src/evaluation/sound/layouts/words.js';
import { load, numbered, sizes, tree } from './trees.js';

const fan = [
  ...numbered('train/normal_id_00_#.wav', 12),
  ...numbered('test/normal_id_00_#.wav', 2),
  ...numbered('test/abnormal_id_00_#.wav', 5),
];

describe('every layout', () => {
  it.each(SOUND_LAYOUTS.map(({ name }) => name))('%s says what it expected when nothing is there', async (name) => {
    const nowhere = join(tree('empty', []), 'nowhere');
    const error = await load(name, nowhere).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(SourceError);
    expect(String(error)).toMatch(/nowhere: expected .*normal.*found no such folder/);
    if (name !== 'folder') expect(String(error)).toMatch(/https:\/\/zenodo\.org\/records\/\d+/);
    await expect(load(name, tree('empty', []))).rejects.toThrow(/empty: expected .*found no WAV file/);
    await expect(load(name, tree('flac', ['train/a.flac']))).rejects.toThrow(/1 \.flac files .*only WAV/);
  });

  it('is found by its name, and a wrong name is answered with all', () => {
    expect(soundLayoutNamed('dcase2023').name).toBe('dcase2023');
    expect(() => soundLayoutNamed('dcase')).toThrow(ConfigError);
    expect(() => soundLayoutNamed('dcase')).toThrow(/folder, mimii, dcase2020, .*dcase2025, found "dcase"/);
  });

  it('stops when it is told to', async () => {
    await expect(load('folder', tree('fan', fan), { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  });
});

describe('labels', () => {
  it.each([
    ['normal_id_00_00000001.wav', 'normal'],
    ['dcase_test_anomaly_id_00_00000016.wav', 'anomalous'],
    ['abnormal_id_00_00000000.wav', 'anomalous'],
    ['ABNORMAL', 'anomalous'],
    ['pump3Normal.wav', 'normal'],
    ['anomalous-02.WAV', 'anomalous'],
    ['anomaly-free', 'normal'],
    ['normal_and_anomaly.wav', null],
    ['00000016.wav', null],
  ])('%s is %s', (name, label) => {
    expect(labelIn(name)).toBe(label);
  });
});

describe('a folder', () => {
  it('is one machine, named like the folder, its test clips labelled by their names', async () => {
    const data = tree('fan_id_00_0dB', fan);
    const set = await load('folder', data);
    expect(sizes(set)).toEqual({ fan_id_00_0dB: [12, 2, 5] });
    const [machine] = set.machines;
    expect(machine?.test.filter(({ path }) => basename(path).startsWith('abnormal')).every((c) => c.anomalous)).toBe(
      true,
    );
    const paths = machine?.test.map(({ path }) => path) ?? [];
    expect(paths).toEqual([...paths].sort());
    expect(machine?.train.every(({ channel }) => channel === 0)).toBe(true);
  });

  it('may have labels in the names of sub-folders, in any case, and sub-folders in train', async () => {
    const data = tree('slider', [
      ...numbered('Train/monday/#.WAV', 3),
      'Train/monday/4.wave',
      ...numbered('Test/Normal/#.wav', 3),
      ...numbered('Test/Abnormal/bearing/#.wav', 2),
    ]);
    expect(sizes(await load('folder', data))).toEqual({ slider: [4, 3, 2] });
  });

  it('without train and test is split by seed: all anomalies, as many random normals', async () => {
    const data = tree('pump', [...numbered('normal/#.wav', 20), ...numbered('abnormal/#.wav', 5)]);
    const [one, same, other] = await Promise.all([
      load('folder', data),
      load('folder', data),
      load('folder', data, { splitSeed: 1 }),
    ]);
    expect(sizes(one)).toEqual({ pump: [15, 5, 5] });
    expect(same).toEqual(one);
    expect(other.machines[0]?.test).not.toEqual(one.machines[0]?.test);
    const learnt = new Set(one.machines[0]?.train.map(({ path }) => path));
    expect(one.machines[0]?.test.some(({ path }) => learnt.has(path))).toBe(false);
  });

  it('with few normals judges half of them, and says so', async () => {
    const set = await load('folder', tree('flat', [...numbered('normal_#.wav', 4), ...numbered('anomaly_#.wav', 9)]));
    expect(sizes(set)).toEqual({ flat: [2, 2, 9] });
    expect(set.notes.join('\n')).toMatch(/half of the normals/);
  });

  it('leaves out what is nothing it knows, and names it', async () => {
    const data = tree('odd', [
      ...fan,
      'test/what.wav',
      'train/abnormal_1.wav',
      'extra/normal_1.wav',
      'train/notes.txt',
      'train/._normal_id_00_00000000.wav',
    ]);
    const set = await load('folder', data);
    expect(sizes(set)).toEqual({ odd: [12, 2, 5] });
    const notes = set.notes.join('\n');
    expect(notes).toMatch(/1 file whose name .* left out: .*what\.wav/);
    expect(notes).toMatch(/1 file of train\/ .*abnormal.* left out: .*abnormal_1\.wav/);
    expect(notes).toMatch(/1 file outside train\/ and test\//);
  });

  it('follows the name of a file in a folder that says otherwise, and says so', async () => {
    const set = await load('folder', tree('torn', [...fan, 'test/normal/abnormal_9.wav']));
    expect(sizes(set)).toEqual({ torn: [12, 2, 6] });
    expect(set.notes.join('\n')).toMatch(/1 file named otherwise than the folder.*abnormal_9/);
  });

  it('says when file names have different ids', async () => {
    const set = await load('folder', tree('two', [...fan, 'train/normal_id_02_00000000.wav']));
    expect(set.machines).toHaveLength(1);
    expect(set.notes.join('\n')).toMatch(/different ids \(id_00, id_02\)/);
  });

  it.each<[string, readonly string[], RegExp]>([
    ['no train', numbered('test/abnormal_#.wav', 2), /train: expected normal WAV files to learn from; found none/],
    ['no test', numbered('train/normal_#.wav', 2), /test: expected normal and abnormal WAV files to judge; found none/],
    [
      'no normals to learn from',
      ['train/abnormal_1.wav', 'test/normal_1.wav'],
      /train: expected normal .*found 1 abnormal file/,
    ],
    ['no labels', ['train/1.wav', 'test/1.wav'], /test: expected .*\*normal\*.*found 1 file such as 1\.wav/],
    ['no labels at all', ['1.wav', '2.wav'], /expected train\/.*found 2 files such as 1\.wav/],
    ['no anomalies', ['train/1.wav', 'test/normal_1.wav'], /test: expected abnormal clips .*found 1 normal file/],
    ['no normals to judge', ['train/1.wav', 'test/anomaly_1.wav'], /test: expected normal clips to judge.*found none/],
    ['one normal', ['normal_1.wav', 'anomaly_1.wav'], /expected normal WAV files .*found 1 normal file and 1 abnormal/],
    ['machines deeper', fan.map((path) => `fan/${path}`), /perhaps --data .*machines deeper\/fan/],
  ])('with %s is refused in words', async (name, paths, words) => {
    const error = await load('folder', tree(name, paths)).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(SourceError);
    expect(String(error)).toMatch(words);
  });

  it('follows links, says which clips are judged and learnt from, and does not go round in a circle', async () => {
    const data = tree('links', fan);
    symlinkSync(join(data, 'train', 'normal_id_00_00000003.wav'), join(data, 'test', 'normal_id_00_00000009.wav'));
    symlinkSync(data, join(data, 'train', 'round'));
    symlinkSync(join(data, 'gone'), join(data, 'train', 'dead.wav'));
    const set = await load('folder', data);
    expect(sizes(set)).toEqual({ links: [12, 3, 5] });
    expect(set.notes.join('\n')).toMatch(/1 judged clips are links .*normal_id_00_00000009/);
    expect(set.notes.join('\n')).toMatch(/1 links that lead nowhere .*dead\.wav/);
  });

  it('may itself be reached by links, whole folders of it too', async () => {
    const data = tree('real', fan);
    const linked = tree('linked', []);
    for (const side of ['train', 'test']) symlinkSync(join(data, side), join(linked, side));
    const set = await load('folder', linked);
    expect(sizes(set)).toEqual({ linked: [12, 2, 5] });
    expect(set.notes.join('\n')).not.toMatch(/links/);
  });

  it('listens to the channel asked for', async () => {
    const set = await load('folder', tree('fan', fan), { channel: 3 });
    expect([...(set.machines[0]?.train ?? []), ...(set.machines[0]?.test ?? [])].every((c) => c.channel === 3)).toBe(
      true,
    );
  });
});

describe('MIMII', () => {
  const machine = (at: string, normals = 8, abnormals = 3) => [
    ...numbered(`${at}/normal/#.wav`, normals),
    ...numbered(`${at}/abnormal/#.wav`, abnormals),
  ];
  const whole = [
    ...machine('0_dB_pump/pump/id_00'),
    ...machine('0_dB_pump/pump/id_02'),
    ...machine('-6_dB_pump/pump/id_00'),
    ...machine('6_dB_fan/fan/id_04'),
  ];

  it('makes a machine of each id and noise level, all anomalies and as many normals judged', async () => {
    const set = await load('mimii', tree('mimii', whole, 8));
    expect(sizes(set)).toEqual({
      fan_id_04_6dB: [5, 3, 3],
      pump_id_00_0dB: [5, 3, 3],
      pump_id_02_0dB: [5, 3, 3],
      'pump_id_00_-6dB': [5, 3, 3],
    });
    expect(set.machines.map(({ type, section, snrDb }) => [type, section, snrDb])).toEqual([
      ['fan', 'id_04', 6],
      ['pump', 'id_00', 0],
      ['pump', 'id_02', 0],
      ['pump', 'id_00', -6],
    ]);
  });

  it('judges the same clips of a machine at every noise level', async () => {
    const set = await load('mimii', tree('mimii', whole, 8), { only: ['id_00'] });
    const judged = set.machines.map(({ test }) => test.filter((c) => !c.anomalous).map(({ path }) => basename(path)));
    expect(judged).toHaveLength(2);
    expect(judged[0]).toEqual(judged[1]);
  });

  it('listens to the microphone that faces the machine, unless told otherwise or there is only one', async () => {
    const channels = async (data: string, channel?: number) => {
      const { machines, notes } = await load('mimii', data, { ...(channel === undefined ? {} : { channel }) });
      const heard = machines.map(({ type, train, test }) => [
        type,
        ...new Set([...train, ...test].map((c) => c.channel)),
      ]);
      return { heard, notes: notes.join('\n') };
    };
    const eight = await channels(tree('mimii', [...whole, ...machine('valve/id_00'), ...machine('slider/id_00')], 8));
    expect(Object.fromEntries(eight.heard)).toEqual({ fan: 4, pump: 2, slider: 6, valve: 0 });
    expect(eight.notes).toMatch(/facing the machine.*pump 2.*--channel 0/);
    const mono = await channels(tree('mimii', whole, 1));
    expect(Object.fromEntries(mono.heard)).toEqual({ fan: 0, pump: 0 });
    expect(mono.notes).toMatch(/channel 0 of fan, pump: no other channel/);
    expect(Object.fromEntries((await channels(tree('mimii', whole, 1), 7)).heard)).toEqual({ fan: 7, pump: 7 });
  });

  it.each([
    ['0_dB_pump', 'pump/id_00', 'pump_id_00_0dB'],
    ['pump', 'id_00', 'pump_id_00'],
    ['min6dB', 'pump/id_00', 'pump_id_00_-6dB'],
    ['x', 'min6dB/pump/id_00', 'pump_id_00_-6dB'],
    ['6dB', 'pump/id_06', 'pump_id_06_6dB'],
    ['x', '-6_dB_fan/id_06', 'fan_id_06_-6dB'],
    ['pump/id_00', '.', 'pump_id_00'],
    ['0_dB_pump/pump/id_00', '.', 'pump_id_00_0dB'],
  ])('is read from %s, machines being %s', async (data, at, name) => {
    expect(sizes(await load('mimii', tree(data, machine(at))))).toEqual({ [name]: [5, 3, 3] });
  });

  it('leaves out an id without anomalies, and files elsewhere, and names them', async () => {
    const set = await load(
      'mimii',
      tree('mimii', [...whole, ...numbered('0_dB_pump/pump/id_04/normal/#.wav', 4), 'demo/1.wav'], 8),
    );
    expect(set.machines).toHaveLength(4);
    expect(set.notes.join('\n')).toMatch(/pump_id_04_0dB was left out: .*4 normal and 0 abnormal/);
    expect(set.notes.join('\n')).toMatch(/1 file not in id_XX.*demo\/1\.wav/);
  });

  it('chooses machines by type, id, noise level or name', async () => {
    const data = tree('mimii', whole, 8);
    const names = async (...only: string[]) => (await load('mimii', data, { only })).machines.map(({ name }) => name);
    expect(await names('PUMP', '0dB')).toEqual(['pump_id_00_0dB', 'pump_id_02_0dB']);
    expect(await names('pump', 'id_00', '-6dB')).toEqual(['pump_id_00_-6dB']);
    expect(await names('pump', 'fan')).toHaveLength(4);
    expect(await names('fan_id_04_6dB', 'id_02')).toEqual(['fan_id_04_6dB', 'pump_id_02_0dB']);
    await expect(names('pomp')).rejects.toThrow(/--only: expected .*pump_id_00_0dB.*found "pomp"/);
    await expect(names('fan', 'id_02')).rejects.toThrow(ConfigError);
  });

  it('refuses a machine that is there twice, and a folder that is not MIMII', async () => {
    const twice = tree('mimii', [...machine('0_dB_pump/pump/id_00'), ...machine('0dB/pump/id_00')]);
    await expect(load('mimii', twice)).rejects.toThrow(/expected pump_id_00_0dB in one place; found it in .* and /);
    await expect(load('mimii', tree('fan', fan))).rejects.toThrow(
      /expected MIMII.*0_dB_pump\/pump\/id_00\/normal\/00000000\.wav; found 19 files such as .*zenodo/,
    );
    await expect(load('mimii', tree('pump', numbered('id_00/normal/#.wav', 3)))).rejects.toThrow(
      /3 normal and 0 abnormal/,
    );
  });
});

describe('DCASE 2020', () => {
  const type = (at: string, ids: readonly string[]) =>
    ids.flatMap((id) => [
      ...numbered(`${at}/train/normal_id_${id}_#.wav`, 6),
      ...numbered(`${at}/test/normal_id_${id}_#.wav`, 2),
      ...numbered(`${at}/test/anomaly_id_${id}_#.wav`, 3),
    ]);

  it.each(['', 'dev_data/', 'dev_data_pump/', 'a/b/'])('makes a machine of each type and id below "%s"', async (at) => {
    const data = tree('dcase', [...type(`${at}pump`, ['00', '02']), ...type(`${at}ToyCar`, ['01'])]);
    const set = await load('dcase2020', data);
    expect(sizes(set)).toEqual({ pump_id_00: [6, 2, 3], pump_id_02: [6, 2, 3], ToyCar_id_01: [6, 2, 3] });
    expect(set.machines.every(({ test }) => test.every((clip) => !('domain' in clip)))).toBe(true);
  });

  it("is read from the folder of one machine type, also under the archive's name", async () => {
    expect(Object.keys(sizes(await load('dcase2020', tree('pump', type('.', ['00'])))))).toEqual(['pump_id_00']);
    expect(Object.keys(sizes(await load('dcase2020', tree('x', type('dev_fan', ['00'])))))).toEqual(['fan_id_00']);
  });

  it('leaves out the evaluation set, whose names carry no label', async () => {
    const paths = [...type('dev_data/fan', ['00']), ...numbered('eval_data/fan/train/normal_id_01_#.wav', 4)];
    const set = await load('dcase2020', tree('dcase', [...paths, ...numbered('eval_data/fan/test/id_01_#.wav', 5)]));
    expect(Object.keys(sizes(set))).toEqual(['fan_id_00']);
    expect(set.notes.join('\n')).toMatch(/5 files of an evaluation set/);
    expect(set.notes.join('\n')).toMatch(/fan_id_01 \(4 to learn from, 0 normal and 0 abnormal to judge\)/);
  });

  it('names the layout of another year', async () => {
    const later = numbered('fan/train/section_00_source_train_normal_#_x.wav', 3, 4);
    await expect(load('dcase2020', tree('dcase', later))).rejects.toThrow(/perhaps --dataset dcase2021 or later/);
    await expect(load('dcase2022', tree('dcase', type('fan', ['00'])))).rejects.toThrow(/perhaps --dataset dcase2020/);
  });

  it('refuses clips that were unpacked into two places', async () => {
    const twice = [...type('fan', ['00']), ...type('dev_data/fan', ['00'])];
    await expect(load('dcase2020', tree('dcase', twice))).rejects.toThrow(/each clip of fan id_00 once; found .* and /);
  });
});

describe('DCASE 2021 and later', () => {
  const clips = (at: string, middle: string, attributes: string, count: number) =>
    numbered(`${at}/section_00_${middle}_#${attributes}.wav`, count, 4);
  const attributes = '_car_A2_spd_28V_mic_1_noise_1';
  const train = [
    ...clips('train', 'source_train_normal', attributes, 9),
    ...clips('train', 'target_train_normal', attributes, 1),
  ];
  const judged = (source: string, target: string, more: string) => [
    ...clips(source, 'source_test_normal', more, 2),
    ...clips(source, 'source_test_anomaly', more, 3),
    ...clips(target, 'target_test_normal', more, 4),
    ...clips(target, 'target_test_anomaly', more, 5),
  ];

  it.each([
    ['dcase2021', judged('source_test', 'target_test', '')],
    ['dcase2022', judged('test', 'test', attributes)],
    ['dcase2023', judged('test', 'test', '_vel_6')],
    ['dcase2024', judged('test', 'test', '_')],
    ['dcase2025', judged('test_rename', 'test_rename', '_noAttribute')],
  ])('%s has both domains, known for each clip that is judged', async (year, test) => {
    const set = await load(
      year,
      tree(
        'dcase',
        [...train, ...test].map((path) => `dev_data/ToyCar/${path}`),
      ),
    );
    expect(sizes(set)).toEqual({ ToyCar_section_00: [10, 6, 8] });
    const [machine] = set.machines;
    expect(machine?.section).toBe('section_00');
    const target = machine?.test.filter(({ domain }) => domain === 'target') ?? [];
    expect(target).toHaveLength(9);
    expect(target.every(({ path }) => path.includes('_target_test_'))).toBe(true);
    expect(machine?.test.filter(({ domain }) => domain === 'source')).toHaveLength(5);
  });

  it('leaves out supplemental sound and clips without labels, and says so', async () => {
    const paths = [
      ...[...train, ...judged('test', 'test', '')].map((path) => `dev_data/fan/${path}`),
      ...numbered('dev_data/fan/supplemental/section_00_machine_#_.wav', 2, 4),
      ...numbered('eval_data/fan/test/section_03_source_test_#.wav', 3, 4),
      ...numbered('eval_data/fan/test/section_04_test_#.wav', 3, 4),
      ...numbered('eval_data/fan/test/section_05_#.wav', 3, 4),
      'dev_data/fan/attributes_00.csv',
    ];
    const set = await load('dcase2025', tree('dcase', paths));
    expect(Object.keys(sizes(set))).toEqual(['fan_section_00']);
    expect(set.notes.join('\n')).toMatch(/2 files of supplemental\//);
    expect(set.notes.join('\n')).toMatch(/9 files of an evaluation set/);
  });

  it('says when files of 2021 are judged by the rules of a later year', async () => {
    const notes = async (year: string, source: string, target: string) =>
      (await load(year, tree('fan', [...train, ...judged(source, target, '')]))).notes.join('\n');
    expect(await notes('dcase2022', 'source_test', 'target_test')).toMatch(
      /perhaps --dataset dcase2021: .*source_test/,
    );
    expect(await notes('dcase2021', 'source_test', 'target_test')).not.toContain('perhaps');
    expect(await notes('dcase2022', 'test', 'test')).not.toContain('perhaps');
  });

  it('refuses a set without labels', async () => {
    const paths = [...train, ...numbered('test/section_00_#.wav', 3, 4)].map((path) => `fan/${path}`);
    await expect(load('dcase2024', tree('dcase', paths))).rejects.toThrow(
      /found fan_section_00 \(10 to learn from, 0 normal and 0 abnormal to judge\)/,
    );
  });
});

describe('a walk', () => {
  it('of 2,000 files is one of names alone', async () => {
    const data = tree('mimii', []);
    for (const [label, count] of [
      ['normal', 1_800],
      ['abnormal', 200],
    ] as const) {
      const folder = join(data, '0_dB_fan', 'fan', 'id_00', label);
      mkdirSync(folder, { recursive: true });
      for (let i = 0; i < count; i++) writeFileSync(join(folder, `${String(i).padStart(8, '0')}.wav`), '');
    }
    expect(sizes(await load('mimii', data))).toEqual({ fan_id_00_0dB: [1_600, 200, 200] });
  });
});
