import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AudioFeatureSpec, ModelError, type Window } from '../../src/contracts.js';
import { createFeatures } from '../../src/features/create-features.js';
import { defaultImageFlat, defaultMel, defaultMelFlat, defaultMelFrames } from '../../src/features/default-specs.js';
import { flatWindows, frameStacks } from '../../src/features/frame-stacks.js';
import { levelDb } from '../../src/features/level.js';
import { createLogMel } from '../../src/features/log-mel.js';
import { joinSignalStats } from '../../src/features/signal-stats.js';
import { hopMs, rowsPerWindow, rowWidth, windowMs } from '../../src/features/spec-sizes.js';
import { block, blocks, demoClip, healthy, startMs } from './sound.js';

const clip = demoClip('pump-00-normal').slice(0, 48_000);

async function windowsOf(
  spec: AudioFeatureSpec,
  sizes: readonly number[],
  samples: Float32Array = clip,
): Promise<Window[]> {
  const features = await createFeatures(spec);
  return blocks(samples, sizes).flatMap((observation) =>
    features.push(observation).map((window) => ({ ...window, samples: window.samples?.slice() })),
  );
}

/** toEqual takes milliseconds a thousand numbers. */
const bits = (numbers: ArrayLike<number> = []) =>
  createHash('sha256')
    .update(new Uint8Array(Float32Array.from(numbers).buffer))
    .digest('hex');

