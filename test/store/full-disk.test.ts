import { execFileSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { StorageError, type Store } from '../../src/store/index.js';
import { disk, fillUp, mayMount } from '../support/small-disk.js';
import { NOON, sampleEvent, sampleMessage, sampleVerdict, storeIn, temporaryFolder } from './samples.js';

const KIB = 1024;
const MIB = 1024 * 1024;

function makeRoomAgain(folder: string): void {
  rmSync(join(folder, 'somebody-elses'));
}

/** Raises events with one alert each until the store holds one in memory; returns how many it took. */
function raiseUntilHeld(store: Store): number {
  for (let count = 1; count <= 20_000; count++) {
    const event = sampleEvent({ id: `event-${count}`, words: 'x'.repeat(2000) });
    if (store.recordEvent(event, 'raised', [sampleMessage({ payload: event.id })]) === 'held') return count;
  }
  throw new Error('the disk never became full');
}

const small = { clipFloorBytes: 2 * MIB, scoreFloorBytes: MIB, reserveBytes: 512 * KIB };

describe.skipIf(!mayMount)('on a small disk (needs a user who may mount a tmpfs)', () => {
  test('gives up clips first, then scores, events last; then takes them up again in order', async () => {
    let now = NOON;
    const folder = disk(8 * MIB);
    const notices: string[] = [];
    const store = storeIn(folder, { ...small, nowMs: () => now, onNotice: (line) => notices.push(line) });
    const clip = (letter: string) =>
      store.saveClip({ data: Buffer.alloc(100 * KIB, letter), type: 'audio/wav', createdMs: now, eventId: null });
    expect(await clip('a')).not.toBeNull();

    fillUp(folder, 1.5 * MIB);
    expect(await clip('b')).toBeNull();
    store.addVerdict(sampleVerdict({ endMs: NOON }));
    store.flush();
    expect(store.health().degradation).toBe('no-clips');

    makeRoomAgain(folder);
    fillUp(folder, 0.5 * MIB);
    store.addVerdict(sampleVerdict({ endMs: NOON + 1 }));
    store.flush();
    expect(store.health().degradation).toBe('no-scores');
    expect(store.recordEvent(sampleEvent(), 'raised', [sampleMessage()])).toBe('stored');

    makeRoomAgain(folder);
    fillUp(folder);
    const alerts = raiseUntilHeld(store);
    expect(alerts).toBeGreaterThan(100);
    expect(store.health()).toMatchObject({ degradation: 'events-in-memory', heldChanges: 1 });
    expect(store.pending(1e6)).toHaveLength(alerts + 1);

    makeRoomAgain(folder);
    now += 120_000;
    store.flush();
    expect(store.health()).toMatchObject({ degradation: 'none', heldChanges: 0, droppedScores: 0 });
    expect(store.scores({ fromMs: NOON, toMs: NOON + 10, maxPoints: 10 })[0]?.points).toMatchObject([
      { startMs: NOON + 1 },
    ]);
    expect(store.events({ limit: 500 }).some(({ id }) => id === `event-${alerts}`)).toBe(true);
    expect(await clip('b')).not.toBeNull();
    expect(existsSync(join(folder, 'auscult.db.reserve'))).toBe(true);
    expect(notices.map((line) => line.replace(/^database \S+ /, '').replace(/:.*/, ''))).toEqual([
      'clips are not kept',
      'scores are not kept',
      'events wait in memory',
      'events are stored again',
      'scores are kept again',
      'clips are kept again',
    ]);
  });

  test('uses the reserve and then old clips for events when someone else has filled the disk', async () => {
    const folder = disk(8 * MIB);
    const store = storeIn(folder, { ...small, clipFloorBytes: 0, reserveBytes: 256 * KIB });
    const cleared = sampleEvent({ clearedMs: NOON });
    store.recordEvent(cleared, 'raised', []);
    const digest = await store.saveClip({
      data: Buffer.alloc(MIB, 1),
      type: 'audio/wav',
      createdMs: NOON,
      eventId: cleared.id,
    });
    const open = sampleEvent();
    store.recordEvent(open, 'raised', []);
    const kept = await store.saveClip({
      data: Buffer.alloc(64 * KIB, 2),
      type: 'audio/wav',
      createdMs: NOON,
      eventId: open.id,
    });
    const path = store.clip(digest ?? '')?.path ?? '';
    expect(existsSync(path)).toBe(true);
    fillUp(folder);
    raiseUntilHeld(store);
    expect(existsSync(join(folder, 'auscult.db.reserve'))).toBe(false);
    expect([existsSync(path), store.clip(digest ?? '')]).toEqual([false, null]);
    expect(existsSync(store.clip(kept ?? '')?.path ?? '')).toBe(true);
  });

  test('opens on a full disk by giving up the reserve, and loses nothing', async () => {
    const folder = disk(4 * MIB);
    const first = storeIn(folder, small);
    first.recordEvent(sampleEvent(), 'raised', [sampleMessage({ payload: 'before' })]);
    await first.close();
    fillUp(folder);
    const second = storeIn(folder, small);
    expect(second.recordEvent(sampleEvent(), 'raised', [sampleMessage({ payload: 'after' })])).toBe('stored');
    expect(second.pending(10).map(({ payload }) => payload)).toEqual(['before', 'after']);
  });

  test('says in one line that a new database finds no room', () => {
    const folder = disk(MIB);
    fillUp(folder);
    expect(() => storeIn(folder, small)).toThrow(StorageError);
    expect(() => storeIn(folder, small)).toThrow(
      /^database \S+auscult\.db: expected room to write, the disk \(or the quota\) is full \(\w+\)$/,
    );
  });

  test('says in one line that the disk is read-only', async () => {
    const folder = disk(4 * MIB);
    const remount = (how: string) => execFileSync('mount', ['-o', `remount,${how}`, folder]);
    remount('ro');
    expect(() => storeIn(folder, small)).toThrow(/^database \S+: expected to be able to open it for writing/);
    remount('rw');
    await storeIn(folder, small).close();
    remount('ro');
    expect(() => storeIn(folder, small)).toThrow(StorageError);
  });
});

test('holds alerts in memory, in order, when the database may not grow, and delivers them from there', () => {
  const folder = temporaryFolder();
  const store = storeIn(folder, { maxDatabaseBytes: 256 * KIB });
  const alerts = raiseUntilHeld(store);
  store.recordEvent(sampleEvent({ id: 'later' }), 'raised', [sampleMessage({ payload: 'later' })]);
  expect(store.health()).toMatchObject({ degradation: 'events-in-memory', heldChanges: 2 });

  const waiting = store.pending(1e6);
  expect(waiting.map(({ payload }) => payload)).toEqual([
    ...Array.from({ length: alerts }, (_, i) => `event-${i + 1}`),
    'later',
  ]);
  expect(waiting.map(({ id }) => id)).toEqual([...new Set(waiting.map(({ id }) => id))]);
  const held = waiting.at(-2);
  store.delivered(held?.id ?? 0);
  expect(store.pending(1e6).map(({ payload }) => payload)).toEqual(
    waiting.filter((message) => message !== held).map(({ payload }) => payload),
  );
});

test('tells a person that an acknowledgement finds no room, and changes nothing', () => {
  const store = storeIn(temporaryFolder(), { maxDatabaseBytes: 256 * KIB });
  store.recordEvent(sampleEvent({ id: 'first' }), 'raised', []);
  const messages = () => [sampleMessage({ payload: 'x'.repeat(300_000) })];
  expect(() => store.acknowledge('first', NOON, messages)).toThrow(/^database \S+: expected room to write/);
  expect(store.event('first')?.acknowledgedMs).toBeNull();
});

test('saves states later that find no room now', () => {
  const store = storeIn(temporaryFolder(), { maxDatabaseBytes: 256 * KIB });
  while (store.health().degradation === 'none')
    store.recordEvent(sampleEvent(), 'raised', [sampleMessage({ payload: 'x'.repeat(3_000) })]);
  const machines = Array.from({ length: 200 }, (_, index) => `machine ${index} ${'x'.repeat(200)}`);
  for (const machine of machines) store.setState(machine, 'normal', NOON);
  expect(store.states().length).toBeLessThan(200);
  for (const { id } of store.pending(1e6)) store.delivered(id);
  store.flush();
  expect(store.states()).toHaveLength(200);
});

test('gives up old scores so that an event is still stored in a full database', () => {
  const store = storeIn(temporaryFolder(), { maxDatabaseBytes: 512 * KIB });
  for (let second = 0; store.health().degradation === 'none'; second++) {
    for (let i = 0; i < 200; i++) store.addVerdict(sampleVerdict({ endMs: NOON + second * 1_000_000 + i }));
    store.flush();
  }
  expect(store.health().degradation).toBe('no-scores');
  for (let i = 0; i < 50; i++)
    expect(store.recordEvent(sampleEvent({ words: 'x'.repeat(500) }), 'raised', [])).toBe('stored');
});
