import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AuscultError } from '../../../src/contracts.js';
import { parseRange } from '../../../src/sinks/http/clips.js';
import { decodeSpectrogram, encodeSpectrogram, quantiseDb } from '../../../src/sinks/http/spectrogram-frame.js';
import { SimulatedPlant, verdict } from '../../dashboard/simulated-plant.js';
import { openTestSink } from './fake-data.js';
import { ask, post } from './requests.js';

describe('API on a real store', () => {
  let plant: SimulatedPlant;
  let clip = '';

  beforeAll(async () => {
    plant = await SimulatedPlant.open();
    for (let i = 0; i < 7; i++) {
      // Two share their time: the id decides their order.
      const event = await plant.raise(
        { raisedMs: 1_000 * Math.floor(i / 2), machine: i === 6 ? 'pump-04' : 'pump-00' },
        false,
      );
      clip = event.clip ?? '';
    }
    // Its machine had another name before, one that comes first.
    plant.store.addVerdict({ ...verdict('pump-00', 1_000, 1), machine: 'a-pump' });
    plant.rememberScores('pump-00', 1, (ago) => ago);
  });
  afterAll(() => plant.close());

  const get = async (path: string) => {
    const { status, body } = await ask(plant.sink.port, path);
    return { status, json: JSON.parse(String(body)) as Record<string, unknown> };
  };

  it('pages through all events, newest first, each once', async () => {
    const seen: { id: string; raisedMs: number }[] = [];
    let before: string | null = null;
    do {
      const { json } = await get(`/api/events?limit=3${before ? `&before=${before}` : ''}`);
      seen.push(...(json.events as { id: string; raisedMs: number }[]));
      before = json.next as string | null;
    } while (before !== null);
    expect(new Set(seen.map(({ id }) => id)).size).toBe(7);
    expect(seen.map(({ raisedMs }) => raisedMs)).toEqual([3000, 2000, 2000, 1000, 1000, 0, 0]);
  });

  it('limits events to a machine', async () => {
    const { json } = await get('/api/events?machine=pump-04');
    expect(json.events).toHaveLength(1);
    expect(json.next).toBeNull();
  });

  it('finds one event, or says that there is none', async () => {
    const { json } = await get('/api/events?limit=1');
    const [{ id }] = json.events as [{ id: string }];
    expect((await get(`/api/events/${id}`)).json.id).toBe(id);
    expect((await get(`/api/events/${randomUUID()}`)).status).toBe(404);
  });

  it('gives a curve of scores with their threshold', async () => {
    const { json } = await get(`/api/scores?feed=pump-00&from=${Date.now() - 70_000}&points=100`);
    const points = json.points as { atMs: number; max: number; threshold: number }[];
    expect(points.length).toBeGreaterThan(10);
    expect(points.every(({ threshold }) => threshold === 24)).toBe(true);
    expect(points.map(({ atMs }) => atMs)).toEqual(points.map(({ atMs }) => atMs).sort((a, b) => a - b));
  });

  it.each([
    '/api/events?limit=0',
    '/api/events?limit=100000',
    '/api/events?before=yesterday',
    '/api/events?machines=pump-00',
    '/api/scores?feed=pump-00',
    '/api/scores?feed=pump-00&from=5&to=4',
    '/api/scores?feed=pump-00&from=0&points=1e9',
  ])('refuses %s naming the key', async (path) => {
    const { status, json } = await get(path);
    expect(status).toBe(400);
    expect(json.error).toMatch(/limit|before|machines|from|to|points/);
  });

  it('serves a clip whole and in ranges, to be kept for ever', async () => {
    const wav = await readFile(new URL('../../../models/demo-sound/pump-00-abnormal.wav', import.meta.url));
    const path = `/api/clips/${clip}.wav`;
    const whole = await ask(plant.sink.port, path);
    expect(whole.body.equals(wav)).toBe(true);
    expect(whole.headers).toMatchObject({ 'content-type': 'audio/wav', 'accept-ranges': 'bytes' });
    expect(whole.headers['cache-control']).toContain('immutable');
    const part = await ask(plant.sink.port, path, { headers: { range: 'bytes=100-199' } });
    expect(part.status).toBe(206);
    expect(part.headers['content-range']).toBe(`bytes 100-199/${wav.length}`);
    expect(part.body.equals(wav.subarray(100, 200))).toBe(true);
    const beyond = await ask(plant.sink.port, path, { headers: { range: `bytes=${wav.length}-` } });
    expect(beyond.status).toBe(416);
    const head = await ask(plant.sink.port, path, { method: 'HEAD' });
    expect(head.headers['content-length']).toBe(String(wav.length));
    expect((await ask(plant.sink.port, `/api/clips/${'0'.repeat(64)}.wav`)).status).toBe(404);
  });
});

