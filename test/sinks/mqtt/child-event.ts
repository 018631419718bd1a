import type { Event } from '../../../src/contracts.js';

/** An event for a child process, which cannot import vitest. */
export function sampleEvent(id: string): Event {
  return {
    id,
    kind: 'anomaly',
    code: null,
    feed: 'pump-00',
    machine: 'pump',
    raisedMs: 0,
    clearedMs: null,
    acknowledgedMs: null,
    peak: 1,
    peakMs: 0,
    threshold: 1,
    pValue: 1,
    words: '',
    contribution: null,
    clip: null,
    modelDigest: '',
    configDigest: '',
    label: null,
  };
}
