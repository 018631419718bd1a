import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { levelDb, levelOffsetDb } from '../../src/features/level.js';

describe('the level', () => {
  it('of a full-scale square wave is 0 dBFS, of a sine 3 dB less, of nothing −120', () => {
    expect(levelDb(Float32Array.of(1, -1, 1, -1, 1))).toBe(0);
    const sine = Float32Array.from({ length: 16_000 }, (_, i) => Math.sin((2 * Math.PI * 100 * i) / 16_000));
    expect(levelDb(sine)).toBeCloseTo(-3.0103, 4);
    expect(levelDb(new Float32Array(7))).toBe(-120);
    expect(levelDb(new Float32Array(0))).toBe(-120);
  });

  it('is that of the mean square, whatever the length', () => {
    fc.assert(
      fc.property(fc.array(fc.float({ min: -1, max: 1, noNaN: true }), { minLength: 1, maxLength: 50 }), (samples) => {
        const mean = samples.reduce((sum, x) => sum + x * x, 0) / samples.length;
        expect(levelDb(Float32Array.from(samples))).toBeCloseTo(Math.max(-120, 10 * Math.log10(mean)), 9);
      }),
    );
  });

  it('is left alone by keep, and brought to the reference by match', () => {
    expect(levelOffsetDb({ policy: 'keep', referenceLevelDb: -20 }, -35)).toBe(0);
    expect(levelOffsetDb({ policy: 'match', referenceLevelDb: -20 }, -35)).toBe(15);
  });
});
