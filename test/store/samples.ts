import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Event, Verdict } from '../../src/contracts.js';
import { type NewOutboxMessage, openStore, type Store, type StoreOptions } from '../../src/store/index.js';

/** 2026-03-01T12:00:00Z, on a whole minute. */
export const NOON = Date.UTC(2026, 2, 1, 12);
export const MINUTE = 60_000;
export const HOUR = 3_600_000;
export const DAY = 86_400_000;

export function sampleEvent(changes: Partial<Event> = {}): Event {
  return {
    id: crypto.randomUUID(),
    kind: 'anomaly',
    code: null,
    feed: 'pump-00',
    machine: 'pump',
    raisedMs: NOON,
    clearedMs: null,
    acknowledgedMs: null,
    peak: 42.5,
    peakMs: NOON + 500,
    threshold: 20.25,
    pValue: 0.001,
    words: 'Louder by 6 dB; energy moved from 300 Hz to 2.1 kHz.',
    contribution: { energy: 42.5, axes: [{ axis: 'band', labels: ['250–310 Hz', '2–2.3 kHz'], values: [1.5, 30] }] },
    clip: null,
    modelDigest: 'a'.repeat(64),
    configDigest: 'b'.repeat(64),
    label: null,
    ...changes,
  };
}

export function sampleVerdict(changes: Partial<Verdict> = {}): Verdict {
  return {
    feed: 'pump-00',
    machine: 'pump',
    sequence: 0,
    startMs: NOON - 1000,
    endMs: NOON,
    score: 1,
    statistic: 2,
    threshold: 10,
    clearBelow: 8,
    pValue: 0.5,
    long: null,
    operating: 'running',
    state: 'normal',
    ...changes,
  };
}

export function sampleMessage(changes: Partial<NewOutboxMessage> = {}): NewOutboxMessage {
  return {
    kind: 'alert',
    topic: 'auscult/site/pump/event',
    payload: '{}',
    qos: 1,
    retain: false,
    createdMs: NOON,
    ...changes,
  };
}

/** A folder that goes when the test ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'auscult-store-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A store in `folder` without a timer; closed when the test ends. */
export function storeIn(folder: string, options: Partial<StoreOptions> = {}): Store {
  const store = openStore({
    path: join(folder, 'auscult.db'),
    clipDir: join(folder, 'clips'),
    flushMs: 0,
    reserveBytes: 64 * 1024,
    nowMs: () => NOON,
    ...options,
  });
  onTestFinished(() => store.close());
  return store;
}
