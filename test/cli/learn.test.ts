/** `auscult learn`, with the service running and without, by sound and by rows over MQTT. */

import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import mqtt from 'mqtt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Manifest } from '../../src/contracts.js';
import { encodeWav } from '../../src/sources/wav-encode.js';
import { freePort, listen, model, newFolder, Service, sound, until } from '../support/service.js';

let folder: string;
let cleanUp: (() => unknown)[];
beforeEach(() => {
  folder = newFolder();
  cleanUp = [() => rmSync(folder, { recursive: true, force: true })];
});
afterEach(async () => {
  for (const undo of cleanUp.reverse()) await undo();
});

const pump = (...files: string[]) => ({
  name: 'pump',
  model: 'learned',
  source: { type: 'wav', loop: true, realTime: false, files },
});
const rig = { name: 'rig', model: 'learned', source: { type: 'topic', topic: 'plant/rig/row', staleSeconds: 600 } };

function configure(feed: object, rest: object = {}): void {
  const config = { site: 'plant', dataDir: 'data', http: { port: 0 }, mqtt: { port: 0 }, feeds: [feed], ...rest };
  writeFileSync(join(folder, 'auscult.yaml'), JSON.stringify(config));
}

async function serve(): Promise<Service> {
  const service = Service.start(['run', '--config', 'auscult.yaml'], { cwd: folder });
  cleanUp.push(() => service.stop('SIGKILL'));
  await until('the service', () => existsSync(join(folder, 'data', 'service.json')));
  return service;
}

const learn = (feed: string, ...args: string[]) =>
  Service.run(['learn', '--config', 'auscult.yaml', '--feed', feed, ...args], { cwd: folder });
const packageOf = (name: string): Manifest => JSON.parse(readFileSync(join(folder, name, 'model.json'), 'utf8'));
const createdAt = (name = 'learned'): string => packageOf(name).createdAt;

/** Publishes rows of a rig, a second apart by their own clock, until it is told to stop. */
async function publishRows(url: string): Promise<void> {
  const client = await mqtt.connectAsync(url);
  let going = true;
  const work = (async () => {
    for (let i = 0; going; i++) {
      const load = 10 + Math.sin(i * 0.9) + ((i * 7919) % 101) / 100;
      const time = new Date(Date.UTC(2030, 0, 1) + i * 1000).toISOString();
      const row = { time, flow: 3 * load, current: 0.5 * load + ((i * 104_729) % 97) / 100 };
      await client.publishAsync('plant/rig/row', JSON.stringify(row), { qos: 1 });
      await sleep(10);
    }
  })();
  work.catch(() => {}); // the broker went first
  cleanUp.push(() => {
    going = false;
    client.end(true);
  });
}

