/** Rows from a real broker. Mosquitto comes with the Debian package mosquitto. */
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { RowObservation, Trouble } from '../../src/contracts.js';
import { openEmbeddedBroker } from '../../src/sinks/mqtt/index.js';
import { rowsOf } from '../../src/sources/mqtt/row-message.js';
import { TopicSource, type TopicSourceOptions } from '../../src/sources/mqtt/topic-source.js';
import {
  freePort,
  hasMosquitto,
  hasOpenssl,
  makeCertificates,
  Observer,
  startMosquitto,
} from '../sinks/mqtt/brokers.js';
import { eventually } from '../sinks/mqtt/sinks.js';

type Item = RowObservation | Trouble;
const topic = 'plant/pump-1/row';
const at = (second: number) => new Date(Date.UTC(2030, 0, 1, 10, 0, second)).toISOString();

/** What a source delivers until the test ends; `pace` is awaited before each item is taken. */
function reading(url: string, options: Partial<TopicSourceOptions> = {}, pace?: () => Promise<void>) {
  const stop = new AbortController();
  const found: Item[] = [];
  const broker = { url, ...options.broker };
  const backOff = { minMs: 20, maxMs: 100 };
  const source = new TopicSource({ feed: 'rig', machine: 'pump', topic, backOff, ...options, broker });
  const done = (async () => {
    for await (const item of source.stream(stop.signal)) {
      found.push(item);
      await pace?.();
    }
  })();
  const close = async (): Promise<void> => {
    stop.abort();
    await done;
  };
  onTestFinished(close);
  const rows = () => found.filter((item) => item.kind === 'row');
  const troubles = () => found.filter((item) => item.kind === 'trouble');
  return { found, rows, troubles, close };
}

