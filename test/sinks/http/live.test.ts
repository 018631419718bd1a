import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { HttpSink } from '../../../src/sinks/http/index.js';
import type { ServerMessage } from '../../../src/sinks/http/protocol.js';
import { decodeSpectrogram } from '../../../src/sinks/http/spectrogram-frame.js';
import { ANOMALY, verdict } from '../../dashboard/simulated-plant.js';
import { EMPTY, openTestSink } from './fake-data.js';
import { ask, upgrade } from './requests.js';

const open: HttpSink[] = [];

async function start(...args: Parameters<typeof openTestSink>) {
  const started = await openTestSink(...args);
  open.push(started.sink);
  return { ...started, port: started.sink.port };
}

afterEach(async () => {
  for (const sink of open.splice(0)) await sink.close();
});

/** A page's connection that keeps what it was sent. */
class Page {
  readonly messages: ServerMessage[] = [];
  readonly binaries: ArrayBuffer[] = [];
  readonly closed: Promise<number>;

  constructor(readonly socket: WebSocket) {
    socket.binaryType = 'arraybuffer';
    socket.on('message', (data, binary) => {
      if (binary) this.binaries.push(data as ArrayBuffer);
      else this.messages.push(JSON.parse(String(data)) as ServerMessage);
    });
    this.closed = new Promise((resolve) => socket.on('close', resolve));
  }

  static open(port: number): Page {
    return new Page(new WebSocket(`ws://127.0.0.1:${port}/api/live`));
  }

  async received<T extends ServerMessage['type']>(type: T): Promise<ServerMessage & { type: T }> {
    return until(() => this.messages.find((message): message is ServerMessage & { type: T } => message.type === type));
  }
}