describe('windows of sound', () => {
  it('hold 31 frames every 15 as 27 stacks of 5, cut from the picture of the whole', async () => {
    const windows = await windowsOf(defaultMelFrames(), [48_000]);
    const whole = (await createLogMel(defaultMel())).of(clip);
    expect(windows).toHaveLength(1 + Math.floor((whole.frames - 31) / 15));
    windows.forEach((window, i) => {
      expect(window.shape).toEqual([27, 320]);
      expect(bits(window.logMel?.data)).toBe(bits(whole.data.slice(i * 15 * 64, (i * 15 + 31) * 64)));
      expect(window.data.slice(0, 320)).toEqual(whole.data.slice(i * 15 * 64, (i * 15 + 5) * 64));
      expect(window.data.slice(26 * 320)).toEqual(whole.data.slice((i * 15 + 26) * 64, (i * 15 + 31) * 64));
      expect(bits(window.samples)).toBe(bits(clip.slice(i * 15 * 512, i * 15 * 512 + 16_384)));
      expect(window.levelDb).toBe(levelDb(clip.slice(i * 15 * 512, i * 15 * 512 + 16_384)));
    });
  });

  it('are the same bits however the samples are cut into blocks', async () => {
    const reference = await windowsOf(defaultMelFrames(), [48_000]);
    const size = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 41, max: 20_000 }));
    await fc.assert(
      fc.asyncProperty(fc.array(size, { minLength: 1, maxLength: 30 }), async (sizes) => {
        const windows = await windowsOf(defaultMelFrames(), [...sizes, 3_000]);
        expect(windows).toHaveLength(reference.length);
        windows.forEach((window, i) => {
          const { data, samples, levelDb: level, startMs: start, endMs, sequence } = window;
          const same = reference[i] as Window;
          expect(bits(data)).toBe(bits(same.data));
          expect(bits(samples)).toBe(bits(same.samples));
          expect([level, start, endMs, sequence]).toEqual([same.levelDb, same.startMs, same.endMs, same.sequence]);
        });
      }),
      { numRuns: 40 },
    );
  });

  it('lie in time where their samples were', async () => {
    const windows = await windowsOf(defaultMelFrames(), [1_000]);
    windows.forEach((window, i) => {
      expect(window.startMs).toBe(startMs + i * 480);
      expect(window.endMs).toBe(window.startMs + 1_024);
      expect(window.sequence).toBe(i);
      expect(window.gap).toBe(i === 0);
    });
    expect([windowMs(defaultMelFrames()), hopMs(defaultMelFrames())]).toEqual([1_024, 480]);
  });

  it('take the time of the block in which they begin, so that a corrected clock is followed', async () => {
    const features = await createFeatures(defaultMelFrames());
    features.push(block(clip.slice(0, 7_000)));
    const late = features.push(block(clip.slice(7_000, 40_000), { sequence: 1, startMs: startMs + 7_000 / 16 + 20 }));
    expect(late.map((window) => window.startMs)).toEqual([
      startMs,
      startMs + 480 + 20,
      startMs + 960 + 20,
      startMs + 1440 + 20,
    ]);
  });

  it('begin anew after a gap, and the first of them says so', async () => {
    const features = await createFeatures(defaultMelFrames());
    expect(features.push(block(clip.slice(0, 16_383)))).toHaveLength(0);
    const after = features.push(
      block(clip.slice(20_000, 44_064), { sequence: 1, gap: true, startMs: startMs + 5_000 }),
    );
    expect(after.map((window) => [window.startMs, window.gap])).toEqual([
      [startMs + 5_000, true],
      [startMs + 5_480, false],
    ]);
    expect(after[0]?.samples).toEqual(clip.slice(20_000, 36_384));
  });

  it('accept empty blocks, and stay small over a long stream of small ones', async () => {
    const features = await createFeatures(defaultMelFrames());
    let count = 0;
    for (let i = 0; i < 4_000; i++) {
      const samples = clip.slice((i * 400) % 40_000, ((i * 400) % 40_000) + (i % 7 === 0 ? 0 : 400));
      count += features.push(block(samples, { sequence: i, startMs: startMs + i })).length;
    }
    expect(count).toBe(1 + Math.floor((1 + Math.floor((3_428 * 400 - 1_024) / 512) - 31) / 15));
  });

  it('are one flat row of 156 frames every 31 for mel-flat', async () => {
    const samples = demoClip('pump-04-normal');
    const windows = await windowsOf(defaultMelFlat(), [5_000], samples);
    const whole = (await createLogMel(defaultMel())).of(samples);
    expect(windows).toHaveLength(1 + Math.floor((311 - 156) / 31));
    expect(windows[2]?.shape).toEqual([1, 156 * 64]);
    expect(bits(windows[2]?.data)).toBe(bits(whole.data.slice(62 * 64, 218 * 64)));
  });

  it('join the health of the blocks that are new in them by the samples covered: of the first all, of the next a hop', async () => {
    const features = await createFeatures(defaultMelFrames());
    const loud = { rms: 0.4, peak: 1, dc: 0.1, clippedShare: 0.5, stuckShare: 0.25, nonFinite: 3 };
    const [window, next] = [
      ...features.push(block(clip.slice(0, 12_288), { signal: { ...healthy, rms: 0.2 } })),
      ...features.push(block(clip.slice(12_288, 16_384), { sequence: 1, signal: loud })),
      ...features.push(block(clip.slice(16_384, 16_384 + 512 * 15), { sequence: 2, signal: { ...healthy, dc: 0.3 } })),
    ];
    expect(window?.signal?.rms).toBeCloseTo(Math.sqrt(0.75 * 0.04 + 0.25 * 0.16), 12);
    expect(window?.signal).toMatchObject({ peak: 1, dc: 0.025, clippedShare: 0.125, stuckShare: 0.0625, nonFinite: 3 });
    expect(next?.signal).toEqual({ ...healthy, dc: 0.3 });
  });

  it('see one stuck value through many blocks, but not a run in blocks of one sample that differ', () => {
    const stuck = (dc: number) => ({ signal: { ...healthy, dc, stuckShare: 1 }, covered: 10 });
    expect(joinSignalStats([stuck(0.5), stuck(0.5), stuck(0.5)]).stuckShare).toBe(1);
    expect(joinSignalStats([stuck(0.5), stuck(0.4), stuck(0.5), stuck(0.5)]).stuckShare).toBe(0.5);
  });

  it.each(['keep', 'match'] as const)(
    'have the same rows without all that people look at, level policy %s',
    async (policy) => {
      const spec = defaultMelFrames({ policy, referenceLevelDb: -20 });
      const full = await createFeatures(spec);
      const bare = await createFeatures(spec, { rowsOnly: true });
      for (const observation of blocks(clip, [9_000])) {
        const expected = full.push(observation);
        bare.push(observation).forEach((window, i) => {
          const {
            levelDb: _,
            newestDb: _newest,
            signal: _health,
            logMel: _picture,
            samples,
            ...same
          } = expected[i] as Window;
          expect({ ...window, samples: null, data: bits(window.data) }).toEqual({
            ...same,
            samples: null,
            data: bits(same.data),
          });
          expect(bits(window.samples)).toBe(bits(samples));
        });
      }
    },
  );

  it.each([
    ['another rate', block(clip, { sampleRateHz: 8_000 }), /sample rate.*expect 16000 Hz.*8000 Hz/],
    [
      'a picture',
      { ...block(clip), kind: 'image' as const, pixels: clip, width: 1, height: 1, channels: 1 },
      /expected sound.*image/,
    ],
  ])('refuse %s, naming both', async (_, observation, message) => {
    const features = await createFeatures(defaultMelFrames());
    expect(() => features.push(observation)).toThrow(ModelError);
    expect(() => features.push(observation)).toThrow(message);
  });

  it.each([
    [{ windowFrames: 4, hopFrames: 2 }, /stackFrames.*from 1 to 4, got 5/],
    [{ hopFrames: 0 }, /hopFrames.*got 0/],
    [{ windowFrames: 30.5 }, /windowFrames.*got 30.5/],
  ])('refuse a spec with %o', async (wrong, message) => {
    await expect(createFeatures({ ...defaultMelFrames(), ...wrong })).rejects.toThrow(message);
  });
});

