import { describe, expect, it } from 'vitest';
import type { Scorer, Window } from '../../src/contracts.js';
import { Suspects } from '../../src/monitoring/suspects.js';

const scorer = {} as Scorer;
const samples = new Float32Array(2);
const window = (sequence: number): Window => {
  samples.fill(sequence);
  return { sequence, samples } as unknown as Window;
};
const heard = (scores: readonly number[], suspects = new Suspects(), by = scorer, first = 0) => {
  for (const [i, score] of scores.entries()) suspects.add(window(first + i), { score, clearBelow: 10 }, by);
  return suspects;
};
const now = window(99);

describe('the window that an event is explained by', () => {
  it('is the worst of the last five when it begins, with its own samples', () => {
    const found = heard([50, 1, 20, 30, 12, 11, 1]).take('raised', now);
    expect(found.sequence).toBe(3);
    expect([...(found.samples ?? [])]).toEqual([3, 3]);
  });

  it('is the worst since it was last told when it grows, although all is quiet by then', () => {
    const suspects = heard([20, 30]);
    suspects.take('raised', now);
    heard([25, 60, 12, 1, 1, 1, 1, 1, 1], suspects, scorer, 2);
    expect(suspects.take('updated', now).sequence).toBe(3);
    expect(suspects.take('updated', now)).toBe(now);
  });

  it('is the one that is heard when none stood out, or when another model judges', () => {
    expect(heard([1, 2, Number.NaN]).take('raised', now)).toBe(now);
    const suspects = heard([40, 50]);
    heard([1], suspects, {} as Scorer);
    expect(suspects.take('raised', now)).toBe(now);
  });
});
