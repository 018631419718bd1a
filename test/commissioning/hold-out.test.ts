import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type KeptWindow, type Segment, splitNormals } from '../../src/commissioning/hold-out.js';
import { timingOf } from '../../src/commissioning/timing.js';
import { workerFile } from '../../src/commissioning/worker-file.js';
import type { FeatureSpec } from '../../src/contracts.js';
import { defaultImageFlat, defaultMelFrames } from '../../src/features/default-specs.js';

/** A tiny sound spec: one band, stacks of 2 frames, windows of 8 frames every 4; FFT of two hops, so frames overlap by one. */
const mel = { sampleRateHz: 1000, fftSize: 8, hopSamples: 4, melBands: 1 };
const spec: FeatureSpec = { ...defaultMelFrames(), mel, stackFrames: 2, windowFrames: 8, hopFrames: 4 };
const ROWS = 7;

/** Windows whose cell (row, position) is the number of its frame. */
function segment(name: string, windows: number): Segment {
  const window = (i: number): KeptWindow => ({
    data: Float32Array.from({ length: ROWS * 2 }, (_, at) => 4 * i + Math.floor(at / 2) + (at % 2)),
    shape: [ROWS, 2],
    origin: name,
    sequence: i,
    startMs: 16 * i,
    endMs: 16 * i + 36,
    levelDb: -20,
  });
  return { name, windows: Array.from({ length: windows }, (_, i) => window(i)) };
}

const framesOf = (rows: Float32Array): number[] => [...new Set(rows)].sort((a, b) => a - b);

describe('holding normals out', () => {
  it('holds out the end of each of a few stretches, and learns each row before it once', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 2, max: 40 }), { minLength: 1, maxLength: 4 }), (lengths) => {
        const { training, heldOut, width } = splitNormals(
          lengths.map((length, i) => segment(`file ${i}`, length)),
          spec,
        );
        expect(width).toBe(2);
        expect(heldOut).toHaveLength(lengths.length);
        const borders = heldOut.map(({ windows }) => (windows[0]?.sequence ?? 0) * 4);
        // The last learnt stack ends before the frame that shares samples with the first held-out one.
        expect(training.length / 2).toBe(borders.reduce((sum, border) => sum + border - 2, 0));
        expect(Math.max(...training)).toBe(Math.max(...borders) - 2);
        heldOut.forEach(({ windows }, i) => {
          expect(windows).toHaveLength(
            Math.min((lengths[i] as number) - 1, Math.max(1, Math.round((lengths[i] as number) / 5))),
          );
        });
      }),
    );
  });

  it('holds out every fifth of many files, whole', () => {
    const files = Array.from({ length: 12 }, (_, i) => segment(`file ${i}`, 3));
    const { training, heldOut } = splitNormals(files, spec);
    expect(heldOut.map(({ name }) => name)).toEqual(['file 4', 'file 9']);
    expect(training.length / 2).toBe(10 * (4 + 4 + 7));
    expect(framesOf(training)).toEqual(Array.from({ length: 16 }, (_, i) => i));
  });

  it.each([
    [4, 4, 1],
    [6, 1, 60],
  ])('holds out whole files where windows of %i are so long that the ends would cost most', (count, held, rows) => {
    const long: FeatureSpec = { ...spec, kind: 'mel-pooled', windowFrames: 40, ranks: [1], deviation: false };
    const stretch = (i: number): Segment => ({
      name: `file ${i}`,
      windows: Array.from({ length: 12 }, (_, at) => ({
        ...{ data: Float32Array.of(at), shape: [1, 1], origin: `file ${i}`, sequence: at, levelDb: -20 },
        ...{ startMs: 16 * at, endMs: 16 * at + 160 },
      })),
    });
    const { training, heldOut } = splitNormals(
      Array.from({ length: count }, (_, i) => stretch(i)),
      long,
    );
    expect(heldOut).toHaveLength(held);
    expect(training.length).toBe(count === 4 ? count * rows : rows);
  });

  it('makes one run of the held-out pictures', () => {
    const picture = (i: number): Segment => ({
      name: `${i}.png`,
      windows: [{ data: Float32Array.of(i), shape: [1, 1], origin: `${i}.png`, sequence: i, startMs: 0, endMs: 0 }],
    });
    const { training, heldOut } = splitNormals(
      Array.from({ length: 10 }, (_, i) => picture(i)),
      defaultImageFlat(),
    );
    expect([...training]).toEqual([0, 1, 2, 3, 5, 6, 7, 8]);
    expect(heldOut.map(({ windows }) => windows.map(({ sequence }) => sequence))).toEqual([[4, 9]]);
  });

  it('refuses data too short to hold anything out', () => {
    expect(() => splitNormals([segment('short', 1)], spec)).toThrow(
      'enough normal data to learn from and to hold out, found 1 windows',
    );
  });
});

describe('timing', () => {
  it('comes from the spec for sound and from the median interval for rows', () => {
    expect(timingOf(spec, [])).toEqual({ windowMs: 36, hopMs: 16 });
    const table: FeatureSpec = { kind: 'table', columns: [], dropped: [], timeColumn: null };
    expect(timingOf(table, [segment('rows', 5)])).toEqual({ windowMs: 16, hopMs: 16 });
    expect(timingOf(table, [segment('rows', 1)])).toEqual({ windowMs: 1000, hopMs: 1000 });
  });

  it('of pictures that follow each other as only copies do is one a second', () => {
    expect(timingOf(defaultImageFlat(), [segment('copied', 5)])).toEqual({ windowMs: 1000, hopMs: 1000 });
  });
});

describe('the file of a worker', () => {
  it('is beside the compiled caller, and in dist/ for a caller that is not compiled', () => {
    expect(workerFile('file:///a/src/dist/commissioning/run.js', 'w')).toBe('/a/src/dist/commissioning/w.js');
    expect(workerFile('file:///a/src/b/src/commissioning/run.ts', 'w')).toBe('/a/src/b/dist/commissioning/w.js');
  });
});
