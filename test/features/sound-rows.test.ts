import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AudioFeatureSpec, ModelError } from '../../src/contracts.js';
import { createFeatures } from '../../src/features/create-features.js';
import { defaultMel } from '../../src/features/default-specs.js';
import { levelDb } from '../../src/features/level.js';
import { createLogMel } from '../../src/features/log-mel.js';
import { pooledWindows } from '../../src/features/pooled.js';
import { soundRows } from '../../src/features/sound-rows.js';
import { rowShape, rowWidth, windowMs } from '../../src/features/spec-sizes.js';
import { blocks, demoClip } from './sound.js';

const clip = demoClip('pump-00-normal').slice(0, 40_000);
const windowing = {
  mel: defaultMel(),
  level: { policy: 'keep', referenceLevelDb: 0 },
  windowFrames: 20,
  hopFrames: 7,
} as const;
const pooled = { kind: 'mel-pooled', ...windowing, ranks: [1, 0.5, 0], deviation: true } as const;
const SPECS: readonly AudioFeatureSpec[] = [
  pooled,
  { kind: 'raw-flat', ...windowing },
  { kind: 'level', ...windowing },
];
const SAMPLES = 19 * 512 + 1024;

async function windowsOf(spec: AudioFeatureSpec, sizes: readonly number[], samples = clip) {
  const features = await createFeatures(spec);
  return blocks(samples, sizes).flatMap((observation) => features.push(observation));
}

describe.each(SPECS)('$kind windows', (spec) => {
  it('are the rows of the whole clip, one each, of the width that is stated', async () => {
    const windows = await windowsOf(spec, [40_000]);
    const picture = (await createLogMel(spec.mel)).of(clip);
    const whole = soundRows(spec, { picture, samples: clip, offsetDb: 0 });
    expect(whole.shape).toEqual([windows.length, rowWidth(spec)]);
    expect(rowShape(spec).reduce((product, size) => product * size, 1)).toBe(rowWidth(spec));
    windows.forEach((window, i) => {
      expect(window.shape).toEqual([1, rowWidth(spec)]);
      const row = whole.data.subarray(i * rowWidth(spec), (i + 1) * rowWidth(spec));
      expect(Buffer.compare(Buffer.from(window.data.buffer), Buffer.from(row.slice().buffer))).toBe(0);
    });
  });

  it('are the same bits however the stream is cut into blocks', async () => {
    const whole = await windowsOf(spec, [40_000]);
    const cut = await windowsOf(spec, [1, 511, 4_000, 37]);
    expect(cut).toHaveLength(whole.length);
    cut.forEach(({ data }, i) => {
      expect(Buffer.compare(Buffer.from(data.buffer), Buffer.from(whole[i]?.data.buffer as ArrayBuffer))).toBe(0);
    });
  });

  it('that are level-matched do not tell a gain', async () => {
    const matched = { ...spec, level: { policy: 'match', referenceLevelDb: -30 } } as const;
    const plain = await windowsOf(matched, [40_000]);
    const quiet = await windowsOf(
      matched,
      [40_000],
      clip.map((x) => x / 4),
    );
    expect(plain.length).toBeGreaterThan(1);
    for (const [i, { data }] of plain.entries())
      data.forEach((value, at) => {
        expect(quiet[i]?.data[at]).toBeCloseTo(value, spec.kind === 'level' ? 2 : 4);
      });
  });
});

describe('pooled bands', () => {
  const random = fc.array(fc.float({ min: -100, max: 20, noNaN: true }), { minLength: 60, maxLength: 60 });

  it('are the mean for r = 1, the maximum for r = 0, and ranks between lie between', () =>
    fc.assert(
      fc.property(random, (values) => {
        const picture = { data: Float32Array.from(values), frames: 20, bands: 3 };
        const { data } = pooledWindows(picture, pooled);
        for (let band = 0; band < 3; band++) {
          const column = [...picture.data].filter((_, at) => at % 3 === band);
          const mean = column.reduce((sum, x) => sum + x, 0) / 20;
          const deviation = Math.sqrt(column.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 20);
          const [average, half, most, spread] = [0, 3, 6, 9].map((from) => data[from + band] as number);
          expect(average).toBeCloseTo(mean, 3);
          expect(most).toBeCloseTo(Math.max(...column), 4);
          expect(half).toBeGreaterThanOrEqual((average as number) - 1e-3);
          expect(half).toBeLessThanOrEqual((most as number) + 1e-3);
          expect(spread).toBeCloseTo(deviation, 3);
        }
      }),
    ));

  it('weigh the j-th largest value by r^j', () => {
    const { data } = pooledWindows(
      { data: Float32Array.of(1, 4, 2), frames: 3, bands: 1 },
      { ...pooled, windowFrames: 3, ranks: [0.5], deviation: false },
    );
    expect(data[0]).toBeCloseTo((4 + 0.5 * 2 + 0.25 * 1) / 1.75, 6);
  });

  it('refuse ranks that are none', async () => {
    await expect(createFeatures({ ...pooled, ranks: [1.5] })).rejects.toThrow(
      'ranks: expected numbers from 0 to 1, got 1.5',
    );
    await expect(createFeatures({ ...pooled, ranks: [], deviation: false })).rejects.toThrow(ModelError);
  });
});

it('raw windows hold the samples of the frames, the level is theirs', async () => {
  const [raw] = await windowsOf({ kind: 'raw-flat', ...windowing }, [40_000]);
  expect([...(raw?.data ?? [])]).toEqual([...clip.subarray(0, SAMPLES)]);
  const [level] = await windowsOf({ kind: 'level', ...windowing }, [40_000]);
  expect(level?.data[0]).toBeCloseTo(levelDb(clip.subarray(0, SAMPLES)), 2);
  expect(windowMs({ kind: 'level', ...windowing })).toBe(SAMPLES / 16);
  expect((await createLogMel(defaultMel())).framesIn(SAMPLES)).toBe(20);
});
