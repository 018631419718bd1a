import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, ModelError, type RowObservation, type TableSpec } from '../../src/contracts.js';
import { createFeatures } from '../../src/features/create-features.js';
import { rowWidth } from '../../src/features/spec-sizes.js';
import { requiredColumns, TableEncoder } from '../../src/features/table-encoder.js';
import { TableFeatures } from '../../src/features/table-features.js';
import { fitTableSpec } from '../../src/features/table-fit.js';
import type { Cells } from '../../src/sources/tables/cells.js';

/** As SKAB's runs are: a time, sensors, labels that never change while all is well. */
const rig: Cells[] = [1, 2, 3, 4].map((n) => ({
  '': n - 1,
  datetime: `2020-03-09 10:34:3${n}`,
  Pressure: n,
  Flow: 10 * (n % 2),
  mode: n < 3 ? 'idle' : 'run',
  anomaly: 0,
  comment: null,
}));

const row = (cells: Cells): RowObservation => ({
  kind: 'row',
  feed: 'rig',
  machine: 'pump',
  sequence: 7,
  startMs: 1_000,
  endMs: 2_000,
  origin: 'rig.csv',
  gap: false,
  cells,
  row: 8,
});

describe('a table spec', () => {
  const spec = fitTableSpec(rig);

  it('has the mean and deviation of numbers and the categories of texts', () => {
    expect(spec.columns).toEqual([
      { name: 'Pressure', type: 'numeric', mean: 2.5, deviation: Math.sqrt(1.25) },
      { name: 'Flow', type: 'numeric', mean: 5, deviation: 5 },
      { name: 'mode', type: 'categorical', categories: ['idle', 'run'] },
    ]);
    expect([rowWidth(spec), requiredColumns(spec)]).toEqual([4, ['Pressure', 'Flow', 'mode']]);
  });

  it('says which columns it left out, and why', () => {
    expect(spec.dropped).toEqual([
      { name: '', reason: 'an unnamed first column is an index' },
      { name: 'datetime', reason: 'the time of the row' },
      { name: 'anomaly', reason: 'always 0' },
      { name: 'comment', reason: 'missing in every row' },
    ]);
    expect(spec.timeColumn).toBe('datetime');
  });

  it('leaves out what is excluded, and refuses to exclude what is not there', () => {
    expect(fitTableSpec(rig, { exclude: ['mode'] }).dropped).toContainEqual({ name: 'mode', reason: 'excluded' });
    expect(() => fitTableSpec(rig, { exclude: ['Mode'] })).toThrow(ConfigError);
    expect(() => fitTableSpec(rig, { exclude: ['Mode'] })).toThrow(/no column "Mode"; the table has .*Pressure/);
  });

  it('takes a column as numbers though one in a hundred is a slip, and not if more are', () => {
    const rows = (slips: number) => Array.from({ length: 200 }, (_, i) => ({ a: i < slips ? 'err' : i * i, b: i * i }));
    expect(fitTableSpec(rows(2)).columns[0]).toMatchObject({ type: 'numeric' });
    expect(fitTableSpec(rows(40)).columns.map((column) => column.name)).toEqual(['b']);
  });

  it('leaves out names and remarks, that differ in nearly every row', () => {
    const rows = Array.from({ length: 300 }, (_, i) => ({ file: `${i}.wav`, load: i * i }));
    expect(fitTableSpec(rows).dropped).toEqual([{ name: 'file', reason: 'more than 256 different texts' }]);
    expect(fitTableSpec(rows.slice(0, 50)).dropped).toEqual([
      { name: 'file', reason: '50 different texts in 50 rows' },
    ]);
  });

  it('leaves out a column that counts the rows or the time, whatever its name', () => {
    const rows = Array.from({ length: 30 }, (_, i) => ({ id: 7 + i, seconds: 0.1 * i, load: i + (i === 29 ? 1 : 0) }));
    const spec = fitTableSpec(rows);
    expect(spec.columns.map((column) => column.name)).toEqual(['load']);
    expect(spec.dropped.map(({ reason }) => reason)).toEqual(Array(2).fill('it counts the rows or the time'));
  });

  it('takes codes with leading zeros as the numbers they are when all are', () => {
    expect(fitTableSpec([{ code: '01' }, { code: '03' }]).columns[0]).toMatchObject({ type: 'numeric', mean: 2 });
  });

  it('leaves out what never changes in the rows that are learnt, and watches it', () => {
    const rows = Array.from({ length: 100 }, (_, i) => ({
      load: i * i,
      mode: i < 80 ? 0 : 1,
      state: i < 80 ? 'idle' : 'run',
      late: i < 80 ? null : i * i,
      now: i === 40 ? 1 : 0,
    }));
    const spec = fitTableSpec(rows, { learnt: rows.slice(0, 80) });
    expect(spec.columns).toEqual(fitTableSpec(rows).columns.filter(({ name }) => name === 'load' || name === 'now'));
    expect(spec.dropped).toEqual([
      { name: 'mode', reason: 'always 0 but for what is held out' },
      { name: 'state', reason: 'always idle but for what is held out' },
      { name: 'late', reason: 'missing in every row but for what is held out' },
    ]);
    expect(spec.watch?.constants).toEqual([
      { name: 'mode', value: '0' },
      { name: 'state', value: 'idle' },
    ]);
    expect(spec.watch?.columns.map(({ name }) => name)).toEqual(['load', 'now']);
  });

  it('takes a column that a row lacks as missing there, before and after it first comes', () => {
    const rows = (count: number, hasSlow: (i: number) => boolean) =>
      Array.from({ length: count }, (_, i): Cells => ({ a: i % 3, ...(hasSlow(i) && { slow: i % 4 }) }));
    const fifth = rows(100, (i) => i >= 7 && i % 5 === 2);
    expect(fitTableSpec(fifth).watch?.columns[1]).toMatchObject({ name: 'slow', missingRows: 7, heldRows: 4 });
    const outage = rows(1000, (i) => i <= 500 || i > 550);
    expect(fitTableSpec(outage).watch?.columns[1]).toMatchObject({ missingRows: 50, heldRows: 0 });
  });

  it('needs a row and a column', () => {
    expect(() => fitTableSpec([])).toThrow('table: expected training rows, found none');
    expect(() => fitTableSpec([{ a: 1 }, { a: 1 }])).toThrow('no column is left to learn from: "a" always 1');
  });

  it('has means and deviations that hold for far-off and large numbers', () => {
    const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(fc.array(value, { minLength: 2, maxLength: 50 }), fc.constantFrom(0, 1e9, -1e7), (values, offset) => {
        const shifted = values.map((x) => x + offset);
        fc.pre(new Set(shifted).size > 1);
        const mean = shifted.reduce((sum, x) => sum + x, 0) / shifted.length;
        const variance = shifted.reduce((sum, x) => sum + (x - mean) ** 2, 0) / shifted.length;
        fc.pre(variance > 1e-3);
        const [column] = fitTableSpec(shifted.map((a) => ({ a }))).columns;
        if (column?.type !== 'numeric') throw new Error('expected a numeric column');
        expect(Math.abs(column.mean - mean)).toBeLessThan(1e-6 * Math.max(1, Math.abs(mean)));
        expect(Math.abs(column.deviation / Math.sqrt(variance) - 1)).toBeLessThan(1e-4);
      }),
    );
  });
});

