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
  store.recordEvent(sampleEvent(), 'raised', [sampleMessage()]);
  const [old] = store.pending(1);
  store.delivered(old?.id ?? 0);
  await store.close();
  const again = storeIn(folder);
  again.recordEvent(sampleEvent(), 'raised', [sampleMessage()]);
  again.delivered(old?.id ?? 0);
  expect(again.pending(10)).toHaveLength(1);
});

test('drops the oldest telemetry, alerts never', () => {
  const kinds = fc.array(fc.constantFrom<OutboxKind>('alert', 'telemetry'), { maxLength: 40 });
  fc.assert(
    fc.property(kinds, fc.integer({ min: 0, max: 6 }), (sequence, outboxLimit) => {
      const store = storeIn(temporaryFolder(), { outboxLimit, reserveBytes: 0 });
      sequence.forEach((kind, index) => {
        store.recordEvent(sampleEvent(), 'raised', [
          sampleMessage({ kind, topic: `topic/${index}`, payload: String(index), createdMs: NOON + index }),
        ]);
      });
      const left = store.pending(1000);
      const count = (of: OutboxKind) => left.filter(({ kind }) => kind === of).length;
      const put = (of: OutboxKind) => sequence.filter((kind) => kind === of).length;
      expect(count('alert')).toBe(put('alert'));
      expect(count('telemetry')).toBe(Math.min(outboxLimit, put('telemetry')));
      const survivors = left.filter(({ kind }) => kind === 'telemetry').map(({ payload }) => Number(payload));
      const telemetry = sequence.flatMap((kind, index) => (kind === 'telemetry' ? [index] : []));
      expect(survivors).toEqual(telemetry.slice(telemetry.length - survivors.length));
      expect(store.health().droppedTelemetry).toBe(put('telemetry') - count('telemetry'));
    }),
    { numRuns: 12 },
  );
});
