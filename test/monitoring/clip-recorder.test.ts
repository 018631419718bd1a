import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClipRecorder } from '../../src/monitoring/clip-recorder.js';

const rateHz = 1000;
const options = { sampleRateHz: rateHz, beforeMs: 500, afterMs: 300, maxMs: 2000 };

/** Samples whose value is their own position, so that a clip says where it was cut. */
function ramp(from: number, length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => (from + i) / 32768);
}

function record(recorder: ClipRecorder, fromMs: number, untilMs: number, blockMs = 100) {
  const done = [];
  for (let ms = fromMs; ms < untilMs; ms += blockMs) done.push(...recorder.push(ramp(ms, blockMs), ms, ms + blockMs));
  return done;
}

describe('ClipRecorder', () => {
  it('keeps the sound before an event, and after it', () => {
    const recorder = new ClipRecorder(options);
    record(recorder, 0, 2000);
    const first = recorder.begin('e', 2000);
    expect([first.samples[0], first.samples.at(-1), first.startMs]).toEqual([1500, 1999, 1500]);
    expect(record(recorder, 2000, 2500)).toEqual([]);
    recorder.end('e', 2500);
    const [done] = record(recorder, 2500, 3000);
    expect(done?.eventId).toBe('e');
    expect([done?.clip.samples[0], done?.clip.samples.at(-1)]).toEqual([1500, 2799]);
  });

  it('ends a clip of an event that lasts at its longest', () => {
    const recorder = new ClipRecorder(options);
    record(recorder, 0, 1000);
    recorder.begin('e', 1000);
    const [done, ...more] = record(recorder, 1000, 9000);
    expect(more).toEqual([]);
    expect([done?.clip.samples[0], done?.clip.samples.length]).toEqual([500, 2000]);
  });

  it('gives what there is of unfinished clips at the end', () => {
    const recorder = new ClipRecorder(options);
    record(recorder, 0, 1000);
    recorder.begin('e', 1000);
    record(recorder, 1000, 1200);
    expect(recorder.finish().map(({ clip }) => clip.samples.length)).toEqual([700]);
    expect(recorder.finish()).toEqual([]);
  });

  it('cuts contiguous sound at any block size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 600, max: 3000 }), (blockMs, raisedMs) => {
        const recorder = new ClipRecorder(options);
        record(recorder, 0, raisedMs, blockMs);
        const { samples } = recorder.begin('e', raisedMs);
        for (let i = 1; i < samples.length; i++) expect(samples[i]).toBe((samples[i - 1] ?? 0) + 1);
        expect(samples[0]).toBe(raisedMs - 500);
      }),
      { numRuns: 50 },
    );
  });
});
