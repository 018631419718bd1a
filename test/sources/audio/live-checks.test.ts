import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { measureSignal, SignalMeter, SignalWatch } from '../../../src/sources/audio/index.js';
import { RateCheck } from '../../../src/sources/audio/rate-check.js';
import { BackOff } from '../../../src/sources/back-off.js';

describe('signal statistics', () => {
  it('are what one computes by hand', () => {
    const signal = measureSignal(Float32Array.of(0.5, -0.5, -0.5, -0.5, 1, -1, 0.25, 0));
    expect(signal).toEqual({
      rms: Math.sqrt((4 * 0.25 + 2 + 0.0625) / 8),
      peak: 1,
      dc: -0.75 / 8,
      clippedShare: 2 / 8,
      stuckShare: 3 / 8,
      nonFinite: 0,
    });
  });

  it.each([1, 3, 8_191, 8_192, 8_197, 30_000])('of %i samples are the sums of their definition', (length) => {
    const samples = Float32Array.from({ length }, (_, i) => 0.9 * Math.sin(i * i) - 0.05);
    const { rms, peak, dc } = measureSignal(samples);
    expect(rms).toBeCloseTo(Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / length), 12);
    expect(dc).toBeCloseTo(samples.reduce((sum, x) => sum + x, 0) / length, 12);
    expect(peak).toBe(samples.reduce((max, x) => Math.max(max, Math.abs(x)), 0));
  });

  it('count 32767/32768 as clipped, but not 32766/32768', () => {
    expect(measureSignal(Float32Array.of(32_767 / 32_768, -32_766 / 32_768)).clippedShare).toBe(0.5);
  });

  it('set what is not a number to 0 in place', () => {
    const samples = Float32Array.of(Number.NaN, 0.5, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
    expect(measureSignal(samples)).toMatchObject({ nonFinite: 3, peak: 0.5, rms: 0.25 });
    expect([...samples]).toEqual([0, 0.5, 0, 0]);
  });

  it('are the same however the samples are cut into blocks', () => {
    const sample = fc.constantFrom(-1, -0.5, 0, 0.25, 0.25, 1);
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 60 }), fc.integer({ min: 1, max: 60 }), (values, cut) => {
        const meter = new SignalMeter();
        meter.add(Float32Array.from(values.slice(0, cut)));
        meter.add(Float32Array.from(values.slice(cut)));
        const whole = measureSignal(Float32Array.from(values));
        const parts = meter.take();
        expect(parts).toEqual({ ...whole, rms: expect.closeTo(whole.rms, 12), dc: expect.closeTo(whole.dc, 12) });
      }),
    );
  });

  it('find the longest run wherever it is', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(0, 0, 0, 0.5), { minLength: 1, maxLength: 200 }), (values) => {
        const runs = values
          .map((x, i) => values.slice(i).findIndex((y) => y !== x))
          .map((n, i) => (n < 0 ? values.length - i : n));
        expect(measureSignal(Float32Array.from(values)).stuckShare).toBe(Math.max(...runs) / values.length);
      }),
    );
  });

  it('start afresh after each observation', () => {
    const meter = new SignalMeter();
    meter.add(Float32Array.of(1, 1, 1));
    meter.take();
    meter.add(Float32Array.of(1, 0.5));
    expect(meter.take()).toMatchObject({ stuckShare: 0.5, clippedShare: 0.5, dc: 0.75 });
  });
});

describe('the watch on the signal', () => {
  const quiet = { rms: 0.0001, peak: 0.0003, dc: 0, clippedShare: 0, stuckShare: 0.01, nonFinite: 0 };
  const zeros = { ...quiet, rms: 0, peak: 0, stuckShare: 1 };
  const codes = (watch: SignalWatch, signal: typeof quiet, seconds: number) =>
    Array.from({ length: seconds }, () => watch.add(signal, 1))
      .flat()
      .map(({ code }) => code);

  it('takes a quiet pump for a quiet pump', () => {
    expect(codes(new SignalWatch(), quiet, 1_000)).toEqual([]);
  });

  it('tells of zeros after 10 s and again every minute, and starts over when sound comes back', () => {
    const watch = new SignalWatch();
    expect(codes(watch, zeros, 9)).toEqual([]);
    expect(codes(watch, zeros, 1)).toEqual(['silence']);
    expect(codes(watch, zeros, 59)).toEqual([]);
    expect(codes(watch, zeros, 1)).toEqual(['silence']);
    expect(codes(watch, quiet, 1)).toEqual([]);
    expect(codes(watch, zeros, 9)).toEqual([]);
  });

  it('takes the dither of sox for silence when told of it', () => {
    const dither = { ...quiet, peak: 1 / 32_768 };
    expect(codes(new SignalWatch({ silencePeak: 2 / 32_768 }), dither, 10)).toEqual(['silence']);
  });

  it.each([
    ['stuck', { stuckShare: 1, peak: 0.5, dc: 0.5 }],
    ['clipping', { clippedShare: 0.2, peak: 1 }],
    ['dc-offset', { dc: -0.4, peak: 0.5 }],
    ['not-finite', { nonFinite: 3 }],
  ])('tells of %s', (code, fault) => {
    expect(codes(new SignalWatch(), { ...quiet, ...fault }, 10)).toEqual([code]);
  });
});

describe('the check of the rate', () => {
  const run = (actualHz: number, seconds: number) => {
    const check = new RateCheck(48_000);
    const found: number[] = [];
    for (let ms = 0; ms <= seconds * 1_000; ms += 125) {
      const measured = check.arrived((actualHz * 125) / 1_000, ms);
      if (measured !== null) found.push(Math.round(measured));
    }
    return found;
  };
  it('measures 44.1 kHz where 48 was asked for, every 30 s', () => {
    expect(run(44_100, 65)).toEqual([44_100, 44_100]);
  });
  it('passes a card that is 200 ppm off', () => {
    expect(run(48_000 * 1.0002, 300)).toEqual([]);
  });
});

describe('the back-off', () => {
  it('doubles to its ceiling, with half of it as jitter, and starts over', () => {
    const high = new BackOff({ minMs: 100, maxMs: 1_000, random: () => 1 });
    expect(Array.from({ length: 6 }, () => high.next())).toEqual([100, 200, 400, 800, 1_000, 1_000]);
    high.reset();
    expect(high.next()).toBe(100);
    expect(new BackOff({ minMs: 100, random: () => 0 }).next()).toBe(50);
  });
});
