import { describe, expect, it } from 'vitest';
import { RepeatedSound } from '../../src/commissioning/repeated-sound.js';
import { openRandom } from '../../src/scorers/random.js';

const RATE_HZ = 16_000;

/** 16-bit noise, as quiet as asked. */
function noise(seconds: number, name: string, amplitude = 0.1): Float32Array {
  const random = openRandom(1, name);
  return Float32Array.from(
    { length: seconds * RATE_HZ },
    () => Math.round(amplitude * random.normal() * 32_768) / 32_768,
  );
}

function shareOf(parts: readonly Float32Array[], block = 1_600): number {
  const repeated = new RepeatedSound();
  for (const part of parts)
    for (let from = 0; from < part.length; from += block) repeated.add(part.subarray(from, from + block), false);
  return repeated.share;
}

describe('sound that comes again, sample by sample', () => {
  it('is none of a recording whose sound is always another, loud or of few steps', () => {
    expect(shareOf([noise(60, 'a')])).toBe(0);
    expect(shareOf([noise(60, 'quiet', 1e-4)])).toBe(0);
  });

  it.each([10, 9.99])('is found wherever it begins: a clip of %d s played six times', (seconds) => {
    const clip = noise(10, 'a').subarray(0, seconds * RATE_HZ);
    expect(shareOf(Array.from({ length: 6 }, () => clip))).toBeCloseTo(5 / 6, 1);
  });

  it('is found whatever the blocks that it comes in', () => {
    const parts = [noise(10, 'a'), noise(10, 'b'), noise(10, 'a')];
    expect(shareOf(parts, 160)).toBe(shareOf(parts, 4_800));
    expect(shareOf(parts)).toBeCloseTo(1 / 3, 1);
  });

  it('is not what only sounds alike: the same clip with noise of one step', () => {
    const clip = noise(10, 'a');
    const random = openRandom(2, 'steps');
    const other = clip.map((sample) => sample + Math.round(random.normal()) / 32_768);
    expect(shareOf([clip, other])).toBe(0);
  });

  it('begins anew after a gap', () => {
    const repeated = new RepeatedSound();
    const clip = noise(10, 'a');
    for (let i = 0; i < 3; i++) repeated.add(clip, true);
    expect(repeated.share).toBeCloseTo(2 / 3, 1);
  });
});
