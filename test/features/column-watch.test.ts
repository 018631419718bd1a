import { describe, expect, it } from 'vitest';
import type { RowObservation } from '../../src/contracts.js';
import { ColumnWatch } from '../../src/features/column-watch.js';
import { describeCounts } from '../../src/features/table-encoder.js';
import { TableFeatures } from '../../src/features/table-features.js';
import { fitTableSpec } from '../../src/features/table-fit.js';
import type { Cells } from '../../src/sources/tables/cells.js';

/** 400 rows: `flow` stands still for up to 12 rows, `setpoint` for 200, `alarm` never changes, `lab` comes every 20th row. */
const rows: Cells[] = Array.from({ length: 400 }, (_, i) => ({
  pressure: Math.sin(i * 0.37),
  flow: Math.floor(i / 12) % 7,
  setpoint: i < 200 ? 40 : 50,
  alarm: 0,
  lab: i % 20 === 0 ? i % 7 : null,
  mode: ['run', 'idle'][Math.floor(i / 3) % 2] ?? null,
}));
const spec = fitTableSpec(rows);
const watched = (next: Iterable<Cells>) => {
  const watch = new ColumnWatch(spec);
  return [...next].map((cells) => watch.push(cells).map(({ code, message }) => `${code}: ${message}`));
};
const repeated = (count: number, change: Cells) =>
  Array.from({ length: count }, (_, i) => ({ ...rows[i % 400], ...change }));

describe('the columns of a table', () => {
  it('are remembered by their longest runs, and constant ones by their value', () => {
    expect(spec.watch).toEqual({
      rows: 400,
      columns: [
        { name: 'pressure', constantRows: 1, missingRows: 0, heldRows: 0 },
        { name: 'flow', constantRows: 12, missingRows: 0, heldRows: 0 },
        { name: 'setpoint', constantRows: 200, missingRows: 0, heldRows: 0 },
        { name: 'lab', constantRows: expect.any(Number), missingRows: 19, heldRows: 19 },
        { name: 'mode', constantRows: 3, missingRows: 0, heldRows: 0 },
      ],
      constants: [{ name: 'alarm', value: '0' }],
    });
  });

  it('give no fault on the rows they were learnt from', () => {
    expect(watched(rows).flat()).toEqual([]);
  });

  it('are frozen after three times their longest run and at least 30 rows, and move again', () => {
    const found = watched([...repeated(60, { pressure: 0.5, flow: 3 }), ...rows]);
    expect(found.findIndex((faults) => faults.length > 0)).toBe(30);
    expect(found[30]).toEqual([
      'column-stuck: pressure is 0.5 for 31 rows, expected to move within 30: a frozen sensor?',
    ]);
    expect(found[36]?.[0]).toMatch(/pressure .*; flow is 3 for 37 rows, expected to move within 36/);
    expect(found.slice(60).flat()).toEqual([]);
  });

  it('that stand still or are empty by nature, or hold texts, are not watched for it', () => {
    expect(watched(repeated(390, { setpoint: 40, mode: 'run' })).flat()).toEqual([]);
  });

  it('are gone after ten rows, or three times as long as they were missing in training, and come back', () => {
    const found = watched([...repeated(70, { pressure: null, mode: null, lab: null }), ...rows]);
    expect(found.findIndex((faults) => faults.length > 0)).toBe(10);
    expect(found[10]).toEqual([
      'column-missing: pressure has no value for 11 rows; mode has no value for 11 rows: judged by its last usual value',
    ]);
    expect(found.findIndex(([fault]) => fault?.includes('lab'))).toBe(57);
    expect(found.slice(71).flat()).toEqual([]);
  });

  it('are gone, too, when only every fifth row has a value that all had, and are back when they come again', () => {
    const rare = rows.slice(0, 100).map((cells, i) => (i % 5 === 0 ? cells : { ...cells, pressure: null }));
    const watch = new ColumnWatch(spec);
    const seen = rare.map((cells) => ({ faults: watch.push(cells), incomplete: watch.incomplete }));
    expect(seen.findIndex(({ faults }) => faults.length > 0)).toBeLessThan(20);
    expect(seen.slice(20).every(({ faults, incomplete }) => faults.length === 1 && !incomplete)).toBe(true);
    expect(seen[50]?.faults[0]?.message).toBe(
      'pressure lacks too many values, expected one in every row: judged by its last usual value',
    );
    expect(rows.slice(0, 100).flatMap((cells) => watch.push(cells)).length).toBeLessThan(5);
  });

  it('are not gone when two that go in turn share the rows as in training', () => {
    const turns = rows.map((cells, i) => (i % 2 ? { ...cells, flow: null } : { ...cells, pressure: null }));
    const watch = new ColumnWatch(fitTableSpec(turns));
    expect(turns.flatMap((cells) => [...watch.push(cells), ...(watch.incomplete ? [1] : [])])).toEqual([]);
    const joined = new ColumnWatch(spec);
    const incomplete = turns.map((cells) => [joined.push(cells).length > 0, joined.incomplete]);
    expect(incomplete.at(-1)).toEqual([true, false]);
  });

  it('hold a text where a number is expected as long as nothing comes', () => {
    expect(watched(repeated(11, { pressure: 'ERR' })).at(-1)?.[0]).toMatch(/^column-missing: pressure/);
  });

  it('that never changed in training are told once when they do', () => {
    const found = watched([
      ...rows.slice(0, 5),
      ...repeated(100, { alarm: 1 }),
      ...rows.slice(0, 5),
      ...repeated(5, { alarm: 2 }),
    ]);
    expect(found[4]).toEqual([]);
    expect(found[5]).toEqual(['column-changed: alarm was always 0, now 1: not judged until the feed learns again']);
    expect(found.filter((faults) => faults.length > 0).length).toBe(60);
  });

  it('are said a few at a time', () => {
    const wide = Array.from({ length: 50 }, (_, i) =>
      Object.fromEntries(Array.from({ length: 40 }, (_, j) => [`c${j}`, i * i + j])),
    );
    const watch = new ColumnWatch(fitTableSpec(wide));
    const none = Object.fromEntries(Array.from({ length: 40 }, (_, j) => [`c${j}`, null]));
    const faults = Array.from({ length: 11 }, () => watch.push(none)).at(-1);
    expect(faults).toMatchObject([
      { value: 40, message: expect.stringMatching(/; and 35 more: judged by its last usual value$/) },
    ]);
    expect(faults?.[0]?.message.length).toBeLessThan(250);
  });

  it('of a package without these facts are not watched', () => {
    const { watch: _, ...before } = spec;
    const watch = new ColumnWatch(before);
    expect(repeated(300, { pressure: null, flow: 3 }).flatMap((cells) => watch.push(cells))).toEqual([]);
  });
});