describe('the level policy', () => {
  const match = defaultMelFrames({ policy: 'match', referenceLevelDb: -20 });

  it('match gives the bands of the same sound at the reference level, and keeps the level apart', async () => {
    const gain = 10 ** ((-20 - levelDb(clip.slice(0, 16_384))) / 20);
    const scaled = Float32Array.from(clip.slice(0, 16_384), (x) => x * gain);
    const [matched] = await windowsOf(match, [16_384], clip.slice(0, 16_384));
    const [kept] = await windowsOf(defaultMelFrames(), [16_384], scaled);
    const worst = Math.max(...(matched?.data ?? []).map((db, i) => Math.abs(db - (kept?.data[i] ?? Number.NaN))));
    expect(worst).toBeLessThan(1e-3);
    expect(matched?.levelDb).toBeCloseTo(levelDb(clip.slice(0, 16_384)), 9);
  });

  it('match makes loud and quiet the same, down to what lay below the floor', async () => {
    const quiet = Float32Array.from(clip.slice(0, 16_384), (x) => x * 2 ** -12);
    const [a] = await windowsOf(match, [16_384], clip.slice(0, 16_384));
    const [b] = await windowsOf(match, [16_384], quiet);
    const worst = Math.max(...(a?.data ?? []).map((db, i) => Math.abs(db - (b?.data[i] ?? Number.NaN))));
    expect(worst).toBeLessThan(1e-3);
    expect(Math.min(...(b?.logMel?.data ?? []))).toBe(-100);
  });

  it('leaves digital silence at the floor under both', async () => {
    const silence = new Float32Array(16_384);
    for (const spec of [match, defaultMelFrames()]) {
      const [window] = await windowsOf(spec, [16_384], silence);
      expect(window?.levelDb).toBe(-120);
      expect(window?.data.every((db) => db === -100)).toBe(true);
    }
  });
});

describe('rows', () => {
  it('have the width and number that the spec says', () => {
    expect([rowWidth(defaultMelFrames()), rowsPerWindow(defaultMelFrames())]).toEqual([320, 27]);
    expect([rowWidth(defaultMelFlat()), rowsPerWindow(defaultMelFlat())]).toEqual([9_984, 1]);
    expect([rowWidth(defaultImageFlat()), rowsPerWindow(defaultImageFlat())]).toEqual([12_288, 1]);
  });

  it('stack by hand: three frames of two bands, two at a time', () => {
    const picture = { data: Float32Array.of(1, 2, 3, 4, 5, 6), frames: 3, bands: 2 };
    expect(frameStacks(picture, 2)).toEqual({ data: Float32Array.of(1, 2, 3, 4, 3, 4, 5, 6), shape: [2, 4] });
    expect(frameStacks(picture, 4)).toEqual({ data: new Float32Array(0), shape: [0, 8] });
    expect(flatWindows(picture, 1, 2)).toEqual({ data: Float32Array.of(1, 2, 5, 6), shape: [2, 2] });
    expect(flatWindows(picture, 4, 1).shape).toEqual([0, 8]);
  });
});