describe('commands', () => {
  it.each([
    [{ command: 'explode', machine: 'pump' }, 400],
    [{ command: 'mute', machine: 'pump' }, 400],
    [{ command: 'mute', machine: 'pump', minutes: -1 }, 400],
    [{ command: 'mute', machine: 'pump', minutes: 5, extra: true }, 400],
    [{ command: 'label', machine: 'pump', eventId: 'x', label: 'maybe' }, 400],
    [{ command: 'mute', machine: 'other', minutes: 5 }, 404],
    ['{', 400],
  ])('refuses %j', async (body, status) => {
    const { sink, commands } = await openTestSink();
    expect((await post(sink.port, '/api/commands', body)).status).toBe(status);
    expect(commands).toEqual([]);
    await sink.close();
  });

  it('says how long may be learnt', async () => {
    const { sink } = await openTestSink();
    const { body } = await post(sink.port, '/api/commands', { command: 'learn', machine: 'pump', minutes: 0.5 });
    expect(JSON.parse(String(body))).toEqual({ error: 'minutes: expected at least 1, found 0.5' });
    await sink.close();
  });

  it('hands a command on and answers with its line; a command that cannot be done says why', async () => {
    const good = await openTestSink();
    const acknowledge = { command: 'acknowledge', machine: 'pump', eventId: null };
    const answer = await post(good.sink.port, '/api/commands', acknowledge);
    expect(JSON.parse(String(answer.body))).toEqual({ message: 'done' });
    expect(good.commands).toEqual([acknowledge]);
    await good.sink.close();
    const failing = async () => Promise.reject(new AuscultError('no event is open'));
    const bad = await openTestSink({ commands: failing });
    const refused = await post(bad.sink.port, '/api/commands', acknowledge);
    expect([refused.status, JSON.parse(String(refused.body))]).toEqual([409, { error: 'no event is open' }]);
    await bad.sink.close();
  });

  it('keeps the words of an unexpected failure to the log', async () => {
    const said: string[] = [];
    const commands = async () => Promise.reject(new TypeError('secret detail'));
    const { sink } = await openTestSink({ commands, log: (_level, message) => said.push(message) });
    const answer = await post(sink.port, '/api/commands', { command: 'test-alert', machine: 'pump' });
    expect([answer.status, String(answer.body)]).toEqual([500, '{"error":"internal error"}']);
    expect(said.join()).toContain('secret detail');
    await sink.close();
  });
});

describe('health', () => {
  it('is 200 while every part works and 503 naming the one that does not', async () => {
    let ok = true;
    const { sink } = await openTestSink({ health: () => [{ name: 'mqtt', ok, detail: 'connected' }] });
    expect((await ask(sink.port, '/healthz')).status).toBe(200);
    ok = false;
    const failing = await ask(sink.port, '/healthz');
    expect(failing.status).toBe(503);
    expect(JSON.parse(String(failing.body))).toMatchObject({
      status: 'failing',
      checks: [{ name: 'mqtt', ok: false }],
    });
    expect(String((await ask(sink.port, '/metrics')).body)).toContain('auscult_healthy{check="mqtt"} 0');
    await sink.close();
  });

  it('counts every machine in a state, those too of which nothing is known yet', async () => {
    const { sink } = await openTestSink();
    const state = async () => {
      const text = String((await ask(sink.port, '/metrics')).body);
      return [...text.matchAll(/^auscult_machine_state\{machine="pump",state="([\w-]+)"\} 1$/gm)].map(([, one]) => one);
    };
    expect(await state()).toEqual(['unknown']);
    sink.state('pump', 'normal', 1);
    expect(await state()).toEqual(['normal']);
    await sink.close();
  });

  it('answers a wrong method with those that are right', async () => {
    const { sink } = await openTestSink();
    const answer = await ask(sink.port, '/api/commands');
    expect([answer.status, answer.headers.allow]).toEqual([405, 'POST']);
    for (const path of ['/healthz', '/metrics', '/api/events']) {
      const { status, headers } = await post(sink.port, path, {});
      expect([path, status, headers.allow]).toEqual([path, 405, 'GET']);
    }
    await sink.close();
  });
});

describe('a client that offers HTTP/2 by the way', () => {
  const offer = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABkAAQCAAAAAAIAAAAA' };

  it('is answered by HTTP/1.1, whatever it asks and sends', async () => {
    const { sink, commands } = await openTestSink();
    expect((await ask(sink.port, '/api/machines', { headers: offer })).status).toBe(200);
    expect((await ask(sink.port, '/nothing', { headers: offer })).status).toBe(404);
    const note = 'ä'.repeat(900);
    const label = { command: 'label', machine: 'pump', eventId: 'x', label: 'unsure', note } as const;
    const sent = [
      await post(sink.port, '/api/commands', label, offer),
      await post(sink.port, '/api/commands', label, { ...offer, 'transfer-encoding': 'chunked' }),
    ];
    expect(sent.map(({ status }) => status)).toEqual([200, 200]);
    expect(commands).toEqual([label, label]);
    await sink.close();
  });
});

describe('byte ranges', () => {
  it('always lie within the clip', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.option(fc.nat(2000)), fc.option(fc.nat(2000)), (size, first, last) => {
        const range = parseRange(`bytes=${first ?? ''}-${last ?? ''}`, size);
        if (range === null || range === 'unsatisfiable') return;
        expect(range.first).toBeGreaterThanOrEqual(0);
        expect(range.last).toBeLessThan(size);
        expect(range.first).toBeLessThanOrEqual(range.last);
        if (first !== null) expect(range.first).toBe(first);
        else expect(range.last - range.first + 1).toBe(Math.min(size, last ?? 0));
      }),
    );
  });
});

describe('spectrogram messages', () => {
  it('decode to what was encoded, and nothing else decodes', () => {
    fc.assert(
      fc.property(fc.nat(65_535), fc.nat(20), fc.nat(20), fc.nat(2 ** 42), (feedIndex, frames, bands, startMs) => {
        const levels = Uint8Array.from({ length: frames * bands }, (_, index) => index % 256);
        const bytes = encodeSpectrogram({ feedIndex, frames, bands, startMs, levels });
        expect(decodeSpectrogram(bytes.buffer as ArrayBuffer)).toEqual({ feedIndex, frames, bands, startMs, levels });
        expect(decodeSpectrogram(bytes.slice(0, -1).buffer as ArrayBuffer)).toBeNull();
      }),
    );
  });

  it('hold half a decibel, and take what is not a number for silence', () => {
    expect([-100, -99.5, 0, 27.5, 99, -300, Number.NaN].map(quantiseDb)).toEqual([0, 1, 200, 255, 255, 0, 0]);
  });
});
