/** What every broker must see of the sink: run against each kind that there is. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openEmbeddedBroker } from '../../../src/sinks/mqtt/index.js';
import { NOON, sampleEvent, sampleVerdict } from '../../store/samples.js';
import { freePort, hasMosquitto, Observer, startMosquitto } from './brokers.js';
import { faults, schema } from './schemas.js';
import { eventually, startSink, topics } from './sinks.js';

async function embedded(): Promise<string> {
  const broker = await openEmbeddedBroker({ port: 0 });
  onTestFinished(() => broker.close());
  return broker.url;
}

const mosquitto = async () => (await startMosquitto()).url;

const BROKERS = [
  { name: 'the embedded broker', open: embedded, version: 4, available: true },
  { name: 'Mosquitto (Debian package mosquitto)', open: mosquitto, version: 4, available: hasMosquitto },
  { name: 'Mosquitto by MQTT 5 (Debian package mosquitto)', open: mosquitto, version: 5, available: hasMosquitto },
] as const;

for (const { name, open, version: protocolVersion, available } of BROKERS) {
  describe.skipIf(!available)(`with ${name}`, () => {
    test('says online and unknown states at first, retained, and offline at the end within 2 s', async () => {
      const url = await open();
      const { sink } = startSink(url, { protocolVersion });
      const observer = await Observer.on(url);
      await eventually(() => observer.of(topics.status).at(-1)?.status).toBe('online');
      await eventually(() => observer.of(topics.state('fan')).at(-1)?.state).toBe('unknown');
      const late = await Observer.on(url);
      await eventually(() => late.of(topics.status)).toMatchObject([{ version: 1, status: 'online', site: 'works' }]);
      expect(late.seen.every(({ retained }) => retained)).toBe(true);
      const begun = performance.now();
      await sink.close();
      expect(performance.now() - begun).toBeLessThan(2_000);
      await eventually(() => observer.of(topics.status).at(-1)?.status).toBe('offline');
      expect(sink.health().connected).toBe(false);
    });

    test('delivers events of the outbox in order, and forgets each once it is confirmed', async () => {
      const url = await open();
      const observer = await Observer.on(url);
      const { store, record, sink } = startSink(url, { protocolVersion });
      const events = Array.from({ length: 100 }, (_, i) => sampleEvent({ raisedMs: NOON + i }));
      for (const event of events) record(event, 'raised');
      await eventually(() => observer.of(topics.event('pump')).map(({ id }) => id)).toEqual(events.map(({ id }) => id));
      await eventually(() => store.pending(1)).toEqual([]);
      expect(sink.health().delivered).toBe(100);
      expect(observer.seen.filter(({ topic }) => topic === topics.event('pump')).every(({ qos }) => qos === 1)).toBe(
        true,
      );
    });

    test('keeps the newest state of each machine retained', async () => {
      const url = await open();
      const { sink } = startSink(url, { protocolVersion });
      const observer = await Observer.on(url);
      await eventually(() => observer.of(topics.status).length).toBeGreaterThan(0);
      sink.state('pump', 'normal', NOON);
      sink.state('pump', 'anomalous', NOON + 1);
      await eventually(() => observer.of(topics.state('pump')).at(-1)?.state).toBe('anomalous');
      const late = await Observer.on(url);
      await eventually(() => late.of(topics.state('pump'))).toMatchObject([
        { state: 'anomalous', at: '2026-03-01T12:00:00.001Z' },
      ]);
    });

    test('publishes scores, at most one a second for each feed', async () => {
      const url = await open();
      const observer = await Observer.on(url);
      const { sink } = startSink(url, { protocolVersion });
      await eventually(() => observer.of(topics.status).at(-1)?.status).toBe('online');
      for (let i = 0; i < 50; i++) sink.verdict(sampleVerdict({ sequence: i, score: i }));
      sink.verdict(sampleVerdict({ feed: 'other' }));
      await eventually(() => observer.of(topics.score('pump')).map(({ feed, score }) => [feed, score])).toEqual([
        ['pump-00', 0],
        ['other', 1],
      ]);
    });

    test('carries out commands and answers them, but not retained ones', async () => {
      const url = await open();
      const observer = await Observer.on(url);
      await observer.publish(topics.command('pump'), '{"command":"learn"}', true);
      startSink(url, { protocolVersion });
      await eventually(() => observer.of(topics.status).at(-1)?.status).toBe('online');
      await observer.publish(topics.command('pump'), '{"command":"mute","minutes":5,"id":"a"}');
      await observer.publish(topics.siteCommand, '{"command":"acknowledge"}');
      await observer.publish(topics.command('pump'), 'nonsense');
      const answers = () => observer.of(`${topics.command('pump')}/result`);
      await eventually(() => answers().map(({ id, ok, message }) => ({ id, ok, message }))).toEqual([
        { id: 'a', ok: true, message: 'mute done for pump' },
        { id: null, ok: false, message: expect.stringContaining('expected JSON') },
      ]);
      await eventually(() => observer.of(`${topics.siteCommand}/result`).map(({ machine }) => machine)).toEqual([
        'pump',
        'fan',
      ]);
    });

    test('tells Home Assistant of each machine, and again when it has started', async () => {
      const url = await open();
      const observer = await Observer.on(url);
      startSink(url, { protocolVersion });
      const told = () => observer.seen.filter(({ topic }) => /^homeassistant\/device\/.*\/config$/.test(topic)).length;
      await eventually(told).toBe(2);
      await eventually(() => observer.of(topics.status).at(-1)?.status).toBe('online');
      await observer.publish('homeassistant/status', 'online');
      await eventually(told).toBe(4);
    });

    test('contradicts a late will of an old connection', async () => {
      const url = await open();
      const observer = await Observer.on(url);
      startSink(url, { protocolVersion });
      await eventually(() => observer.of(topics.status).at(-1)?.status).toBe('online');
      await observer.publish(topics.status, '{"version":1,"status":"offline"}', true);
      await eventually(() => observer.of(topics.status).map(({ status }) => status)).toEqual([
        'online',
        'offline',
        'online',
      ]);
    });

    test("says that another may have its client id when they take each other's place again and again", async () => {
      const url = await open();
      const { log } = startSink(url, { protocolVersion, clientId: 'twin' });
      startSink(url, { protocolVersion, clientId: 'twin' });
      await eventually(() => log.warnings.at(-1)).toMatch(/ again and again: is client id twin another's, too\?/);
    });

    test('lets stand what another version says of the same site, or two would contradict each other for ever', async () => {
      const url = await open();
      const observer = await Observer.on(url);
      startSink(url, { protocolVersion, clientId: 'old' });
      startSink(url, { protocolVersion, clientId: 'new', version: '0.2.0' });
      await eventually(() => observer.of(topics.status).map(({ auscult }) => auscult)).toContain('0.2.0');
      await eventually(() => observer.of(topics.status).map(({ auscult }) => auscult)).toContain('0.1.0');
      await sleep(500);
      expect(observer.of(topics.status)).toHaveLength(2);
    });

    test('publishes nothing that its schema does not take', async () => {
      const url = await open();
      const observer = await Observer.on(url);
      const { sink, record } = startSink(url, { protocolVersion });
      await eventually(() => observer.of(topics.status).at(-1)?.status).toBe('online');
      const event = sampleEvent({ machine: 'fan' });
      record(event, 'raised');
      record({ ...event, clearedMs: NOON }, 'cleared');
      sink.verdict(sampleVerdict());
      await observer.publish(topics.command('fan'), '{"command":"test-alert"}');
      await eventually(() => observer.of(`${topics.command('fan')}/result`).length).toBe(1);
      await sink.close();
      await eventually(() => observer.of(topics.status).at(-1)?.status).toBe('offline');
      const checked = new Set<string>();
      for (const { topic, payload } of observer.seen.filter((message) => message.topic.startsWith('auscult/'))) {
        const kind = topic.endsWith('/result') ? 'command-result' : topic.slice(topic.lastIndexOf('/') + 1);
        expect(faults(schema(kind), payload)).toEqual([]);
        checked.add(kind);
      }
      expect([...checked].sort()).toEqual(['command', 'command-result', 'event', 'score', 'state', 'status']);
    });
  });
}

test('drops scores while there is no connection, counts them, and still closes quickly', async () => {
  const { sink } = startSink(`mqtt://127.0.0.1:${await freePort()}`);
  sink.verdict(sampleVerdict());
  expect(sink.health()).toMatchObject({ connected: false, scoresDropped: 1 });
  const begun = performance.now();
  await sink.close();
  expect(performance.now() - begun).toBeLessThan(2_000);
});

test('the embedded broker takes the next free port and says so, and frees it at the end', async () => {
  const first = await openEmbeddedBroker({ port: 0 });
  onTestFinished(() => first.close());
  const notices: string[] = [];
  const second = await openEmbeddedBroker({ port: first.port, onNotice: (line) => notices.push(line) });
  onTestFinished(() => second.close());
  expect(second.port).toBeGreaterThan(first.port);
  expect(notices).toEqual([`embedded MQTT broker: port ${first.port} is taken, using ${second.port}`]);
  await startSink(second.url).sink.close();
  await second.close();
  const third = await openEmbeddedBroker({ port: second.port, onNotice: (line) => notices.push(line) });
  expect(third.port).toBe(second.port);
  await third.close();
});

test('the embedded broker closes although clients are connected', async () => {
  const broker = await openEmbeddedBroker({ port: 0 });
  const { sink } = startSink(broker.url);
  await eventually(() => sink.health().connected).toBe(true);
  await broker.close();
  await eventually(() => sink.health().connected).toBe(false);
});

test('waits for no handler that never ends when closing', async () => {
  const url = await embedded();
  const observer = await Observer.on(url);
  const { sink } = startSink(url, { commands: () => new Promise(() => undefined) });
  await eventually(() => observer.of(topics.status).at(-1)?.status).toBe('online');
  await observer.publish(topics.command('pump'), '{"command":"mute"}');
  await sleep(50);
  const begun = performance.now();
  await sink.close();
  expect(performance.now() - begun).toBeLessThan(2_000);
  await eventually(() => observer.of(topics.status).at(-1)?.status).toBe('offline');
});
