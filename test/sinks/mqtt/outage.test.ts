/** Nothing is lost: brokers that stop, refuse or vanish, and processes that are killed. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket, connect as tcpConnect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Aedes } from 'aedes';
import { describe, expect, onTestFinished, test } from 'vitest';
import { compileChild } from '../../store/child.js';
import { NOON, sampleEvent, storeIn, temporaryFolder } from '../../store/samples.js';
import {
  freePort,
  hasMosquitto,
  hasOpenssl,
  Mosquitto,
  makeCertificates,
  Observer,
  startMosquitto,
} from './brokers.js';
import { eventually, startSink, topics } from './sinks.js';

/** Between sink and broker: can cut, or swallow everything without a word. */
async function wire(toPort: number) {
  const sockets = new Set<Socket>();
  let deaf = false;
  const server = createServer((inner) => {
    const outer = tcpConnect(toPort, '127.0.0.1');
    for (const socket of [inner, outer]) {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    }
    inner.on('data', (data) => outer.write(data));
    outer.on('data', (data) => {
      if (!deaf) inner.write(data);
    });
    inner.on('close', () => outer.destroy());
    outer.on('close', () => inner.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return {
    url: `mqtt://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
    setDeaf: (value: boolean) => {
      deaf = value;
    },
  };
}

describe.skipIf(!hasMosquitto)('with Mosquitto (Debian package mosquitto)', () => {
  test('every alert arrives although the broker is stopped and comes back, twice; duplicates carry the same id', async () => {
    const broker = await startMosquitto();
    const observer = await Observer.on(broker.url);
    const { record, store, sink } = startSink(broker.url);
    const ids: string[] = [];
    const raise = async (count: number) => {
      for (let i = 0; i < count; i++) {
        const event = sampleEvent({ raisedMs: NOON + ids.length });
        ids.push(event.id);
        record(event, 'raised');
        if (i % 10 === 0) await sleep(1);
      }
    };
    for (let outage = 0; outage < 2; outage++) {
      await eventually(() => sink.health().connected).toBe(true);
      const raising = raise(60);
      await sleep(5);
      await broker.stop(); // in peace: killed, it would lose what it has confirmed itself
      await raising;
      await raise(40);
      await broker.start();
    }
    const arrived = () => observer.of(topics.event('pump')).map(({ id }) => id);
    await eventually(() => new Set(arrived()).size).toBe(ids.length);
    expect(new Set(arrived())).toEqual(new Set(ids));
    await eventually(() => store.pending(1)).toEqual([]);
    expect(sink.health().connections).toBeGreaterThanOrEqual(3);
  });

  test('keeps the order of first arrivals over a cut connection', async () => {
    const broker = await startMosquitto();
    const cable = await wire(broker.port);
    const observer = await Observer.on(broker.url);
    const { record, sink } = startSink(cable.url);
    const ids: string[] = [];
    for (let i = 0; i < 200; i++) {
      const event = sampleEvent({ raisedMs: NOON + i });
      ids.push(event.id);
      record(event, 'raised');
      if (i % 50 === 25) {
        await eventually(() => sink.health().connected).toBe(true);
        cable.cut();
      }
    }
    const firstArrivals = () => [...new Set(observer.of(topics.event('pump')).map(({ id }) => id))];
    await eventually(firstArrivals).toEqual(ids);
  });

  test('tells states again after an outage during which they changed, before it says online', async () => {
    const broker = await startMosquitto();
    const { sink } = startSink(broker.url);
    await eventually(() => sink.health().connected).toBe(true);
    await broker.stop('SIGKILL');
    await eventually(() => sink.health().connected).toBe(false);
    sink.state('pump', 'anomalous', NOON);
    await broker.start();
    const observer = await Observer.on(broker.url);
    await eventually(() => observer.of(topics.status).at(-1)?.status).toBe('online');
    expect(observer.of(topics.state('pump')).at(-1)?.state).toBe('anomalous');
  });

  test('a retained state outlives a restart of the broker', async () => {
    const broker = await startMosquitto();
    const { sink } = startSink(broker.url);
    await eventually(() => sink.health().connected).toBe(true);
    sink.state('pump', 'off', NOON);
    await sink.close();
    await broker.stop();
    await broker.start();
    const observer = await Observer.on(broker.url);
    await eventually(() => observer.of(topics.state('pump')).at(-1)?.state).toBe('off');
    expect(observer.of(topics.status).at(-1)?.status).toBe('offline');
  });

  test('a refused password is said once, without it, and tried again until it is right', async () => {
    const broker = new Mosquitto(await freePort(), ['allow_anonymous false']);
    const passwords = join(broker.folder, 'passwords');
    const setPassword = (password: string) =>
      spawnSync('mosquitto_passwd', ['-c', '-b', passwords, 'auscult', password]);
    setPassword('other');
    const secured = new Mosquitto(broker.port, ['allow_anonymous false', `password_file ${passwords}`]);
    await secured.start();
    const { sink, log, record, store } = startSink(secured.url, { username: 'auscult', password: 'hush-hush' });
    const event = sampleEvent();
    record(event, 'raised');
    await sleep(1_000);
    expect(log.lines).toEqual([
      `MQTT broker ${secured.url}: it refused user "auscult" with the given password; trying again until it works`,
    ]);
    expect(store.pending(10)).toHaveLength(1);
    setPassword('hush-hush');
    await secured.stop();
    await secured.start();
    await eventually(() => sink.health().connected).toBe(true);
    const observer = await Observer.on(secured.url, { username: 'auscult', password: 'hush-hush' });
    await eventually(() => observer.of(topics.status).at(-1)?.status).toBe('online');
    await eventually(() => store.pending(10)).toEqual([]);
    expect(log.lines.join('\n')).not.toContain('hush');
  });

  test('says that a password is wanted when none is set', async () => {
    const broker = await startMosquitto(['allow_anonymous false']);
    const { log } = startSink(broker.url);
    await eventually(() => log.warnings).toEqual([
      `MQTT broker ${broker.url}: it wants a user and a password, none are set; trying again until it works`,
    ]);
  });

  test.skipIf(!hasOpenssl)(
    'speaks TLS with a broker of a private authority, and refuses one it cannot trust (Debian package openssl)',
    async () => {
      const folder = temporaryFolder();
      const files = makeCertificates(folder);
      const broker = await startMosquitto(['allow_anonymous true', `certfile ${files.cert}`, `keyfile ${files.key}`]);
      const url = `mqtts://127.0.0.1:${broker.port}`;
      const ca = readFileSync(files.ca, 'utf8');
      const trusting = startSink(url, { tls: { ca } });
      await eventually(() => trusting.sink.health().connected).toBe(true);
      const observer = await Observer.on(url, { ca });
      trusting.record(sampleEvent({ id: 'over-tls' }), 'raised');
      await eventually(() => observer.of(topics.event('pump'))).toMatchObject([{ id: 'over-tls' }]);
      await trusting.sink.close();

      const wary = startSink(url);
      await eventually(() => wary.log.warnings).toEqual([
        expect.stringMatching(/its authority is not one we trust|certificate/),
      ]);
      expect(wary.sink.health().connected).toBe(false);
      const careless = startSink(url, { tls: { rejectUnauthorized: false }, clientId: 'careless' });
      await eventually(() => careless.sink.health().connected).toBe(true);
      const plain = startSink(broker.url, { clientId: 'plain' });
      await eventually(() => plain.log.warnings.length).toBe(1);
    },
  );

  test('the will says offline when the process is killed, and the next process delivers what it had not', async () => {
    const program = compileChild('sinks/mqtt/publish-forever.child.ts');
    const broker = await startMosquitto();
    const observer = await Observer.on(broker.url);
    const folder = temporaryFolder();
    for (let round = 0; round < 3; round++) {
      const child = spawn(process.execPath, [program, broker.url, folder, `run${round}`], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      onTestFinished(() => void child.kill('SIGKILL'));
      await once(child.stdout, 'data');
      await eventually(() => observer.of(topics.status).at(-1)?.status).toBe('online');
      await sleep(100);
      child.kill('SIGKILL');
      await once(child, 'exit');
      await eventually(() => observer.of(topics.status).at(-1)?.status).toBe('offline');
    }
    const store = storeIn(folder);
    const { sink } = startSink(broker.url, { outbox: store });
    await eventually(() => store.pending(1)).toEqual([]);
    await sink.close();
    const stored = new Set(store.openEvents().map(({ id }) => id));
    expect(stored.size).toBeGreaterThan(3);
    await eventually(() => new Set(observer.of(topics.event('pump')).map(({ id }) => id))).toEqual(stored);
  });

  test('finds out that the broker has stopped answering and connects anew', async () => {
    const broker = await startMosquitto();
    const cable = await wire(broker.port);
    const observer = await Observer.on(broker.url);
    const { sink, record } = startSink(cable.url, { keepaliveS: 1 });
    await eventually(() => sink.health().connections).toBe(1);
    cable.setDeaf(true);
    await eventually(() => sink.health().connected).toBe(false);
    record(sampleEvent({ id: 'meanwhile' }), 'raised');
    cable.setDeaf(false);
    await eventually(() => observer.of(topics.event('pump'))).toMatchObject([{ id: 'meanwhile' }]);
  });

  test('alerts go on where the broker refuses Home Assistant, which is said once with its topics', async () => {
    const rights = join(temporaryFolder(), 'rights');
    writeFileSync(rights, 'topic readwrite auscult/#\n');
    const broker = await startMosquitto(['allow_anonymous true', `acl_file ${rights}`]);
    const observer = await Observer.on(broker.url);
    const former = { machines: ['old', 'older'], onTakenBack: () => {} };
    const { record, store, sink, log } = startSink(broker.url, { protocolVersion: 5, machines: ['pump'], former });
    record(sampleEvent(), 'raised');
    const emptied = () => observer.seen.filter(({ payload }) => payload === '').map(({ topic }) => topic);
    await eventually(emptied).toEqual([topics.state('old'), topics.state('older')]);
    await eventually(() => store.pending(1)).toEqual([]);
    const refused = 'broker refused the message on homeassistant/device/auscult_works_pump/config (135)';
    expect(sink.health()).toMatchObject({ connected: true, refused: expect.stringContaining(refused) });
    await broker.stop();
    await broker.start();
    await eventually(() => sink.health().connections).toBe(2);
    expect(log.warnings.filter((line) => line.includes(refused))).toHaveLength(1);
  });

  test('ends within 2 s although the broker has stopped answering', async () => {
    const broker = await startMosquitto();
    const cable = await wire(broker.port);
    const { sink, record, store } = startSink(cable.url);
    await eventually(() => sink.health().connected).toBe(true);
    await eventually(() => sink.health().connections).toBe(1);
    cable.setDeaf(true);
    record(sampleEvent(), 'raised');
    await sleep(20);
    const begun = performance.now();
    await sink.close();
    expect(performance.now() - begun).toBeLessThan(2_000);
    expect(store.pending(10)).toHaveLength(1);
  });
});

test('alerts go on where the broker refuses a subscription, which is said with its topic', async () => {
  const aedes = await Aedes.createBroker({
    authorizeSubscribe: (_client, filter, done) => done(null, filter.topic.startsWith('auscult/') ? filter : null),
  });
  const server = createServer(aedes.handle).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    aedes.close();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const { record, store, sink, log } = startSink(`mqtt://127.0.0.1:${port}`);
  record(sampleEvent(), 'raised');
  await eventually(() => store.pending(1)).toEqual([]);
  expect(sink.health().connected).toBe(true);
  expect(log.warnings).toEqual([
    expect.stringContaining('broker refused the subscription to homeassistant/status (128)'),
  ]);
});

test('says once that nothing listens, then that it is connected, and nothing between', async () => {
  const { openEmbeddedBroker } = await import('../../../src/sinks/mqtt/index.js');
  const port = await freePort();
  const { log, sink } = startSink(`mqtt://me:secret@127.0.0.1:${port}`);
  await eventually(() => log.lines.length).toBe(1);
  await sleep(500);
  const broker = await openEmbeddedBroker({ port });
  onTestFinished(() => broker.close());
  await eventually(() => sink.health().connections).toBe(1);
  expect(log.lines).toEqual([
    `MQTT broker mqtt://127.0.0.1:${port}: nothing listens there (ECONNREFUSED); trying again until it works`,
    `MQTT broker mqtt://127.0.0.1:${port}: connected`,
  ]);
});

test('says that what took the connection does not answer', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const { log } = startSink(`mqtt://127.0.0.1:${port}`);
  await eventually(() => log.warnings).toHaveLength(1);
  expect(log.warnings[0]).toContain('it does not answer as a broker does');
});
