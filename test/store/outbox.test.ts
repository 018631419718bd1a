import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { OutboxKind } from '../../src/store/index.js';
import { NOON, sampleEvent, sampleMessage, storeIn, temporaryFolder } from './samples.js';

test('hands messages out in order, as they were put in, until they are delivered', async () => {
  const folder = temporaryFolder();
  const store = storeIn(folder);
  const messages = ['1', '2', '3'].map((payload) => sampleMessage({ payload, retain: payload === '2' }));
  store.recordEvent(sampleEvent(), 'raised', messages);
  const [first, ...rest] = store.pending(10);
  expect([first, ...rest]).toEqual(messages.map((message) => ({ ...message, id: expect.any(Number) })));
  store.delivered(first?.id ?? 0);
  store.delivered(first?.id ?? 0);
  await store.close();
  expect(storeIn(folder).pending(10)).toEqual(rest);
});

test('gives no id twice, so that a late confirmation cannot forget another message', async () => {
  const folder = temporaryFolder();
  const store = storeIn(folder);
  store.enqueue([sampleMessage()]);
  const [old] = store.pending(1);
  store.delivered(old?.id ?? 0);
  await store.close();
  const again = storeIn(folder);
  again.enqueue([sampleMessage()]);
  again.delivered(old?.id ?? 0);
  expect(again.pending(10)).toHaveLength(1);
});

test('keeps only the newest state of a topic', () => {
  const store = storeIn(temporaryFolder());
  const state = (topic: string, payload: string) => sampleMessage({ kind: 'state', topic, payload });
  store.enqueue([state('a', 'old'), state('b', 'only'), state('a', 'new')]);
  expect(store.pending(10).map(({ payload }) => payload)).toEqual(['only', 'new']);
});

test('drops the oldest telemetry first, then states, alerts never', () => {
  const kinds = fc.array(fc.constantFrom<OutboxKind>('alert', 'state', 'telemetry'), { maxLength: 40 });
  fc.assert(
    fc.property(kinds, fc.integer({ min: 0, max: 6 }), (sequence, outboxLimit) => {
      const store = storeIn(temporaryFolder(), { outboxLimit, reserveBytes: 0 });
      sequence.forEach((kind, index) => {
        store.enqueue([
          sampleMessage({ kind, topic: `topic/${index}`, payload: String(index), createdMs: NOON + index }),
        ]);
      });
      const left = store.pending(1000);
      const count = (of: OutboxKind) => left.filter(({ kind }) => kind === of).length;
      const put = (of: OutboxKind) => sequence.filter((kind) => kind === of).length;
      expect(count('alert')).toBe(put('alert'));
      expect(count('state') + count('telemetry')).toBe(Math.min(outboxLimit, put('state') + put('telemetry')));
      expect(count('telemetry')).toBeLessThanOrEqual(Math.max(0, outboxLimit - count('state')));
      const survivors = left.filter(({ kind }) => kind === 'telemetry').map(({ payload }) => Number(payload));
      const telemetry = sequence.flatMap((kind, index) => (kind === 'telemetry' ? [index] : []));
      expect(survivors).toEqual(telemetry.slice(telemetry.length - survivors.length));
      expect(store.health().droppedTelemetry).toBe(
        put('state') + put('telemetry') - count('state') - count('telemetry'),
      );
    }),
    { numRuns: 12 },
  );
});