async function until<T>(find: () => T | undefined | false): Promise<T> {
  for (;;) {
    const found = find();
    if (found !== undefined && found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const frames = (count: number, level = -40) => ({
  data: new Float32Array(count * 64).fill(level),
  frames: count,
  bands: 64,
  startMs: 1_000,
});

describe('live channel', () => {
  it('greets a page with every machine, its state, its newest verdict and the open events', async () => {
    const { sink, port } = await start({ data: { ...EMPTY, events: () => [ANOMALY] } });
    sink.state('pump', 'normal', 123);
    sink.verdict(verdict('pump', 5_000, 7));
    const { machines, openEvents } = await Page.open(port).received('hello');
    expect(machines[0]).toMatchObject({ machine: 'pump', state: 'normal', sinceMs: 123 });
    expect(machines[0]?.feeds[0]?.verdict).toMatchObject({ statistic: 7, threshold: 24 });
    expect(openEvents).toEqual([ANOMALY]);
  });

  it('greets a page even while the store is in trouble', async () => {
    const events = () => {
      throw new Error('disk I/O error');
    };
    const { port } = await start({ data: { ...EMPTY, events } });
    expect((await Page.open(port).received('hello')).openEvents).toEqual([]);
  });

  it('tells states and events at once, and only the newest of a burst of verdicts', async () => {
    const { sink, port } = await start({ limits: { verdictIntervalMs: 100 } });
    const page = Page.open(port);
    await page.received('hello');
    for (let i = 0; i < 50; i++) sink.verdict(verdict('pump', i, i));
    sink.state('pump', 'anomalous', 9);
    sink.event({ ...ANOMALY, machine: 'pump' }, 'raised');
    expect(await page.received('state')).toMatchObject({ machine: 'pump', state: 'anomalous', atMs: 9 });
    expect(await page.received('event')).toMatchObject({ change: 'raised', event: { words: ANOMALY.words } });
    expect((await page.received('verdicts')).verdicts).toMatchObject([{ statistic: 49 }]);
  });

  it('carries a threshold that is not there yet as null', async () => {
    const { sink, port } = await start({ limits: { verdictIntervalMs: 20 } });
    const page = Page.open(port);
    await page.received('hello');
    sink.verdict({ ...verdict('pump', 1, 2), threshold: Number.POSITIVE_INFINITY, pValue: Number.NaN });
    expect((await page.received('verdicts')).verdicts).toMatchObject([{ threshold: null, pValue: null }]);
  });

  it('sends spectrograms only to pages that watch the feed, the last seconds first', async () => {
    const { sink, port } = await start();
    const [watching, idle] = [Page.open(port), Page.open(port)];
    await Promise.all([watching.received('hello'), idle.received('hello')]);
    sink.spectrogram('pump', frames(31, -60));
    watching.socket.send(JSON.stringify({ type: 'watch', feed: 'pump' }));
    await until(() => watching.binaries.length === 1);
    sink.spectrogram('pump', frames(2, -40));
    await until(() => watching.binaries.length === 2);
    const [history, live] = watching.binaries.map((bytes) => decodeSpectrogram(bytes));
    expect(history).toMatchObject({ feedIndex: 0, frames: 31, bands: 64, startMs: 1_000 });
    expect([...(live?.levels ?? [])]).toEqual(new Array(128).fill(120));
    expect(idle.binaries).toEqual([]);
  });

  it.each([
    ['something else', '{"type":"watch"}'],
    ['no JSON', 'hello'],
    ['a command', '{"command":"mute","machine":"pump","minutes":1}'],
  ])('hangs up on a page that says %s', async (_what, text) => {
    const { port } = await start();
    const page = Page.open(port);
    await page.received('hello');
    page.socket.send(text);
    expect(await page.closed).toBe(1007);
  });

  it('hangs up on a message that is too long and on too many of them', async () => {
    const { port } = await start({ limits: { messagesPerSecond: 3 } });
    const [long, busy] = [Page.open(port), Page.open(port)];
    await Promise.all([long.received('hello'), busy.received('hello')]);
    long.socket.send('x'.repeat(10_000));
    for (let i = 0; i < 5; i++) busy.socket.send(JSON.stringify({ type: 'watch', feed: String(i) }));
    expect(await long.closed).toBe(1009);
    expect(await busy.closed).toBe(1008);
  });

  it('drops the spectrogram of a page that does not read, then the page, while others go on', async () => {
    const { sink, port } = await start({ limits: { dropAboveBytes: 50_000, closeAboveBytes: 200_000 } });
    const { socket } = await upgrade(port, {});
    const text = Buffer.from('{"type":"watch","feed":"pump"}');
    const mask = Buffer.alloc(4);
    socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | text.length]), mask, text]));
    socket.pause();
    const reader = Page.open(port);
    await reader.received('hello');
    const dropped = async () =>
      Number(/^auscult_live_dropped_total (\d+)/m.exec(String((await ask(port, '/metrics')).body))?.[1]);
    while ((await dropped()) === 0) for (let i = 0; i < 100; i++) sink.spectrogram('pump', frames(500));
    const clients = async () =>
      Number(/^auscult_live_clients (\d+)/m.exec(String((await ask(port, '/metrics')).body))?.[1]);
    expect(await clients()).toBe(2);
    const bulky = { ...ANOMALY, words: 'x'.repeat(100_000) };
    while ((await clients()) === 2) for (let i = 0; i < 10; i++) sink.event(bulky, 'updated');
    expect(await clients()).toBe(1);
    expect(reader.socket.readyState).toBe(WebSocket.OPEN);
    socket.destroy();
  });

  it('hangs up on a page that answers no ping', async () => {
    const { port } = await start({ limits: { pingIntervalMs: 50 } });
    const { socket } = await upgrade(port, {});
    socket.resume();
    await new Promise((resolve) => socket.once('close', resolve));
    const answering = Page.open(port);
    await answering.received('hello');
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(answering.socket.readyState).toBe(WebSocket.OPEN);
  });

  it('gives signs of life while there is nothing to tell', async () => {
    const { port } = await start({ limits: { pingIntervalMs: 50 } });
    const page = Page.open(port);
    expect(await page.received('hello')).toMatchObject({ aliveMs: 50 });
    expect((await page.received('alive')).nowMs).toBeGreaterThan(1.7e12);
  });

  it('says good-bye when it closes, and frees its port', async () => {
    const { sink, port } = await openTestSink().then((s) => ({ ...s, port: s.sink.port }));
    const page = Page.open(port);
    await page.received('hello');
    await sink.close();
    expect(await page.closed).toBe(1001);
    await sink.close();
    await expect(ask(port, '/healthz')).rejects.toThrow();
  });
});
