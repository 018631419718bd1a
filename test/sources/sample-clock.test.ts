import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SampleClock } from '../../src/sources/sample-clock.js';

describe('the sample clock', () => {
  it('counts a file from its start', () => {
    const clock = new SampleClock(16_000, 1_000_000);
    expect(clock.take(1_600)).toEqual({ startMs: 1_000_000, endMs: 1_000_100 });
    expect(clock.take(800)).toEqual({ startMs: 1_000_100, endMs: 1_000_150 });
  });

  it('does not add up rounding errors over a year of odd blocks', () => {
    const clock = new SampleClock(44_100, 0);
    const blocks = 1_000_000;
    for (let i = 0; i < blocks; i++) clock.take(4_097);
    expect(clock.nowMs).toBeCloseTo((blocks * 4_097 * 1_000) / 44_100, 3);
  });

  it('follows a sound card that runs 100 ppm slow to within the delay of arrival', () => {
    const clock = new SampleClock(16_000, 0);
    const hours = 10;
    let trueMs = 0;
    for (let second = 0; second < hours * 3_600; second++) {
      trueMs += 1_000 * 1.0001;
      clock.arrived(16_000, trueMs + 20 + 200 * Math.abs(Math.sin(second)));
      clock.take(16_000);
    }
    expect(Math.abs(clock.nowMs - trueMs)).toBeLessThan(60);
  });

  it('follows at once when the wall clock was set forward', () => {
    const clock = new SampleClock(100, 0);
    for (let second = 1; second <= 65; second++) {
      clock.arrived(100, second * 1_000 + 3_600_000);
      clock.take(100);
    }
    expect(clock.nowMs).toBeGreaterThan(3_600_000);
  });

  it('never goes back and never overlaps, whatever the wall clock does', () => {
    const step = fc.record({ count: fc.integer({ min: 1, max: 5_000 }), wall: fc.integer({ min: -1e7, max: 1e7 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const clock = new SampleClock(100, 0);
        let end = 0;
        for (const { count, wall } of steps) {
          if (wall % 7 === 0) clock.restart(wall);
          clock.arrived(count, wall);
          const span = clock.take(count);
          expect(span.startMs).toBeGreaterThanOrEqual(end);
          expect(span.endMs).toBeGreaterThanOrEqual(span.startMs);
          end = span.endMs;
        }
      }),
    );
  });

  it('after lost samples goes on at the time given, but not before its own past', () => {
    const clock = new SampleClock(100, 5_000);
    clock.take(100);
    clock.restart(9_000);
    expect(clock.take(100)).toEqual({ startMs: 9_000, endMs: 10_000 });
    clock.restart(2_000);
    expect(clock.take(100)).toEqual({ startMs: 10_000, endMs: 11_000 });
  });
});
