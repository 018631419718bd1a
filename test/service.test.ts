import { spawn } from 'node:child_process';
import { cpSync, existsSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MqttClient } from 'mqtt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readServiceAddress } from '../src/store/service-file.js';
import { hasProgram } from './support/programs.js';
import { freePort, listen, Mosquitto, model, newFolder, Service, sound, until } from './support/service.js';

const hasMosquitto = hasProgram('mosquitto');
let folder: string;
let cleanUp: (() => unknown)[];

beforeEach(() => {
  folder = newFolder();
  cleanUp = [() => rmSync(folder, { recursive: true, force: true })];
});
afterEach(async () => {
  for (const undo of cleanUp.reverse()) await undo();
});

const pump = {
  name: 'pump-00',
  model: model('pump-00'),
  source: { type: 'wav', loop: true, files: [sound('pump-00-abnormal.wav')] },
};

/** Writes a configuration. */
function configure(config: Record<string, unknown>): { file: string; dataDir: string } {
  const file = join(folder, 'auscult.yaml');
  const dataDir = join(folder, 'data');
  writeFileSync(
    file,
    JSON.stringify({ site: 'plant', dataDir, http: { port: 0 }, alerts: { warmUpSeconds: 0 }, ...config }),
  );
  return { file, dataDir };
}