describe('an encoded row', () => {
  const spec = fitTableSpec(rig);

  it('is z-scores and ones for the categories it has', () => {
    const encoder = new TableEncoder(spec);
    const [first, , , last] = rig.map((cells) => [...encoder.encode(cells, 'row')]);
    const z = Math.fround(1.5 / Math.sqrt(1.25));
    expect(first).toEqual([-z, 1, 1, 0]);
    expect(last).toEqual([z, -1, 0, 1]);
  });

  it('has mean 0 and deviation 1 over the training rows', () => {
    const rows = Array.from({ length: 101 }, (_, i) => ({ a: 1e6 + Math.sin(i), b: i * i }));
    const encoder = new TableEncoder(fitTableSpec(rows));
    const encoded = rows.map((cells) => encoder.encode(cells, 'row'));
    for (const column of [0, 1]) {
      const values = encoded.map((data) => data[column] ?? Number.NaN);
      expect(values.reduce((sum, x) => sum + x, 0) / 101).toBeCloseTo(0, 5);
      expect(values.reduce((sum, x) => sum + x * x, 0) / 101).toBeCloseTo(1, 5);
    }
  });

  it('has the mean for what is missing or no number and zeros for an unknown category, all counted', () => {
    const encoder = new TableEncoder(spec);
    expect([...encoder.encode({ Pressure: null, Flow: 'err', mode: 'burst', extra: 1 }, 'row 1')]).toEqual([
      0, 0, 0, 0,
    ]);
    encoder.encode({ Pressure: 1, Flow: 1, mode: null, extra: 1, '': 5, anomaly: 1 }, 'row 2');
    // More than a float32 holds: what some loggers write for "no value".
    expect(encoder.encode({ Pressure: 1.7e308, Flow: -1e40, mode: 'run' }, 'row 3').every(Number.isFinite)).toBe(true);
    expect(encoder.counts).toEqual({
      rows: 3,
      missing: 2,
      notNumeric: 3,
      unknownCategories: 1,
      surplusColumns: ['extra'],
    });
  });

  it('has the last usual value for what is missing, where rows follow each other in time', () => {
    const encoder = new TableEncoder(spec, true);
    const encoded = (cells: Cells) => [...encoder.encode(cells, 'row')];
    const first = encoded({ Pressure: 4, Flow: 10, mode: 'run' });
    expect(encoded({ Pressure: null, Flow: 'err', mode: null })).toEqual(first);
    // What a failing sensor shows at last is not what stands for it.
    expect(encoded({ Pressure: 4, Flow: 900, mode: 'run' })[1]).toBeGreaterThan(100);
    expect(encoded({ Pressure: 4, Flow: null, mode: 'run' })).toEqual(first);
  });

  it('without a needed column is one error that names it', () => {
    const encoder = new TableEncoder(spec);
    expect(() => encoder.encode({ Flow: 1, mode: 'run' }, 'rig.csv row 8')).toThrow(ModelError);
    expect(() => encoder.encode({ Flow: 1, mode: 'run' }, 'rig.csv row 8')).toThrow(
      'rig.csv row 8: the model needs column "Pressure", found Flow, mode',
    );
  });

  it('is a window with the row as it came', async () => {
    const features = await createFeatures(spec);
    const cells = { ...rig[0], anomaly: 1 } as Cells;
    const [window] = features.push(row(cells));
    expect(window).toMatchObject({
      modality: 'table',
      shape: [1, 4],
      cells,
      sequence: 7,
      startMs: 1_000,
      origin: 'rig.csv',
    });
    expect(features).toBeInstanceOf(TableFeatures);
    expect(() =>
      features.push({ ...row(cells), kind: 'image', pixels: new Float32Array(1), width: 1, height: 1, channels: 1 }),
    ).toThrow(/expected rows, rig\.csv gives image/);
  });
});

describe('features', () => {
  it('of a picture are its pixels, if it is of the size that is expected', async () => {
    const features = await createFeatures({ kind: 'image-flat', width: 2, height: 1, channels: 3 });
    const { kind: _, cells: __, row: ___, ...origin } = row({});
    const picture = {
      ...origin,
      kind: 'image' as const,
      pixels: Float32Array.of(0, 0.5, 1, 1, 0.5, 0),
      width: 2,
      height: 1,
      channels: 3,
    };
    const [window] = features.push(picture);
    expect(window).toMatchObject({ modality: 'image', shape: [1, 6], data: picture.pixels });
    expect(window?.data).not.toBe(picture.pixels);
    expect(() => features.push({ ...picture, width: 3 })).toThrow(
      'picture width: the features expect 2, rig.csv gives 3',
    );
    expect(() => features.push(row({}))).toThrow(/expected pictures, rig\.csv gives row/);
  });

  it('of an unknown kind are refused', async () => {
    await expect(createFeatures({ kind: 'smell' } as unknown as TableSpec)).rejects.toThrow('unknown kind "smell"');
  });
});
