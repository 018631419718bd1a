import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Store } from '../../src/store/index.js';
import { HOUR, NOON, sampleEvent, storeIn, temporaryFolder } from './samples.js';

const wav = (letter: string, bytes = 100) => Buffer.from(letter.repeat(bytes));

/** Saves a clip for a new event, cleared or open. */
async function saved(store: Store, letter: string, createdMs: number, open = false, bytes = 100) {
  const event = sampleEvent({ raisedMs: createdMs, clearedMs: open ? null : createdMs });
  store.recordEvent(event, 'raised', []);
  return store.saveClip({ data: wav(letter, bytes), type: 'audio/wav', createdMs, eventId: event.id });
}

test('stores a clip under its digest and names it in the event', async () => {
  const store = storeIn(temporaryFolder());
  const event = sampleEvent();
  store.recordEvent(event, 'raised', []);
  const digest = await store.saveClip({ data: wav('a'), type: 'audio/wav', createdMs: NOON, eventId: event.id });
  expect(digest).toBe(createHash('sha256').update(wav('a')).digest('hex'));
  const clip = store.clip(digest ?? '');
  expect(clip).toMatchObject({ sha256: digest, bytes: 100, type: 'audio/wav', createdMs: NOON });
  expect(readFileSync(clip?.path ?? '')).toEqual(wav('a'));
  expect(store.event(event.id)?.clip).toBe(digest);
  store.recordEvent({ ...event, clearedMs: NOON + 1 }, 'cleared', []);
  expect(store.event(event.id)?.clip).toBe(digest);
});

test('stores the same sound once', async () => {
  const store = storeIn(temporaryFolder());
  const digests = await Promise.all([saved(store, 'a', NOON), saved(store, 'a', NOON + 1)]);
  expect(digests[0]).toBe(digests[1]);
  expect(store.health().clipBytes).toBe(100);
});

test('makes room before writing: oldest first, never the clip of an open event', async () => {
  const store = storeIn(temporaryFolder(), { retention: { clipsBytes: 300 } });
  const open = await saved(store, 'a', NOON, true);
  const old = await saved(store, 'b', NOON + 1);
  const young = await saved(store, 'c', NOON + 2);
  const path = store.clip(old ?? '')?.path ?? '';
  const next = await saved(store, 'd', NOON + 3);
  expect([open, old, young, next].map((digest) => store.clip(digest ?? '') !== null)).toEqual([
    true,
    false,
    true,
    true,
  ]);
  expect(existsSync(path)).toBe(false);
  expect(store.events({ limit: 10 }).map(({ clip }) => clip)).toEqual([next, young, null, open]);
  expect(store.health().clipBytes).toBe(300);
});

test('refuses a clip when open events fill the quota, says so once, and takes clips again later', async () => {
  const notices: string[] = [];
  const store = storeIn(temporaryFolder(), { retention: { clipsBytes: 200 }, onNotice: (line) => notices.push(line) });
  await saved(store, 'a', NOON, true);
  await saved(store, 'b', NOON, true);
  expect(await saved(store, 'c', NOON)).toBeNull();
  expect(await saved(store, 'd', NOON)).toBeNull();
  expect(store.health()).toMatchObject({ degradation: 'no-clips', droppedClips: 2, clipBytes: 200 });
  expect(notices).toEqual([expect.stringMatching(/clips are not kept: .*expected room for 100 bytes within 200/)]);
  for (const event of store.openEvents()) store.recordEvent({ ...event, clearedMs: NOON }, 'cleared', []);
  expect(await saved(store, 'e', NOON)).not.toBeNull();
  expect(store.health().degradation).toBe('none');
  expect(notices[1]).toMatch(/clips are kept again/);
});

test('deletes clips past their age but those of open events', async () => {
  let now = NOON;
  const store = storeIn(temporaryFolder(), { nowMs: () => now, retention: { clipsMs: HOUR } });
  const open = await saved(store, 'a', NOON, true);
  const closed = await saved(store, 'b', NOON);
  now += 2 * HOUR;
  store.flush();
  expect(store.clip(open ?? '')).not.toBeNull();
  expect(store.clip(closed ?? '')).toBeNull();
});

test('at the start deletes what a kill left half done, forgets clips whose file is gone, and leaves other files alone', async () => {
  const folder = temporaryFolder();
  const store = storeIn(folder);
  const kept = await saved(store, 'a', NOON);
  const lost = await saved(store, 'b', NOON + 1);
  rmSync(store.clip(lost ?? '')?.path ?? '');
  await store.close();
  const shard = join(folder, 'clips', 'ff');
  mkdirSync(shard, { recursive: true });
  const partial = join(shard, `.${crypto.randomUUID()}.partial`);
  const orphan = join(shard, `${'f'.repeat(64)}.wav`);
  const foreign = join(shard, 'notes.txt');
  for (const path of [partial, orphan, foreign]) writeFileSync(path, 'x');

  const again = storeIn(folder);
  expect([partial, orphan, foreign].map((path) => existsSync(path))).toEqual([false, false, true]);
  expect(again.clip(kept ?? '')).not.toBeNull();
  expect(again.clip(lost ?? '')).toBeNull();
  expect(again.events({ limit: 10 }).map(({ clip }) => clip)).toEqual([null, kept]);
});

test('a lost database does not take the clips along: a new one takes them over', async () => {
  const folder = temporaryFolder();
  const store = storeIn(folder);
  const digest = await saved(store, 'a', NOON);
  await store.close();
  rmSync(join(folder, 'auscult.db'));
  expect(storeIn(folder).clip(digest ?? '')).toMatchObject({ bytes: 100, type: 'audio/wav' });
});

test('writes a clip anew when its file was cut short by someone', async () => {
  const store = storeIn(temporaryFolder());
  const digest = await saved(store, 'a', NOON);
  const path = store.clip(digest ?? '')?.path ?? '';
  writeFileSync(path, 'cut');
  await saved(store, 'a', NOON);
  expect(readFileSync(path)).toEqual(wav('a'));
});