/** Starts the service with a configuration. */
function start(config: Record<string, unknown>): Service {
  const service = Service.start(['run', '--config', configure(config).file]);
  cleanUp.push(() => service.stop('SIGKILL'));
  return service;
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function pageOf(service: Service): Promise<string> {
  return until('page address', () => /page (http:\S+)/.exec(service.output.out)?.[1]?.replace(/,$/, ''));
}

async function watch(
  url: string,
): Promise<{ messages: Awaited<ReturnType<typeof listen>>['messages']; client: MqttClient }> {
  const watching = await listen(url);
  cleanUp.push(() => watching.client.endAsync(true));
  return watching;
}

/** Not started yet. */
async function mosquitto(): Promise<Mosquitto> {
  const broker = new Mosquitto(await freePort(), folder);
  cleanUp.push(() => broker.stop());
  return broker;
}

const events = (messages: readonly { topic: string; payload: Record<string, unknown> }[]) =>
  messages.filter(({ topic }) => topic.endsWith('/event')).map(({ payload }) => payload);

describe('the service', () => {
  it('raises, stores and publishes an anomaly, serves its clip, and exits 0 within 5 s of SIGTERM', async () => {
    const service = start({ mqtt: { port: await freePort() }, feeds: [pump] });
    const page = await pageOf(service);
    const broker = await until('broker address', () => /broker (mqtt:\S+)/.exec(service.output.out)?.[1]);
    const { messages } = await watch(broker);
    const raised = await until('a raised event', () => events(messages).find((e) => e.change === 'raised'));
    expect(raised).toMatchObject({ machine: 'pump-00', kind: 'anomaly', site: 'plant' });

    const withClip = async () =>
      (await (await fetch(`${page}api/events?limit=1`)).json()) as { events: { clip: string | null }[] };
    let clip: string | null | undefined = null;
    for (let i = 0; i < 100 && !clip; i++) {
      clip = (await withClip()).events[0]?.clip;
      await sleep(50);
    }
    const wav = await fetch(`${page}api/clips/${clip}.wav`);
    expect(wav.headers.get('content-type')).toBe('audio/wav');
    expect((await wav.arrayBuffer()).byteLength).toBeGreaterThan(32_000);

    const copy = join(folder, 'backup.sqlite');
    const backup = await Service.run(['backup', copy, '--config', join(folder, 'auscult.yaml')]);
    expect(backup).toMatchObject({ code: 0, out: expect.stringMatching(/backup\.sqlite: [1-9]\d* events of /) });

    const before = Date.now();
    expect(await service.stop()).toEqual({ code: 0, signal: null });
    expect(Date.now() - before).toBeLessThan(5_000);
    await until('offline', () =>
      messages.find((m) => m.topic === 'auscult/plant/status' && m.payload.status === 'offline'),
    );
  });

  it('ends well when its terminal is closed', async () => {
    const service = start({ mqtt: { enabled: false }, feeds: [pump] });
    await pageOf(service);
    expect(await service.stop('SIGHUP')).toEqual({ code: 0, signal: null });
  });

  it.skipIf(!hasProgram('script') || !hasProgram('setsid'))(
    'goes on when the terminal is gone that it was detached from (needs Debian packages bsdutils, util-linux)',
    async () => {
      const { file, dataDir } = configure({ mqtt: { enabled: false }, feeds: [pump] });
      const main = join(import.meta.dirname, '..', 'dist', 'cli', 'main.js');
      const command = `setsid -w ${process.execPath} ${main} run --config ${file}`;
      const terminal = spawn('script', ['-qefc', command, '/dev/null'], { stdio: 'ignore' });
      cleanUp.push(() => terminal.kill('SIGKILL'));
      const { pid, page } = await until('the service', () => readServiceAddress(dataDir));
      cleanUp.push(() => isThere(pid) && process.kill(pid, 'SIGKILL'));
      terminal.kill('SIGKILL');
      const raised = async () => {
        const answer = await fetch(`${page}api/events?limit=1`);
        return ((await answer.json()) as { events: unknown[] }).events.length > 0;
      };
      let seen = false;
      for (let i = 0; i < 300 && !seen; i++) {
        await sleep(100);
        seen = await raised();
      }
      expect(seen).toBe(true);
      await sleep(500);
      expect(isThere(pid)).toBe(true);
      process.kill(pid);
      await until('its end', () => readServiceAddress(dataDir) === null);
    },
  );

  it('goes on listening to the other feeds when one model is broken, absent or one file is gone', async () => {
    const missing = { name: 'gone', model: model('pump-00'), source: { type: 'wav', files: [join(folder, 'no.wav')] } };
    const unlearned = {
      name: 'new',
      model: join(folder, 'none'),
      source: { type: 'wav', loop: true, files: [sound('pump-04-normal.wav')] },
    };
    cpSync(model('pump-00'), join(folder, 'cut'), { recursive: true });
    truncateSync(join(folder, 'cut', 'model.onnx'), 20_000);
    const broken = { name: 'broken', model: join(folder, 'cut'), source: unlearned.source };
    const ended = {
      name: 'ended',
      model: model('pump-00'),
      source: { type: 'wav', files: [sound('pump-00-normal.wav')] },
    };
    const feeds = [missing, unlearned, broken, ended, pump];
    const service = start({ mqtt: { port: await freePort() }, feeds });
    await until('the trouble of one', () => service.output.err.includes('no.wav'));
    await until('the hint for another', () => /new: no model at .* yet/.test(service.output.err));
    await until('the defect of a model', () => /broken: nothing is judged: .*model\.onnx/.test(service.output.err));
    await until('the alarm of the last', () => service.output.err.includes('pump-00: anomaly raised'));
    await until('the end of a file', () => service.output.err.includes('ended: ended'));
    const health = await fetch(`${await pageOf(service)}healthz`);
    expect(health.status).toBe(503);
    const { checks } = (await health.json()) as { checks: { name: string; ok: boolean; detail: string }[] };
    const of = (feed: string) => checks.find(({ name }) => name === `feed ${feed}`);
    expect(of('gone')).toMatchObject({ ok: false, detail: expect.stringContaining('no.wav') });
    expect(of('broken')).toMatchObject({ ok: false, detail: expect.stringContaining('model.onnx') });
    expect(of('ended')).toEqual({ name: 'feed ended', ok: true, detail: 'ended' });
    expect(of('pump-00')).toMatchObject({ ok: true });
    expect((await service.stop()).code).toBe(0);
  });

  it.skipIf(!hasMosquitto)(
    'knows from the start that a topic says its machine is off (needs Debian package mosquitto)',
    async () => {
      const broker = await mosquitto();
      await broker.start();
      const { messages, client } = await watch(broker.url);
      await client.publishAsync('plc/run', 'off', { qos: 1, retain: true });
      const feed = { ...pump, operating: { from: 'topic', topic: 'plc/run' } };
      const service = start({ mqtt: { url: broker.url }, feeds: [feed] });
      const states = () =>
        messages.filter(({ topic }) => topic.endsWith('/pump-00/state')).map(({ payload }) => payload.state);
      await until('the state', () => states().includes('off'));
      await sleep(3_000);
      expect([...new Set(states())].filter((state) => state !== 'unknown')).toEqual(['off']);
      await client.publishAsync('plc/run', 'on', { qos: 1, retain: true });
      await until('the alarm once it runs', () => events(messages).find(({ change }) => change === 'raised'));
      expect((await service.stop()).code).toBe(0);
    },
  );

  it.skipIf(!hasMosquitto)(
    'loses no alert and raises none twice over kill -9 and the absence of the broker (needs Debian package mosquitto)',
    async () => {
      const broker = await mosquitto();
      const config = { mqtt: { url: broker.url }, feeds: [pump] };
      const first = start(config);
      await until('an alarm while no broker is there', () => first.output.err.includes('pump-00: anomaly raised'));
      expect((await first.stop('SIGKILL')).signal).toBe('SIGKILL');

      await broker.start();
      const { messages } = await watch(broker.url);
      const second = start(config);
      const raised = await until('the alert of the first life', () =>
        events(messages).find((e) => e.change === 'raised'),
      );
      await sleep(3_000);
      const ids = new Set(events(messages).map((e) => e.id));
      expect([...ids]).toEqual([raised.id]);

      await broker.stop();
      const machine = 'auscult/plant/pump-00/command';
      await sleep(200);
      await broker.start();
      const again = await watch(broker.url);
      await until('the service is back', () => again.messages.find((m) => m.payload.status === 'online'));
      await again.client.publishAsync(machine, JSON.stringify({ command: 'test-alert' }), { qos: 1 });
      await until('a test alert', () => events(again.messages).find((e) => e.kind === 'test' && e.change === 'raised'));
      await again.client.publishAsync(machine, JSON.stringify({ command: 'acknowledge' }), { qos: 1 });
      const acknowledged = await until('the acknowledgement', () =>
        events(again.messages).find((e) => e.acknowledgedAt && e.kind === 'anomaly'),
      );
      expect(acknowledged.id).toBe(raised.id);
      expect((await second.stop()).code).toBe(0);
    },
  );

  it.skipIf(!hasMosquitto)(
    'says from the start that an anomaly is open, although another feed is heard before (needs Debian package mosquitto)',
    async () => {
      const broker = await mosquitto();
      await broker.start();
      const source = { type: 'wav', realTime: false, files: [sound('pump-00-normal.wav')] };
      const feeds = [{ ...pump, name: 'quick', source }, pump].map((feed) => ({ ...feed, machine: 'pump' }));
      const config = { mqtt: { url: broker.url }, feeds };
      const first = start(config);
      await until('an alarm', () => first.output.err.includes('pump-00: anomaly raised'));
      await first.stop('SIGKILL');
      const { messages } = await watch(broker.url);
      const second = start(config);
      await until('the end of the other feed', () => second.output.err.includes('quick: ended'));
      await sleep(1_500);
      const states = messages.filter(({ topic, retain }) => topic.endsWith('/state') && !retain);
      expect([...new Set(states.map(({ payload }) => payload.state))]).toEqual(['unknown', 'anomalous']);
      expect((await second.stop()).code).toBe(0);
    },
  );

  it.skipIf(!hasMosquitto)(
    'takes back what is retained of a machine that has another name now, and ends its events (needs Debian package mosquitto)',
    async () => {
      const broker = await mosquitto();
      await broker.start();
      const mqtt = { url: broker.url };
      const first = start({ mqtt, feeds: [{ ...pump, machine: 'old pump' }] });
      await until('an alarm', () => first.output.err.includes('pump-00: anomaly raised'));
      await first.stop();
      const second = start({ mqtt, feeds: [{ ...pump, machine: 'new pump' }] });
      await until('a connection', () => second.output.err.includes(`${broker.url}: connected`));
      const { messages, client } = await listen(broker.url, '#');
      cleanUp.push(() => client.endAsync(true));
      const retained = () => messages.filter(({ retain }) => retain).map(({ topic }) => topic);
      await until('what is retained', () => retained().length >= 3);
      await sleep(300);
      expect(retained().filter((topic) => topic.endsWith('/state'))).toEqual(['auscult/plant/new pump/state']);
      expect(retained().filter((topic) => topic.startsWith('homeassistant/'))).toHaveLength(1);
      await until('an alarm of the new name', () => second.output.err.includes('pump-00: anomaly raised'));
      const page = await (await fetch(`${await pageOf(second)}api/events`)).json();
      const open = (page as { events: Record<string, unknown>[] }).events.filter(({ clearedMs }) => clearedMs === null);
      expect(open.map(({ machine }) => machine)).toEqual(['new pump']);
      expect((await second.stop()).code).toBe(0);
    },
  );

  it('learns a feed that has no model yet, by command, and then judges it', async () => {
    const feed = {
      name: 'new',
      model: join(folder, 'learned'),
      source: { type: 'wav', loop: true, realTime: false, files: [sound('pump-00-normal.wav')] },
    };
    const service = start({ mqtt: { port: await freePort() }, feeds: [feed] });
    const page = await pageOf(service);
    const command = { command: 'learn', machine: 'new', minutes: 1 };
    const answer = await fetch(`${page}api/commands`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: page.replace(/\/$/, '') },
      body: JSON.stringify(command),
    });
    expect(await answer.text()).toMatch(/learning for 1 min/);
    await until('the model', () => service.output.err.includes('now judged by'), 50_000);
    expect((await service.stop()).code).toBe(0);
    expect(existsSync(join(folder, 'learned', 'normals.json'))).toBe(true);
  });
});
