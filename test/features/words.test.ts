import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Calibration, Contribution, ContributionAxis, FeatureSpec, Window } from '../../src/contracts.js';
import { defaultImageFlat, defaultMel, defaultMelFrames } from '../../src/features/default-specs.js';
import { describeSound, describe as describeWindow } from '../../src/features/descriptors.js';
import { bandLabels } from '../../src/features/mel-filters.js';
import { formatHz, formatRange } from '../../src/features/sound-words.js';
import { fitTableSpec } from '../../src/features/table-fit.js';
import { describeEvent } from '../../src/features/words.js';
import { demoClip, referenceNoise } from './sound.js';

const tone = (hz: number, amplitude: number, samples = 16_384) =>
  Float32Array.from({ length: samples }, (_, i) => amplitude * Math.sin((2 * Math.PI * hz * i) / 16_000));

describe('descriptors', () => {
  it('of a tone are its level, its frequency twice, and no noise', () => {
    const found = describeSound(tone(1_000, 0.5), 16_000);
    expect(found.rms).toBeCloseTo(0.5 / Math.SQRT2, 4);
    expect(found.levelDb).toBeCloseTo(-9.03, 2);
    expect(found.centroidHz).toBeCloseTo(1_000, -1);
    expect(found.zeroCrossingsHz).toBeCloseTo(2_000, -1);
    expect(found.rolloffHz).toBeGreaterThan(1_000);
    expect(found.rolloffHz).toBeLessThan(1_100);
    expect(found.flatness).toBeLessThan(0.001);
    expect(found.crest).toBeGreaterThan(15);
  });

  it('of white noise are flat around the middle', () => {
    const found = describeSound(Float32Array.from(referenceNoise(16_384)), 16_000);
    expect(found.flatness).toBeGreaterThan(0.9);
    expect(found.centroidHz).toBeCloseTo(4_000, -3);
    expect(found.crest).toBeLessThan(3);
    expect(found.kurtosis).toBeCloseTo(1.8, 1);
    expect(found.levelDb).toBeCloseTo(20 * Math.log10(1 / Math.sqrt(3)), 0);
  });

  it('follow the rate, and rise in level and loudness alone when the sound is louder', () => {
    const slow = describeSound(tone(1_000, 0.1), 8_000);
    expect(slow.centroidHz).toBeCloseTo(500, -1);
    const quiet = describeSound(demoClip('pump-00-normal').slice(0, 16_384), 16_000);
    const loud = describeSound(
      demoClip('pump-00-normal')
        .slice(0, 16_384)
        .map((x) => 2 * x),
      16_000,
    );
    expect(loud.levelDb - quiet.levelDb).toBeCloseTo(6.02, 2);
    expect(loud.loudness / quiet.loudness).toBeCloseTo(2 ** 0.23, 3);
    for (const name of ['centroidHz', 'rolloffHz', 'flatness', 'crest', 'kurtosis', 'zeroCrossingsHz'] as const) {
      expect(loud[name] / quiet[name]).toBeCloseTo(1, 4);
    }
  });

  it.each([0, 1, 100, 1_024, 20_000])('of %i silent samples are numbers', (length) => {
    const found = describeSound(new Float32Array(length), 16_000);
    expect(found.levelDb).toBe(-120);
    expect(Object.values(found).every(Number.isFinite)).toBe(true);
  });

  it('of any sound are numbers', () => {
    const sound = fc.array(fc.float({ min: -1, max: 1, noNaN: true }), { maxLength: 3_000 });
    fc.assert(
      fc.property(sound, (samples) => {
        expect(Object.values(describeSound(Float32Array.from(samples), 16_000)).every(Number.isFinite)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});

const calibration: Calibration = {
  windowMs: 1_024,
  hopMs: 480,
  observedMs: 0,
  short: { smoothing: { kind: 'mean', windows: 3 }, sorted: [], independent: 0, maximum: 0, clearBelow: 0, tail: null },
  long: null,
  level: null,
  descriptors: null,
};

const window = (change: Partial<Window>): Window => ({
  feed: 'pump',
  machine: 'pump',
  sequence: 0,
  startMs: 0,
  endMs: 1_024,
  origin: 'test',
  gap: false,
  modality: 'audio',
  data: new Float32Array(0),
  shape: [0, 0],
  ...change,
});

const blame = (axis: ContributionAxis['axis'], entries: readonly (readonly [string, number])[]): Contribution => ({
  energy: 10,
  axes: [{ axis, labels: entries.map(([label]) => label), values: entries.map(([, value]) => value) }],
});

const words = (
  features: FeatureSpec,
  of: Window,
  why: Contribution | null,
  normal: Record<string, number> | null = null,
) => describeEvent(of, { features, calibration: { ...calibration, descriptors: normal } }, why);

describe('words about a sound', () => {
  const normal = { ...describeSound(tone(300, 0.1), 16_000) };

  it('say by how much it is louder, where its energy went, and which bands are to blame', () => {
    const samples = tone(2_100, 0.2);
    const labels = bandLabels(defaultMel()).map((label, i) => [label, [0, 1, 3, 4, 3, 1][i - 30] ?? 0] as const);
    expect(words(defaultMelFrames(), window({ samples }), blame('band', labels), normal)).toMatch(
      /^Louder by 6 dB, energy moved from 300 Hz to 2\.1 kHz; most unusual at 1\.\d–\d\.\d kHz\.$/,
    );
  });

  it('name the bands in Hz with their change in dB, and when', () => {
    const why: Contribution = {
      ...blame('band', [['x', 1]]),
      bands: [
        { fromHz: 312, toHz: 618, changeDb: 9.2 },
        { fromHz: 1_904, toHz: 2_310, changeDb: -4 },
        { fromHz: 5_000, toHz: 5_300, changeDb: null },
      ],
      times: [{ fromMs: Date.UTC(2026, 0, 1, 12, 3, 22, 400), toMs: Date.UTC(2026, 0, 1, 12, 3, 22, 800) }],
    };
    expect(words(defaultMelFrames(), window({}), why)).toBe(
      'Most unusual at 310–620 Hz (+9 dB), 1.9–2.3 kHz (−4 dB), 5.0–5.3 kHz; within 0.4 s from 12:03:22.4 UTC.',
    );
    const twice = { ...why, bands: [], times: [...(why.times ?? []), { fromMs: 0, toMs: 0 }] };
    expect(words(defaultMelFrames(), window({}), { ...twice, axes: [] })).toMatch(/; 2 times within/);
  });

  it('say quieter, a tone that stands out, and noise', () => {
    const noise = Float32Array.from(referenceNoise(16_384), (x) => x / 100);
    expect(words(defaultMelFrames(), window({ samples: noise }), null, normal)).toMatch(
      /^Quieter by 2\d dB, .*more like noise\.$/,
    );
    const hum = Float32Array.from(noise, (x, i) => x + 0.006 * Math.sin((2 * Math.PI * 4_000 * i) / 16_000));
    expect(words(defaultMelFrames(), window({ samples: hum }), null, describeSound(noise, 16_000))).toMatch(
      /a tone stands out/,
    );
  });

  it('say nothing of changes too small to hear', () => {
    const samples = tone(310, 0.11);
    expect(words(defaultMelFrames(), window({ samples }), null, normal)).toBe(
      'The sound is unlike any normal one; level −22 dB.',
    );
  });

  it('do without samples, without a calibration and without an explanation', () => {
    expect(words(defaultMelFrames(), window({}), null)).toBe('The sound is unlike any normal one.');
    expect(words(defaultMelFrames(), window({}), blame('band', [['250–310 Hz', 2]]))).toBe(
      'Most unusual at 250–310 Hz.',
    );
    expect(words(defaultMelFrames(), window({}), blame('band', [['250–310 Hz', -1]]))).toBe(
      'The sound is unlike any normal one.',
    );
  });

  it('of a real fault compare it with the real normal', () => {
    const samples = demoClip('pump-00-abnormal').slice(0, 16_384);
    const usual = describeWindow(window({ samples: demoClip('pump-00-normal').slice(0, 16_384) }));
    expect(words(defaultMelFrames(), window({ samples }), null, usual)).toMatch(/^(Louder|Quieter|Energy moved)/);
    expect(describeWindow(window({}))).toEqual({});
  });

  it.each([
    [85.4, '85 Hz'],
    [304, '300 Hz'],
    [994, '990 Hz'],
    [996, '1.0 kHz'],
    [2_140, '2.1 kHz'],
  ])('write %d as %s', (hz, text) => {
    expect(formatHz(hz)).toBe(text);
  });

  it('write ranges with one unit where one is enough', () => {
    expect(formatRange(250, 310)).toBe('250–310 Hz');
    expect(formatRange(800, 1_230)).toBe('800 Hz–1.2 kHz');
    expect(formatRange(1_460, 1_540)).toBe('1.5 kHz');
  });
});

describe('words about a row', () => {
  const rows = [1, 2, 3, 4].map((n) => ({ Pressure: n / 10, Flow: 100 + n, mode: n < 3 ? 'idle' : 'run' }));
  const spec = fitTableSpec(rows);

  it('name the columns to blame, how far they are from normal, and their values', () => {
    const cells = { Pressure: 0.72, Flow: 102, mode: 'run' };
    const why = blame('column', [
      ['Pressure', 9],
      ['Flow', 0.5],
      ['mode', 0],
    ]);
    expect(words(spec, window({ cells }), why)).toBe('Pressure 4.2 σ above normal (0.72, normally 0.25).');
  });

  it('name unknown and missing values, and columns that are odd beside the others', () => {
    const cells = { Pressure: 0.2, Flow: null, mode: 'burst' };
    const why = blame('column', [
      ['Pressure', 5],
      ['Flow', 6],
      ['mode = idle', 3],
      ['mode = run', 4],
    ]);
    expect(words(spec, window({ cells }), why)).toBe(
      'mode is "burst", never seen in training; Flow is missing; Pressure unusual beside the other columns (0.2, normally 0.25).',
    );
  });

  it('without an explanation name what is farthest from normal', () => {
    expect(words(spec, window({ cells: { Pressure: 0.25, Flow: 80, mode: 'run' } }), null)).toBe(
      'Flow 20 σ below normal (80, normally 103).',
    );
  });

  it('say so when no column is unusual by itself', () => {
    expect(words(spec, window({ cells: { Pressure: 0.25, Flow: 102.5, mode: 'run' } }), null)).toMatch(
      /unusual combination/,
    );
  });
});

describe('words about a picture', () => {
  const blocks = (where: (x: number, y: number) => number) =>
    blame(
      'pixel',
      Array.from({ length: 64 }, (_, i) => {
        const [x, y] = [i % 8, Math.floor(i / 8)];
        return [`x ${8 * x}–${8 * x + 7}, y ${8 * y}–${8 * y + 7}`, where(x, y)] as const;
      }),
    );

  it.each([
    [
      (x: number, y: number) => Number(x < 2 && y < 2),
      'Most unusual in the upper left of the picture (x 0–7, y 0–7 of 64 × 64).',
    ],
    [
      (x: number, y: number) => Number(x === 7 && y === 4),
      'Most unusual in the right part of the picture (x 56–63, y 32–39 of 64 × 64).',
    ],
    [
      (x: number, y: number) => Number(x === 4 && y === 7),
      'Most unusual in the lower part of the picture (x 32–39, y 56–63 of 64 × 64).',
    ],
    [
      (x: number, y: number) => Number(x === 4 && y === 3),
      'Most unusual in the middle of the picture (x 32–39, y 24–31 of 64 × 64).',
    ],
    [() => 1, 'Unusual all over the picture, most at x 0–7, y 0–7 of 64 × 64.'],
  ])('say where', (where, text) => {
    expect(words(defaultImageFlat(), window({ modality: 'image' }), blocks(where))).toBe(text);
  });

  it('do without an explanation, and with labels of another kind', () => {
    expect(words(defaultImageFlat(), window({}), null)).toBe('The picture as a whole is unlike any normal one.');
    expect(words(defaultImageFlat(), window({}), blame('pixel', [['patch 7', 1]]))).toBe('Most unusual at patch 7.');
  });
});
