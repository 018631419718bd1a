import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InternalError } from '../../src/contracts.js';
import { NOON, sampleEvent, sampleMessage, storeIn, temporaryFolder } from './samples.js';

test('gives an event back as it was recorded', () => {
  const store = storeIn(temporaryFolder());
  const event = sampleEvent({ code: 'silence', kind: 'sensor-fault' });
  expect(store.recordEvent(event, 'raised', [])).toBe('stored');
  expect(store.event(event.id)).toEqual(event);
  expect(store.event('no-such-event')).toBeNull();
});

test('resumes an open event after a restart, once, with its acknowledgement', async () => {
  const folder = temporaryFolder();
  const first = storeIn(folder);
  const open = sampleEvent({ raisedMs: NOON });
  const older = sampleEvent({ raisedMs: NOON - 5000 });
  const cleared = sampleEvent({ clearedMs: NOON + 1 });
  first.recordEvent(open, 'raised', []);
  first.recordEvent(older, 'raised', []);
  first.recordEvent(cleared, 'raised', []);
  first.acknowledge(open.id, NOON + 7);
  await first.close();

  const second = storeIn(folder);
  expect(second.openEvents()).toEqual([older, { ...open, acknowledgedMs: NOON + 7 }]);
  second.recordEvent({ ...older, clearedMs: NOON }, 'cleared', []);
  expect(second.openEvents().map(({ id }) => id)).toEqual([open.id]);
});

test('keeps what people said when the loop, which does not know of it, updates the event', () => {
  const store = storeIn(temporaryFolder());
  const event = sampleEvent();
  store.recordEvent(event, 'raised', []);
  store.acknowledge(event.id, NOON + 10);
  store.label({ eventId: event.id, label: 'false-alarm', note: 'pump was being washed', atMs: NOON + 20 });
  store.recordEvent({ ...event, peak: 99, clearedMs: NOON + 30 }, 'cleared', []);
  expect(store.event(event.id)).toMatchObject({
    acknowledgedMs: NOON + 10,
    label: 'false-alarm',
    peak: 99,
    clearedMs: NOON + 30,
  });
});

test('keeps the first acknowledgement and every label, of which the newest counts', () => {
  const store = storeIn(temporaryFolder());
  const event = sampleEvent();
  store.recordEvent(event, 'raised', []);
  store.acknowledge(event.id, NOON + 1);
  expect(store.acknowledge(event.id, NOON + 2)?.acknowledgedMs).toBe(NOON + 1);
  store.label({ eventId: event.id, label: 'unsure', note: null, atMs: NOON + 3 });
  expect(store.label({ eventId: event.id, label: 'true-alarm', note: 'bearing', atMs: NOON + 4 })?.label).toBe(
    'true-alarm',
  );
  expect(store.labels().map(({ label }) => label)).toEqual(['true-alarm', 'unsure']);
  expect(store.labels({ machine: 'other' })).toEqual([]);
  expect(store.labels({ machine: 'pump', sinceMs: NOON + 4 })).toHaveLength(1);
});

test('acknowledging or labelling an event that is not there changes nothing and says so', () => {
  const store = storeIn(temporaryFolder());
  expect(store.acknowledge('nobody', NOON, () => [sampleMessage()])).toBeNull();
  expect(
    store.label({ eventId: 'nobody', label: 'unsure', note: null, atMs: NOON }, () => [sampleMessage()]),
  ).toBeNull();
  expect(store.pending(10)).toEqual([]);
});

test('queues what is said about an acknowledgement together with it', () => {
  const store = storeIn(temporaryFolder());
  const event = sampleEvent();
  store.recordEvent(event, 'raised', []);
  store.acknowledge(event.id, NOON + 1, ({ id, acknowledgedMs }) => [
    sampleMessage({ payload: `${id} ${acknowledgedMs}` }),
  ]);
  expect(store.pending(10).map(({ payload }) => payload)).toEqual([`${event.id} ${NOON + 1}`]);
});

test('refuses a clearing that does not say when', () => {
  const store = storeIn(temporaryFolder());
  expect(() => store.recordEvent(sampleEvent(), 'cleared', [])).toThrow(InternalError);
});

test('stores an event whose numbers are not finite rather than losing the alert', () => {
  const store = storeIn(temporaryFolder());
  const event = sampleEvent({ peak: Number.NaN, pValue: Number.NaN, threshold: Number.POSITIVE_INFINITY });
  expect(store.recordEvent(event, 'raised', [sampleMessage()])).toBe('stored');
  expect(store.event(event.id)).toMatchObject({ peak: Number.NaN, threshold: Number.POSITIVE_INFINITY });
});

test('pages through all events exactly once, newest first, whatever the times and filters', () => {
  const moment = fc.integer({ min: 0, max: 5 });
  const sketch = fc.record({ raisedMs: moment, machine: fc.constantFrom('a', 'b'), cleared: fc.boolean() });
  fc.assert(
    fc.property(fc.array(sketch, { maxLength: 25 }), fc.integer({ min: 1, max: 6 }), (sketches, limit) => {
      const store = storeIn(temporaryFolder(), { reserveBytes: 0 });
      for (const { raisedMs, machine, cleared } of sketches) {
        store.recordEvent(sampleEvent({ raisedMs, machine, clearedMs: cleared ? 9 : null }), 'raised', []);
      }
      const filter = { machine: 'a', open: true };
      const seen = [];
      let page = store.events({ ...filter, limit });
      while (page.length > 0) {
        seen.push(...page);
        page = store.events({ ...filter, limit, before: seen.at(-1) });
      }
      const expected = sketches
        .filter(({ machine, cleared }) => machine === 'a' && !cleared)
        .map(({ raisedMs }) => raisedMs);
      expect(seen.map(({ raisedMs }) => raisedMs)).toEqual(expected.sort((a, b) => b - a));
      expect(new Set(seen.map(({ id }) => id)).size).toBe(expected.length);
    }),
    { numRuns: 25 },
  );
});
