import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigError, SourceError } from '../../src/contracts.js';
import type { Dataset, DatasetOptions } from '../../src/evaluation/dataset.js';
import { DATASETS, datasetNamed } from '../../src/evaluation/datasets/index.js';
import { encodeSplit } from '../../src/evaluation/encode.js';
import { splitRows } from '../../src/evaluation/split.js';
import { cellsOf } from '../../src/evaluation/table.js';
import { TableEncoder } from '../../src/features/table-encoder.js';
import { fitTableSpec } from '../../src/features/table-fit.js';
import { kddLines, rigRows, thyroidPath, writeTable } from './tables.js';

const folder = mkdtempSync(join(tmpdir(), 'auscult-datasets-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const { signal } = new AbortController();
const at = (name: string): string => join(folder, name);

function load(name: string, data: string, options: Partial<DatasetOptions> = {}): Promise<Dataset> {
  return datasetNamed(name).load({ data, signal, ...options });
}

function encoded(dataset: Dataset, seed = 0) {
  const split = splitRows(dataset, 'paper', seed);
  return { split, rows: encodeSplit(dataset.table, dataset.anomalous, dataset.encoding, split) };
}

const count = (labels: Uint8Array, label: number): number => labels.filter((value) => value === label).length;

describe('data sets', () => {
  it.each(DATASETS.map(({ name }) => name))('%s says what was expected when there is no file', async (name) => {
    const error = await load(name, at('nowhere.csv'), { labelColumn: undefined }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(SourceError);
    expect(String(error)).toMatch(/nowhere\.csv: expected .*found no file/);
    if (name !== 'csv') expect(String(error)).toMatch(/published at https?:/);
  });

  it('refuse a name that is not there, naming those that are', () => {
    expect(() => datasetNamed('kdd')).toThrow(/expected one of kddcup99, .*found "kdd"/);
  });

  it('read thyroid as ODDS has it: 3,772 rows of 6 numbers, 93 of them anomalies', async () => {
    const thyroid = await load('thyroid', thyroidPath);
    expect([thyroid.table.rows, thyroid.table.columns.length]).toEqual([3772, 7]);
    expect(count(thyroid.anomalous, 1)).toBe(93);
    const { rows } = encoded(thyroid);
    expect(rows.width).toBe(6);
    expect(rows.flagged).toBe(Math.round(0.025 * 1886));
  });

  it('refuse another table under the name of a published one', async () => {
    await expect(load('arrhythmia', thyroidPath)).rejects.toThrow(/expected arrhythmia .*274 columns.*found 7 columns/);
    await expect(load('kddcup99', thyroidPath)).rejects.toThrow(/expected 41 columns and a label/);
    await expect(load('thyroid', thyroidPath, { labelColumn: 'f1' })).rejects.toThrow(ConfigError);
  });

  it('read KDD Cup with its symbols as categories, "normal." being the anomaly', async () => {
    const path = writeTable(at('kdd.gz'), kddLines(1)[0] ?? '', kddLines(200).slice(1));
    const kdd = await load('kddcup99', path);
    expect(count(kdd.anomalous, 1)).toBe(40);
    const { rows, split } = encoded(kdd);
    expect(rows.width).toBe(38 + 2 + 3 + 2);
    expect([...split.train].every((row) => kdd.anomalous[row] === 0)).toBe(true);
    const [first = 0] = split.train;
    expect(cellsOf(kdd.table, first)).toMatchObject({ protocol_type: 'icmp', label: 'smurf.' });
  });

  it('say how many rows of KDD Cup are left out, and that labels end in a point', async () => {
    const lines = kddLines(200);
    const cut = Array.from({ length: 1200 }, () => '0,tcp,http');
    const { notes } = await load('kddcup99', writeTable(at('cut.csv'), lines[0] ?? '', [...lines.slice(1), ...cut]));
    expect(notes).toEqual([expect.stringMatching(/^1200 rows were left out: .*line 201: expected 42 fields, found 3/)]);
    const [first = '', ...rest] = lines.map((line) => line.replace(/\.$/, ''));
    const pointless = load('kddcup99', writeTable(at('pointless.csv'), first, rest));
    await expect(pointless).rejects.toThrow(/expected .* label such as "normal\.", found 42 columns, the last "\w+";/);
  });

  it('turn KDD Cup round, and draw attacks until they are a fifth, others for each split', async () => {
    const path = writeTable(at('rev.csv'), kddLines(1)[0] ?? '', kddLines(200).slice(1));
    const rev = await load('kddcup99-rev', path);
    expect([count(rev.anomalous, 0), count(rev.anomalous, 1)]).toEqual([40, 160]);
    const [one, other] = [splitRows(rev, 'goad', 0), splitRows(rev, 'goad', 1)];
    expect(one.anomalies).toBe(10);
    expect([...one.test].filter((row) => rev.anomalous[row])).not.toEqual(
      [...other.test].filter((row) => rev.anomalous[row]),
    );
  });
});

describe('any table', () => {
  const header = 'constant;empty;flow;valve;note;label;copy';
  const messy = rigRows(400).map(({ flow, faulty }, i) => {
    const valve = i === 399 ? 'never' : i % 3 ? 'open' : 'shut';
    const note = i === 7 || i === 388 ? 'oops' : String(flow + i % 7); // biome-ignore format: one row
    const number = i % 50 === 3 ? 'inf' : flow.toFixed(3).replace('.', ',');
    return `1;;${number};${valve};${note};${faulty ? 'Outlier' : 'fine'};${faulty ? 'bad' : 'good'}`;
  });

  it('is read with decimal commas, and says which column tells the label', async () => {
    const table = await load('csv', writeTable(at('messy.csv'), header, messy), { labelColumn: 'label' });
    expect(count(table.anomalous, 1)).toBe(40);
    expect(table.flaggedShare).toBeCloseTo(0.1, 12);
    expect(table.notes.join('\n')).toMatch(/column "label" is the label.*40 of 400/);
    expect(table.notes.join('\n')).toMatch(/column "copy" tells the label/);
    const { rows } = encoded(table);
    expect(rows.notes.join('\n')).toMatch(/"constant" \(always 1\), "empty" \(missing in every row\)/);
    expect(rows.notes.join('\n')).toMatch(/missing cells were judged as the mean/);
    expect(rows.train.every(Number.isFinite) && rows.test.every(Number.isFinite)).toBe(true);
  });

  it('leaves out the columns asked, then no longer warns of them', async () => {
    const options = { labelColumn: 'label', exclude: ['copy'] };
    const table = await load('csv', writeTable(at('messy.csv'), header, messy), options);
    expect(table.notes.join('\n')).not.toMatch(/tells the label/);
    expect(encoded(table).rows.width).toBe(4); // flow, two valves, note
  });

  it('never learns a column that counts its rows, in whatever order a split has them', async () => {
    const rows = rigRows(100).map(
      ({ flow, faulty }, i) => `${String(i).padStart(4, '0')},${i / 10},${flow},${faulty ? 1 : 0}`,
    );
    const path = writeTable(at('counted.csv'), 'id,seconds,flow,y', rows);
    const table = await load('csv', path, { labelColumn: 'y' });
    expect(table.notes.filter((note) => note.includes('counts the rows or the time'))).toEqual([
      expect.stringContaining('"id"'),
      expect.stringContaining('"seconds"'),
    ]);
    expect(encoded(table, 1).rows.width).toBe(1);
    const asked = await load('csv', path, { labelColumn: 'y', exclude: ['id', 'seconds'] });
    expect(asked.notes.join('\n')).not.toMatch(/counts the rows/);
  });

  it('names what it leaves out in one short line, whatever its cells hold', async () => {
    const rows = rigRows(60).map(({ flow, faulty }) => `"two\nlines ${'long '.repeat(40)}",${flow},${faulty ? 1 : 0}`);
    const table = await load('csv', writeTable(at('lines.csv'), 'remark,flow,y', rows), { labelColumn: 'y' });
    const [note] = encoded(table).rows.notes;
    expect(note).toMatch(/"remark" \(always two\\nlines long .*…\)$/);
    expect(note?.length).toBeLessThan(150);
  });

  it('is encoded by its training rows alone, exactly as the live path encodes', async () => {
    const table = await load('csv', writeTable(at('messy.csv'), header, messy), { labelColumn: 'label' });
    const { rows, split } = encoded(table, 3);
    const cells = (numbers: Int32Array) => Array.from(numbers, (row) => cellsOf(table.table, row));
    const spec = fitTableSpec(cells(split.train), { exclude: ['label'] });
    const encoder = new TableEncoder(spec);
    const live = (numbers: Int32Array) => cells(numbers).flatMap((row) => [...encoder.encode(row, 'row')]);
    expect([...rows.train]).toEqual(live(split.train));
    expect([...rows.test]).toEqual(live(split.test));
  });

  it('judges a category that training never saw as none, and counts it', async () => {
    const rows = Array.from({ length: 40 }, (_, i) => `${i % 7},${i % 2 ? 'a' : 'b'},${i % 4 === 3 ? 1 : 0}`);
    rows.push('3,new,1', '3,new,1', '4,new,1', '4,new,1', '2,new,1', '2,new,1');
    const table = await load('csv', writeTable(at('new.csv'), 'x,kind,y', rows), { labelColumn: 'y' });
    expect(encoded(table).rows.notes.join('\n')).toMatch(/\d categories that training never saw/);
  });

  it('takes few texts in a numeric column as missing, and many as categories', async () => {
    const rows = rigRows(600).map(({ flow, faulty }, i) => `${i === 5 ? 'broken' : flow},${flow},${faulty ? 1 : 0}`);
    const table = await load('csv', writeTable(at('text.csv'), 'a,b,y', rows), { labelColumn: 'y' });
    expect(encoded(table).rows.width).toBe(2);
    const some = rows.map((row, i) =>
      i % 4 === 0 ? row.replace(/^[^,]*/, 'off') : row.replace(/^[^,]*/, String(i % 5)),
    );
    const mixed = await load('csv', writeTable(at('mixed.csv'), 'a,b,y', some), { labelColumn: 'y' });
    expect(encoded(mixed).rows.width).toBe(7);
  });

  it('may have 10,000 columns', async () => {
    const names = Array.from({ length: 10_000 }, (_, i) => `c${i}`);
    const rows = Array.from({ length: 24 }, (_, r) => `${names.map((_, i) => Math.sin(r * 7 + i * r)).join(',')},${r % 4 === 0 ? 1 : 0}`); // biome-ignore format: one row
    const table = await load('csv', writeTable(at('wide.csv'), [...names, 'y'].join(','), rows), { labelColumn: 'y' });
    const { rows: numbers } = encoded(table);
    expect(numbers.width).toBeGreaterThan(9_000);
    expect(numbers.train.every(Number.isFinite)).toBe(true);
  });

  it.each([
    ['1,1', 'found 0 normal|expected some normal rows'],
    ['1,0', 'expected 1, true, anomaly or outlier in some rows, found 0'],
  ])('with the one row %s is refused in words', async (row, words) => {
    const path = writeTable(at('one.csv'), 'x,y', [row]);
    await expect(load('csv', path, { labelColumn: 'y' })).rejects.toThrow(new RegExp(words));
  });

  it('with too few rows of a class to judge is refused when it is split', async () => {
    const table = await load('csv', writeTable(at('two.csv'), 'x,y', ['1,0', '2,1']), { labelColumn: 'y' });
    expect(() => splitRows(table, 'paper', 0)).toThrow(/found 1 normal and 1 anomalous rows/);
  });

  it('of constants alone is refused, each column with its reason', async () => {
    const rows = Array.from({ length: 40 }, (_, i) => `5,,${i % 4 === 0 ? 1 : 0}`);
    const table = await load('csv', writeTable(at('flat.csv'), 'a,b,y', rows), { labelColumn: 'y' });
    expect(() => encoded(table)).toThrow(/no column is left.*"a" always 5; "b" missing in every row/);
  });

  it('knows anomalies by 1, true, anomaly and outlier in any case, or by the value given', async () => {
    const path = writeTable(at('words.csv'), 'x,y', ['1,TRUE', '2,Anomaly', '3,outlier', '4,1.0', '5,no', '6,', '7,0']);
    const table = await load('csv', path, { labelColumn: 'y' });
    expect([...table.anomalous]).toEqual([1, 1, 1, 1, 0, 255, 0]);
    expect(table.notes.join('\n')).toMatch(/1 rows without a label were left out/);
    const no = await load('csv', path, { labelColumn: 'y', anomalyLabel: 'NO' });
    expect([...no.anomalous]).toEqual([0, 0, 0, 0, 1, 255, 0]);
    expect([...(await load('csv', path, { labelColumn: 'y', anomalyLabel: '0' })).anomalous].at(-1)).toBe(1);
    expect(no.digest).not.toBe(table.digest);
  });

  it('names the columns when the label is not there, and the values when none is meant', async () => {
    const path = writeTable(at('names.csv'), 'x,class', ['1,ok', '2,bad']);
    await expect(load('csv', path)).rejects.toThrow(/perhaps --label-column class/);
    await expect(load('csv', path, { labelColumn: 'klass' })).rejects.toThrow(
      /no column "klass"; the table has x, class/,
    );
    await expect(load('csv', path, { labelColumn: 'class' })).rejects.toThrow(/found ok, bad; --anomaly-label/);
  });
});
