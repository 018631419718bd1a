import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Resampler } from '../../../src/sources/audio/resampler.js';

async function convert(samples: Float32Array, fromHz: number, toHz: number, cuts: readonly number[] = []) {
  const resampler = await Resampler.open(fromHz, toHz);
  const parts: number[] = [];
  let at = 0;
  for (const cut of [...cuts, samples.length]) {
    parts.push(...resampler.push(samples.subarray(at, at + cut)));
    at += cut;
  }
  parts.push(...resampler.flush());
  resampler.close();
  return parts;
}
const tone = (hz: number, rateHz: number, seconds = 1) =>
  Float32Array.from({ length: rateHz * seconds }, (_, i) => Math.sin((2 * Math.PI * hz * i) / rateHz));
/** Level of the middle of a signal, dB below a full-scale sine. */
function levelDb(samples: readonly number[]): number {
  const middle = samples.slice(Math.floor(samples.length * 0.1), Math.floor(samples.length * 0.9));
  const square = middle.reduce((sum, x) => sum + x * x, 0) / middle.length;
  return 10 * Math.log10(2 * square + 1e-20);
}

describe('the resampler', () => {
  it('gives the same samples in pieces as at once, and as many as the ratio says', async () => {
    const rates = fc.constantFrom(
      [48_000, 16_000],
      [44_100, 16_000],
      [8_000, 16_000],
      [192_000, 16_000],
      [384_000, 16_000],
      [11_025, 16_000],
      [16_000, 100],
    );
    await fc.assert(
      fc.asyncProperty(
        rates,
        fc.integer({ min: 1, max: 20_000 }),
        fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 8 }),
        async ([from = 0, to = 0], length, cuts) => {
          const samples = Float32Array.from({ length }, (_, i) => Math.sin(i * 0.05) * Math.cos(i * 0.0017));
          const whole = await convert(samples, from, to);
          expect(whole.length).toBe(Math.round((length * to) / from));
          expect(await convert(samples, from, to, cuts)).toEqual(whole);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('keeps a tone in the pass band, its level and its timing', async () => {
    const out = await convert(tone(1_000, 48_000), 48_000, 16_000);
    const expected = tone(1_000, 16_000);
    for (let i = 1_000; i < 15_000; i++) expect(Math.abs((out[i] ?? 0) - (expected[i] ?? 0))).toBeLessThan(1e-3);
  });

  it('passes 6.5 kHz, lets 7.9 kHz fade, and keeps 9 and 20 kHz from coming back as aliases, at 16 kHz from 48 kHz', async () => {
    const levelAt = async (hz: number) => levelDb(await convert(tone(hz, 48_000), 48_000, 16_000));
    expect(await levelAt(6_500)).toBeGreaterThan(-0.1);
    const edge = await levelAt(7_900);
    expect(edge).toBeLessThan(-3);
    expect(edge).toBeGreaterThan(-100);
    expect(await levelAt(9_000)).toBeLessThan(-90);
    expect(await levelAt(20_000)).toBeLessThan(-90);
  });

  it('refuses rates that are too far apart', async () => {
    await expect(Resampler.open(16_000, 10)).rejects.toThrow(
      'sample rate 16000 Hz: cannot be converted to 10 Hz, at most 256 : 1',
    );
    await expect(Resampler.open(4_294_967_295, 16_000)).rejects.toThrow('at most 256 : 1');
    await expect(Resampler.open(999_983, 16_001)).rejects.toThrow('cannot be converted');
  });
});