/** Publishes until the source has subscribed: what comes before is lost, as it should be. */
async function whenHeard(observer: Observer, rows: () => readonly Item[]): Promise<void> {
  for (let i = 0; rows().length === 0 && i < 200; i++) {
    await observer.publish(topic, '{"warm":1}');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(rows().length).toBeGreaterThan(0);
  await new Promise((resolve) => setTimeout(resolve, 100));
}

describe('a message', () => {
  const parse = (text: string, columns: string[] = []) => rowsOf(Buffer.from(text), columns);

  it('is a row, or an array of rows, with a column for each value inside', () => {
    expect(parse('{"a":1,"b":{"c":"2"}}').rows).toEqual([{ a: 1, 'b.c': 2 }]);
    expect(parse('[{"a":1},{"a":null}]').rows).toEqual([{ a: 1 }, { a: null }]);
  });

  it('has missing values for the columns that are absent, but none of them at all is no row', () => {
    expect(parse('{"a":1}', ['a', 'b']).rows).toEqual([{ a: 1, b: null }]);
    expect(parse('{"z":1}', ['a', 'b'])).toEqual({ rows: [], problems: ['expected column "a", "b", found "z"'] });
  });

  it.each([
    ['{"a":', /expected a JSON object, found \{"a":$/],
    ['', /found nothing/],
    ['7', /found 7$/],
    ['"x\u0000\ny"', /^expected a JSON object, found "x·y"$/],
    ['[1]', /found 1$/],
    ['x'.repeat(1000), /found x{40}…$/],
  ])('%j is said to be no row, in one short line', (text, message) => {
    expect(parse(text)).toEqual({ rows: [], problems: [expect.stringMatching(message)] });
  });

  it('keeps the rows of an array beside those that are none', () => {
    expect(parse('[{"a":1},2,{"a":3}]')).toMatchObject({ rows: [{ a: 1 }, { a: 3 }], problems: [{}] });
  });
});

describe('rows from the embedded broker', () => {
  it('are delivered in order, numbered, with the time of their column', async () => {
    const broker = await openEmbeddedBroker({ port: 0 });
    onTestFinished(() => broker.close());
    const observer = await Observer.on(broker.url);
    const { rows } = reading(broker.url, { timeColumn: 't' });
    await whenHeard(observer, rows);
    const known = rows().length;
    await observer.publish(topic, JSON.stringify([1, 2, 3].map((i) => ({ t: at(i), a: i }))));
    await observer.publish('plant/pump-2/row', '{"a":99}');
    await observer.publish(topic, JSON.stringify({ t: at(4), a: 4 }));
    await eventually(() => rows().length).toBe(known + 4);
    const times = rows()
      .slice(known)
      .map(({ startMs, endMs, row }) => [startMs, endMs - startMs, row]);
    expect(times.slice(1)).toEqual([2, 3, 4].map((i) => [Date.parse(at(i)), 1_000, known + i]));
  });
});

describe('rows without the time column that the model knows', () => {
  it('happen when they arrive, and by the column as soon as it has a time', async () => {
    const broker = await openEmbeddedBroker({ port: 0 });
    onTestFinished(() => broker.close());
    const observer = await Observer.on(broker.url);
    const { rows, troubles } = reading(broker.url, { timeColumn: 't', requiredColumns: ['warm'] });
    await whenHeard(observer, rows);
    const before = Date.now();
    for (let i = 0; i < 30; i++) await observer.publish(topic, '{"warm":2}');
    await eventually(() => rows().filter(({ cells }) => cells.warm === 2).length).toBe(30);
    for (const { startMs } of rows().slice(-30)) {
      expect(startMs).toBeGreaterThanOrEqual(before);
      expect(startMs).toBeLessThanOrEqual(Date.now());
    }
    const hourAgo = before - 3_600_000;
    await observer.publish(topic, JSON.stringify({ warm: 3, t: new Date(hourAgo).toISOString() }));
    await eventually(() => rows().at(-1)?.cells.warm).toBe(3);
    expect(rows().at(-1)?.startMs).toBe(hourAgo);
    expect(troubles()).toEqual([]);
  });
});

describe.skipIf(!hasMosquitto)('rows from Mosquitto (Debian package mosquitto)', () => {
  async function started(options: Partial<TopicSourceOptions> = {}, pace?: () => Promise<void>) {
    const mosquitto = await startMosquitto();
    const observer = await Observer.on(mosquitto.url);
    const read = reading(mosquitto.url, options, pace);
    await whenHeard(observer, read.rows);
    return { mosquitto, observer, ...read };
  }

  it('happen when they arrive, those of one array an interval apart, and carry their cells', async () => {
    const { observer, rows } = await started({ intervalMs: 100 });
    const known = rows().length;
    await new Promise((resolve) => setTimeout(resolve, 250));
    const before = Date.now();
    await observer.publish(topic, '[{"a":1},{"a":2},{"a":3}]');
    await eventually(() => rows().length).toBe(known + 3);
    const [one, two, three] = rows().slice(known);
    expect([one, two, three].map((row) => row?.cells.a)).toEqual([1, 2, 3]);
    expect((two?.startMs ?? 0) - (one?.startMs ?? 0)).toBe(100);
    expect(three?.startMs).toBeGreaterThanOrEqual(before);
    expect(three?.startMs).toBeLessThanOrEqual(Date.now());
    expect(one).toMatchObject({ feed: 'rig', machine: 'pump', origin: `topic ${topic}`, gap: false });
    expect(three?.sequence).toBe((one?.sequence ?? 0) + 2);
  });

  it('go on after the broker was gone: said once, then a row after a gap', async () => {
    const { mosquitto, observer, rows, troubles } = await started();
    await mosquitto.stop();
    await eventually(() => troubles().length).toBeGreaterThan(0);
    await new Promise((resolve) => setTimeout(resolve, 400));
    await mosquitto.start();
    const known = rows().length;
    for (let i = 0; rows().length === known && i < 200; i++) {
      await observer.publish(topic, '{"a":7}');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(rows()[known]).toMatchObject({ gap: true, cells: { a: 7 } });
    const down = troubles();
    expect(down.every(({ code, down: isDown }) => code === 'no-data' && isDown)).toBe(true);
    expect(down.length).toBeLessThanOrEqual(2); // lost, then refused: two reasons
    expect(down.at(-1)?.message).toMatch(/^topic plant\/pump-1\/row: MQTT broker mqtt:.*trying again until it works$/);
  });

  it('that are none are one line each, ten a minute, and rows go on', async () => {
    const { observer, rows, troubles } = await started({ maxBytes: 1000, requiredColumns: ['warm', 'a'] });
    const known = rows().length;
    for (const bad of ['not json', JSON.stringify({ a: 'x'.repeat(2000) }), '{"other":1}']) {
      await observer.publish(topic, bad);
    }
    await observer.publish(topic, '{"a":1}');
    await eventually(() => rows().length).toBe(known + 1);
    expect(rows().at(-1)?.cells).toEqual({ a: 1, warm: null });
    expect(troubles().map(({ code, down, message }) => [code, down, message])).toEqual([
      ['bad-row', false, `topic ${topic}: expected a JSON object, found not json`],
      ['bad-row', false, `topic ${topic}: expected at most 1000 bytes, found 2008`],
      ['bad-row', false, `topic ${topic}: expected column "warm", "a", found "other"`],
    ]);
    for (let i = 0; i < 50; i++) await observer.publish(topic, 'x');
    await observer.publish(topic, '{"a":2}');
    await eventually(() => rows().at(-1)?.cells.a).toBe(2);
    expect(troubles().length).toBe(10);
  });

  it('that come again or late are left out and said', async () => {
    const { observer, rows, troubles } = await started({ timeColumn: 't' });
    const known = rows().length;
    for (const [second, a] of [
      [20, 1],
      [21, 2],
      [21, 2],
      [5, 3],
      [22, 4],
    ] as const) {
      await observer.publish(topic, JSON.stringify({ t: at(second), a }));
    }
    await eventually(() =>
      rows()
        .slice(known)
        .map((row) => row.cells.a),
    ).toEqual([1, 2, 4]);
    expect(troubles().map(({ code }) => code)).toEqual(['bad-row', 'late']);
  });

  it('that stop coming are said once, until they come again', async () => {
    const { observer, rows, troubles } = await started({ staleMs: 300 });
    await eventually(() => troubles().length).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(troubles()).toMatchObject([{ code: 'no-data', down: true, message: `topic ${topic}: no row for 0.3 s` }]);
    const known = rows().length;
    await observer.publish(topic, '{"a":1}');
    await eventually(() => rows().length).toBe(known + 1);
    await eventually(() => troubles().length).toBe(2);
  });

  it('that come faster than they are taken cost the oldest, which is said, and the next begins after a gap', async () => {
    let slow = false;
    let release = (): void => {};
    const pace = async (): Promise<void> => {
      if (slow)
        await new Promise<void>((resolve) => {
          release = resolve;
        });
    };
    const { observer, found, rows, troubles } = await started({ queueRows: 5 }, pace);
    slow = true;
    const known = rows().length;
    await observer.publish(topic, '{"a":0}');
    await eventually(() => rows().length).toBe(known + 1);
    for (let i = 1; i <= 20; i++) await observer.publish(topic, JSON.stringify({ a: i }));
    await new Promise((resolve) => setTimeout(resolve, 300));
    slow = false;
    release();
    await eventually(() => rows().at(-1)?.cells.a).toBe(20);
    expect(
      rows()
        .slice(known)
        .map((row) => [row.cells.a, row.gap]),
    ).toEqual([
      [0, false],
      [16, true],
      [17, false],
      [18, false],
      [19, false],
      [20, false],
    ]);
    expect(troubles()).toMatchObject([
      { code: 'overrun', down: false, message: expect.stringContaining('15 rows lost') },
    ]);
    expect(found.indexOf(troubles()[0] as Trouble)).toBe(known + 1);
  });

  it('that were retained are the past and left out', async () => {
    const mosquitto = await startMosquitto();
    const observer = await Observer.on(mosquitto.url);
    await observer.publish(topic, '{"old":1}', true);
    const { rows } = reading(mosquitto.url);
    await whenHeard(observer, rows);
    expect(rows().some((row) => 'old' in row.cells)).toBe(false);
  });

  it('of a broker that does not know the password are not, and the line does not show it', async () => {
    const mosquitto = await startMosquitto(['allow_anonymous false']);
    const { troubles } = reading(mosquitto.url, { broker: { url: mosquitto.url, username: 'rig', password: 'hush' } });
    await eventually(() => troubles().length).toBe(1);
    expect(troubles()[0]?.message).toMatch(/it refused user "rig" with the given password/);
    expect(troubles()[0]?.message).not.toContain('hush');
  });

  it.skipIf(!hasOpenssl)('come by TLS (openssl makes the certificates)', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'auscult-tls-'));
    const { ca, cert, key } = makeCertificates(folder);
    const port = await freePort();
    const mosquitto = await startMosquitto([
      ...['allow_anonymous true', `listener ${port} 127.0.0.1`],
      ...[`cafile ${ca}`, `certfile ${cert}`, `keyfile ${key}`],
    ]);
    const observer = await Observer.on(mosquitto.url);
    const url = `mqtts://127.0.0.1:${port}`;
    const trusting = reading(url, { broker: { url, tls: { ca: readFileSync(ca) }, protocolVersion: 5 } });
    await whenHeard(observer, trusting.rows);
    const wary = reading(url, { feed: 'wary' });
    await eventually(() => wary.troubles().at(-1)?.message ?? '').toMatch(/give (it|its authority) as ca/);
  });
});