describe('auscult learn without a service', { timeout: 120_000 }, () => {
  it('records the feed, writes a package, says what it promises, and rolls back and forth', async () => {
    configure(pump(sound('pump-00-normal.wav')));
    cpSync(model('pump-00'), join(folder, 'learned'), { recursive: true });
    expect(await learn('pump', '--roll-back')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/roll back: expected a package at .*learned\.previous, found none/),
    });
    const made = [createdAt()];
    const learned = await learn('pump', '--minutes', '1');
    expect(learned).toMatchObject({ code: 0, err: expect.stringContaining('recorded 1 min of normal running in') });
    expect(learned.out).toMatch(
      /^pump: now judged by .*learned: .*needs [\d.]+ h more recorded for at most 1 false alarm a week/,
    );
    made.push(createdAt());
    const { training, calibration } = packageOf('learned');
    expect([training.preset, calibration.short.smoothing]).toEqual(['mel-mean', { kind: 'm-of-n', m: 2, n: 3 }]);
    expect(await learn('pump', '--roll-back')).toMatchObject({ code: 0, out: expect.stringContaining(made[0] ?? '') });
    expect([createdAt(), createdAt('learned.previous')]).toEqual(made);
    const again = await learn('pump', '--roll-back', '--json');
    expect(JSON.parse(again.out)).toMatchObject({ feed: 'pump', message: expect.stringContaining(made[1] ?? '') });
    expect([createdAt('learned.previous'), createdAt()]).toEqual(made);
  });

  it('learns and rolls back no model that another feed has, too', async () => {
    const one = pump(sound('pump-00-normal.wav'));
    configure(one, { feeds: [one, { ...one, name: 'twin' }] });
    const refused = {
      code: 2,
      err: expect.stringMatching(/twin: expected a model of its own, .*learned, which is pump's/),
    };
    expect(await learn('twin', '--minutes', '1')).toMatchObject(refused);
    expect(await learn('twin', '--roll-back')).toMatchObject(refused);
    expect(existsSync(join(folder, 'data', 'learned'))).toBe(false);
  });

  it('refuses sound that clips, that changes, or that ends too soon, and what is not there', async () => {
    const loud = Float32Array.from({ length: 160_000 }, (_, i) => Math.max(-1, Math.min(1, 3 * Math.sin(i / 20))));
    const wav = join(folder, 'loud.wav');
    writeFileSync(wav, encodeWav(loud, 16_000));
    configure(pump(wav));
    expect(await learn('pump', '--minutes', '1')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/expected at most 3\.0 s of clipped sound, found [1-9]\.\d s; turn its gain down/),
    });
    const [ours, other] = [sound('pump-00-normal.wav'), sound('pump-04-abnormal.wav')];
    configure(pump(ours, ours, ours, ours, other, other));
    expect(await learn('pump', '--minutes', '1')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/expected (levels|spectra) within \d\.\d dB in .* found/),
    });
    configure({
      ...pump(sound('pump-00-normal.wav')),
      source: { ...pump(sound('pump-00-normal.wav')).source, loop: false },
    });
    expect(await learn('pump', '--minutes', '1')).toMatchObject({
      code: 1,
      err: expect.stringContaining('pump: expected 1 min of normal running, found 0.2 min before the source ended'),
    });
    expect(existsSync(join(folder, 'learned'))).toBe(false);
    expect(await learn('pmup')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--feed: expected one of pump'),
    });
    expect(await learn('pump', '--preset', 'table')).toMatchObject({
      code: 2,
      err: expect.stringContaining("preset: table is for table, expected one for the feed's audio"),
    });
  });

  it('listens for rows on a broker of its own where the service would have one', async () => {
    const port = await freePort();
    configure(rig, { mqtt: { port } });
    const learning = Service.start(['learn', '--config', 'auscult.yaml', '--feed', 'rig', '--minutes', '1'], {
      cwd: folder,
    });
    cleanUp.push(() => learning.stop('SIGKILL'));
    await until('its broker', () => learning.output.err.includes(`mqtt://127.0.0.1:${port}`));
    await publishRows(`mqtt://127.0.0.1:${port}`);
    expect(await learning.ended).toMatchObject({ code: 0 });
    expect(learning.output.out).toContain('rig: now judged by');
  });
});

describe('auscult learn with the service running', { timeout: 120_000 }, () => {
  it('asks it over its page, waits until it has switched over, and rolls it back', async () => {
    configure(pump(sound('pump-00-normal.wav')), { http: { port: 0, username: 'me', password: 'secret' } });
    cpSync(model('pump-00'), join(folder, 'learned'), { recursive: true });
    const service = await serve();
    expect(await learn('pump', '--minutes', '1')).toMatchObject({ code: 0, out: expect.stringContaining('needs') });
    const made = [createdAt('learned.previous'), createdAt()];
    expect(await learn('pump', '--roll-back')).toMatchObject({ code: 0, out: expect.stringContaining('rolled back') });
    expect([createdAt(), createdAt('learned.previous')]).toEqual(made);
    expect(service.output.err).toContain(`of ${made[0]}`);
    expect(await learn('pump', '--minutes', '1', '--preset', 'mel')).toMatchObject({
      code: 1,
      err: expect.stringContaining('preset: expected one of mel-frames'),
    });
    expect((await service.stop()).code).toBe(0);
    expect(existsSync(join(folder, 'data', 'service.json'))).toBe(false);
  });

  it('asks it over MQTT where it has no page, by rows that come over MQTT', async () => {
    configure(rig, { http: { enabled: false } });
    const service = await serve();
    const broker = await until('broker address', () => /broker (mqtt:\S+)/.exec(service.output.out)?.[1]);
    const { messages, client } = await listen(broker);
    cleanUp.push(() => client.endAsync(true));
    await publishRows(broker);
    expect(await learn('rig', '--minutes', '1')).toMatchObject({ code: 0, out: expect.stringContaining('rig: now') });
    const stages = messages
      .filter(({ topic }) => topic === 'auscult/plant/rig/learning')
      .map(({ payload }) => payload.stage);
    expect(new Set(stages)).toEqual(new Set(['recording', 'training', 'switching', 'done']));
    await until('scores', () => messages.find(({ topic }) => topic === 'auscult/plant/rig/score'));
    expect(await learn('rig', '--roll-back')).toMatchObject({ code: 1, err: expect.stringContaining('found none') });
    expect((await service.stop()).code).toBe(0);
  });
});
