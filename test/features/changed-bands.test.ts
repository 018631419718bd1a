import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bandMeans, changedBands, judgedBands } from '../../src/features/changed-bands.js';
import { changedTimes } from '../../src/features/changed-times.js';
import { defaultMel } from '../../src/features/default-specs.js';
import { bandCentresHz } from '../../src/features/mel-filters.js';

const mel = defaultMel();
const centres = bandCentresHz(mel);
const bands = (value: (band: number) => number): number[] => Array.from({ length: mel.melBands }, (_, i) => value(i));
const between = (i: number, first: number, last: number): boolean => i >= first && i <= last;

describe('the bands that changed', () => {
  it('are joined with their neighbours, and named from the middle of one slope to the other', () => {
    const [only, ...none] = changedBands(
      mel,
      bands((i) => (between(i, 8, 13) ? 9 : 0.2)),
      bands((i) => (between(i, 8, 13) ? 4 : 0.1)),
    );
    expect(none).toEqual([]);
    expect(only?.changeDb).toBe(9);
    expect(only?.fromHz).toBeGreaterThan(centres[7] ?? 0);
    expect(only?.fromHz).toBeLessThan(centres[8] ?? 0);
    expect(only?.toHz).toBeGreaterThan(centres[13] ?? 0);
    expect(only?.toHz).toBeLessThan(centres[14] ?? 0);
  });

  it('are not parted by one weaker band, but by a change of direction', () => {
    const hole = bands((i) => (between(i, 20, 26) && i !== 23 ? 6 : 0));
    expect(changedBands(mel, hole, hole)).toHaveLength(1);
    const swing = bands((i) => (between(i, 20, 26) ? (i < 23 ? 6 : -6) : 0));
    expect(changedBands(mel, swing, swing.map(Math.abs)).map(({ changeDb }) => changeDb)).toEqual([-6, 6]);
  });

  it('need both blame and change: a loud band that the model does not mind is none', () => {
    const change = bands((i) => (i === 10 ? 20 : i === 40 ? 8 : 0));
    const blame = bands((i) => (i === 40 ? 5 : -1));
    const [only, ...none] = changedBands(mel, change, blame);
    expect(none).toEqual([]);
    expect(between(centres[40] ?? 0, only?.fromHz ?? 0, only?.toHz ?? 0)).toBe(true);
  });

  it('are those of either where the other is not known', () => {
    const some = bands((i) => (between(i, 30, 32) ? 5 : 1));
    expect(changedBands(mel, null, some)[0]?.changeDb).toBeNull();
    expect(changedBands(mel, some, null)).toHaveLength(1);
    expect(
      changedBands(
        mel,
        bands(() => 2.9),
        null,
      ),
    ).toEqual([]);
    expect(
      changedBands(
        mel,
        bands(() => 9),
        bands(() => -1),
      ),
    ).toEqual([]);
  });

  it('are at most three ranges within the spectrum, whatever the numbers', () => {
    const number = fc.double({ min: -100, max: 100, noNaN: true });
    const list = fc.array(number, { minLength: mel.melBands, maxLength: mel.melBands });
    fc.assert(
      fc.property(list, list, (change, blame) => {
        const found = changedBands(mel, change, blame);
        expect(found.length).toBeLessThanOrEqual(3);
        for (const { fromHz, toHz } of found) expect(0 < fromHz && fromHz < toHz && toHz <= 8_000).toBe(true);
      }),
    );
  });

  it('are taken of a picture after the level policy', () => {
    expect([...bandMeans([1, 10, 3, 30], 2)]).toEqual([2, 20]);
    const window = { logMel: { data: Float32Array.from([-40, -50]), frames: 1, bands: 2 }, levelDb: -30 } as never;
    expect([...(judgedBands(window, { level: { policy: 'keep', referenceLevelDb: -20 } }) ?? [])]).toEqual([-40, -50]);
    expect([...(judgedBands(window, { level: { policy: 'match', referenceLevelDb: -20 } }) ?? [])]).toEqual([-30, -40]);
    expect(judgedBands({} as never, { level: { policy: 'keep', referenceLevelDb: 0 } })).toBeNull();
  });
});

describe('the times of a change', () => {
  const window = { startMs: 1_000, endMs: 2_024 };
  it('join neighbouring stretches, and reach to the end of the window', () => {
    expect(changedTimes({ values: [0, 4, 3, 0, 1] }, 192, window)).toEqual([{ fromMs: 1_192, toMs: 1_576 }]);
    expect(changedTimes({ values: [0, 0, 0, 0, 1] }, 192, window)).toEqual([{ fromMs: 1_768, toMs: 2_024 }]);
    expect(changedTimes({ values: [1, 0, 1, 0, 0] }, 192, window)).toHaveLength(2);
  });

  it('are none when it is unusual throughout, or not at all', () => {
    expect(changedTimes({ values: [1, 1, 1, 1, 1] }, 192, window)).toEqual([]);
    expect(changedTimes({ values: [-1, -2] }, 512, window)).toEqual([]);
    expect(changedTimes({ values: [] }, 512, window)).toEqual([]);
  });
});