describe('the windows of a table', () => {
  const row = (cells: Cells, i = 0): RowObservation => ({
    ...{ kind: 'row', feed: 'rig', machine: 'rig', sequence: i, startMs: i, endMs: i + 1, origin: 'x', gap: false },
    ...{ cells, row: i + 1 },
  });

  it('carry what is wrong, and take absent columns as missing unless all are absent', () => {
    const features = new TableFeatures(spec);
    const { setpoint: _, ...without } = rows[0] as Record<string, number>;
    const windows = Array.from({ length: 12 }, (_, i) => features.push(row(without, i))).flat();
    expect(windows.at(-1)?.cells).toMatchObject({ setpoint: null, pressure: 0 });
    expect(windows.at(-1)?.faults).toMatchObject([{ code: 'column-missing' }]);
    expect(() => features.push(row({ other: 1 }))).toThrow(/the model needs column "pressure", found other/);
  });

  it('hold the last value of a slow column, however unusual, for as long as training had none', () => {
    const features = new TableFeatures(spec);
    const lab = spec.columns.findIndex(({ name }) => name === 'lab');
    const seen = Array.from({ length: 60 }, (_, i) => {
      const [window] = features.push(
        row({ ...rows[i], lab: i === 0 ? 3 : i === 20 ? 1e6 : i === 25 ? 'bad' : null }, i),
      );
      return window?.data[lab] ?? Number.NaN;
    });
    expect(new Set(seen.slice(0, 20))).toEqual(new Set([seen[0]]));
    expect(seen[20]).toBeGreaterThan(1000);
    expect(new Set(seen.slice(20, 40))).toEqual(new Set([seen[20]]));
    expect(new Set(seen.slice(40))).toEqual(new Set([seen[0]]));
    expect(features.counts.missing).toBe(20);
  });

  it('are counted, in words', () => {
    const features = new TableFeatures(spec);
    features.push(row({ ...rows[0], pressure: null, flow: 'x', mode: 'mad', more: 1 }));
    expect(describeCounts(features.counts)).toEqual([
      '1 cell of 1 row missing: the last usual value stands for it',
      '1 cell of 1 row not a number to judge: the last usual value stands for it',
      '1 cell of 1 row of a category never seen in training',
      'columns the model does not know, ignored: more',
    ]);
  });
});
