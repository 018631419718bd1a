import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { levelDb, levelOffsetDb } from '../../src/features/level.js';

describe('the level', () => {
  it('of a full-scale square wave is 0 dBFS, of a sine 3 dB less, of nothing −120', () => {
    expect(levelDb(Float32Array.of(1, -1, 1, -1))).toBe(0);
    const sine = Float32Array.from({ length: 16_000 }, (_, i) => Math.sin((2 * Math.PI * 100 * i) / 16_000));
    expect(levelDb(sine)).toBeCloseTo(-3.0103, 4);
    expect(levelDb(new Float32Array(7))).toBe(-120);
    expect(levelDb(new Float32Array(0))).toBe(-120);
  });

  it('is that of the mean square about the mean, whatever the length', () => {
    const sample = fc.integer({ min: -32_768, max: 32_767 }).map((step) => step / 32_768);
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 50 }), (samples) => {
        const mean = samples.reduce((sum, x) => sum + x, 0) / samples.length;
        const variance = samples.reduce((sum, x) => sum + (x - mean) ** 2, 0) / samples.length;
        expect(levelDb(Float32Array.from(samples))).toBeCloseTo(Math.max(-120, 10 * Math.log10(variance)), 6);
      }),
    );
  });

  it('does not hear an offset', () => {
    const hum = Float32Array.from({ length: 16_000 }, (_, i) => 0.001 * Math.sin((2 * Math.PI * 100 * i) / 16_000));
    expect(levelDb(hum.map((x) => x + 0.05))).toBeCloseTo(levelDb(hum), 1);
    expect(levelDb(new Float32Array(16_000).fill(0.05))).toBeLessThan(-100);
  });

  it('is left alone by keep, and brought to the reference by match', () => {
    expect(levelOffsetDb({ policy: 'keep', referenceLevelDb: -20 }, -35)).toBe(0);
    expect(levelOffsetDb({ policy: 'match', referenceLevelDb: -20 }, -35)).toBe(15);
  });
});
