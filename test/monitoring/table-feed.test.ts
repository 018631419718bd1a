/** A table feed from its training to its events: what the engineer is told, by file and over MQTT. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import mqtt from 'mqtt';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openApp } from '../../src/app.js';
import { commission } from '../../src/commissioning/commission.js';
import { presetRequest } from '../../src/commissioning/presets/index.js';
import { loadConfig } from '../../src/config/load.js';
import type { Event } from '../../src/contracts.js';
import { replay } from '../../src/monitoring/replay.js';
import { TableSource } from '../../src/sources/tables/table-source.js';
import { hasProgram } from '../support/programs.js';
import { freePort, listen, Mosquitto, until } from '../support/service.js';

type Row = Record<string, string | number | null | undefined>;

const folder = mkdtempSync(join(tmpdir(), 'auscult-table-'));
const model = join(folder, 'rig');
const signal = new AbortController().signal;
const first = Date.UTC(2030, 0, 1);
const budget = { falseAlarms: 1, perMs: 86_400_000 };

/** A rig whose flow and current follow its load; two modes by name, and a valve that never moved. */
function rig(count: number, from = 0, change: (i: number) => Row = () => ({})): Row[] {
  let seed = 7 + from;
  const noise = () => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed / 2147483648 - 0.5;
  };
  return Array.from({ length: count }, (_, i) => {
    const load = 10 + Math.sin((from + i) * 0.9) + noise();
    const [flow, current] = [3 * load + 0.3 * noise(), 0.5 * load + 0.1 * noise()];
    const mode = load > 10 ? 'high' : 'low';
    const time = new Date(first + (from + i) * 1000).toISOString();
    return { time, flow, current, temperature: 40 + noise(), mode, valve: 0, ...change(i) };
  });
}

function file(name: string, rows: readonly Row[]): string {
  const path = join(folder, name);
  writeFileSync(path, rows.map((row) => JSON.stringify(row)).join('\n'));
  return path;
}

async function replayed(rows: readonly Row[], of = model): Promise<Event[]> {
  const path = file('live.jsonl', rows);
  const open = async () => new TableSource({ feed: 'replay', machine: 'replay', path, timeColumn: 'time' });
  return [...(await replay({ model: of, budget, open, signal })).events];
}

beforeAll(async () => {
  const path = file('normal.jsonl', rig(600));
  const open = () => new TableSource({ feed: 'rig', machine: 'rig', path });
  await commission({ open, ...presetRequest('table'), method: 'gmm', out: model, signal });
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a table feed', () => {
  it('raises nothing on more of the same', async () => {
    expect(await replayed(rig(600, 600))).toEqual([]);
  });

  it('names the columns of a fault with value, usual value and deviation, and grouped by column', async () => {
    const [event, ...others] = await replayed(
      rig(400, 600, (i) => (i >= 200 && i < 300 ? { temperature: 46 + (i % 7) / 10 } : {})),
    );
    expect(others.map(({ words }) => words)).toEqual([]);
    expect(event?.kind).toBe('anomaly');
    expect(event?.words).toMatch(/^temperature \d+ σ above normal \(46[.\d]*, normally 40(\.\d+)?\)\.$/);
    const axis = event?.contribution?.axes[0];
    expect(axis?.axis).toBe('column');
    expect(axis?.labels).toEqual(['flow', 'current', 'temperature', 'mode']);
    expect(Math.max(...(axis?.values ?? []))).toBe(axis?.values[2]);
    expect(event?.clearedMs).toBeGreaterThan(first + 900_000);
  });

  it('names a category that training did not see, and one that does not fit', async () => {
    const [unseen] = await replayed(rig(300, 600, (i) => (i >= 200 ? { mode: 'mad' } : {})));
    expect(unseen?.words).toMatch(/mode is "mad", never seen in training/);
  });

  it('tells a frozen column, judges the others, and tells when it moves again', async () => {
    const events = await replayed(rig(400, 600, (i) => (i >= 100 && i < 200 ? { temperature: 40.25 } : {})));
    expect(events.map(({ kind, code, words }) => [kind, code, words])).toEqual([
      ['sensor-fault', 'column-stuck', expect.stringMatching(/^temperature is 40.25 for \d+ rows/)],
    ]);
    expect(events[0]?.raisedMs).toBe(first + (600 + 100 + 33) * 1000);
    expect(events[0]?.clearedMs).toBe(first + (600 + 200 + 5) * 1000);
  });

  it('tells a column that is gone, and still hears a fault in another', async () => {
    const change = (i: number) => ({
      ...(i >= 100 && { temperature: null }),
      ...(i >= 200 && { flow: 60 + (i % 5) / 10 }),
    });
    const events = await replayed(rig(260, 600, change));
    expect(events.map(({ kind, code }) => [kind, code])).toEqual([
      ['sensor-fault', 'column-missing'],
      ['anomaly', null],
    ]);
    expect(events[0]?.words).toMatch(/^temperature has no value for \d+ rows: judged by its last usual value$/);
    expect(events[1]?.words).toMatch(/flow \d+ σ above normal \(60/);
  });

  it('tells nothing of the machine when values are missing now and then', async () => {
    const gaps = (i: number) => (i % 10 < 3 ? { mode: null, flow: null } : {});
    const events = await replayed(
      rig(300, 600, (i) => ({ ...gaps(i), temperature: i === 99 ? null : 40 + (i % 3) / 5 })),
    );
    expect(events).toEqual([]);
  });

  it('tells once of a column that never moved before', async () => {
    const events = await replayed(rig(300, 600, (i) => (i >= 100 ? { valve: 1 } : {})));
    expect(events.map(({ code, words }) => [code, words])).toEqual([
      ['column-changed', 'valve was always 0, now 1: not judged until the feed learns again'],
    ]);
    expect(events[0]?.clearedMs).not.toBeNull();
  });

  it('begins anew after a jump of its clock, rather than join what lies far apart', async () => {
    const strange = (i: number) => (i === 98 || i === 99 || i === 100 ? { temperature: 60 } : {});
    const rows = rig(200, 600, strange);
    expect((await replayed(rows)).length).toBe(1);
    const jumped = rows.map((row, i) => ({
      ...row,
      time: new Date(first + (600 + i + (i >= 100 ? 60 : 0)) * 1000).toISOString(),
    }));
    expect(await replayed(jumped)).toEqual([]);
  });
});

describe('a table whose sensors come at different rates', () => {
  const slow = join(folder, 'slow');
  const rates = (i: number): Row => (i % 5 === 0 ? {} : { temperature: i % 2 ? null : undefined });

  beforeAll(async () => {
    const path = file('rates.jsonl', rig(900, 0, rates));
    const open = () => new TableSource({ feed: 'rig', machine: 'rig', path });
    const notes: string[] = [];
    const onNote = (text: string) => void notes.push(text);
    await commission({ open, ...presetRequest('table'), method: 'gmm', out: slow, signal, onNote });
    expect(notes).toEqual([]);
  }, 60_000);

  it('raises nothing on more of the same, and hears a fault that the slow one alone shows', async () => {
    expect(await replayed(rig(600, 900, rates), slow)).toEqual([]);
    const hot = (i: number) =>
      i >= 200 && i < 300 ? { ...rates(i), ...(i % 5 === 0 && { temperature: 47 }) } : rates(i);
    const [event, ...others] = await replayed(rig(600, 900, hot), slow);
    expect(others).toEqual([]);
    expect(event).toMatchObject({ kind: 'anomaly', words: expect.stringMatching(/^temperature \d+ σ above normal/) });
    expect(event?.raisedMs).toBeLessThan(first + (900 + 206) * 1000);
  });

  it('is told of one that training had in every row, and its rows are judged', async () => {
    const hot = (i: number) => ({ ...rates(i), ...(i >= 200 && { flow: 60 + (i % 5) / 10 }) });
    const events = await replayed(rig(260, 600, hot));
    expect(events.map(({ code, kind }) => code ?? kind)).toEqual(['column-missing', 'anomaly']);
    expect(events[0]?.words).toMatch(/^temperature lacks too many values, expected one in every row/);
    expect(events[1]?.raisedMs).toBeLessThan(first + (600 + 206) * 1000);
  });
});

describe.skipIf(!hasProgram('mosquitto'))('a table feed over Mosquitto (Debian package mosquitto)', () => {
  it('raises an event for rows that are published, with its columns in the message, and says when they stop', async () => {
    const broker = new Mosquitto(await freePort(), folder);
    await broker.start();
    onTestFinished(() => broker.stop());
    const app = await started(broker.url);
    onTestFinished(() => app.close());
    const { messages, client } = await listen(broker.url);
    onTestFinished(() => client.endAsync(true));
    const events = () =>
      messages.filter(({ topic }) => topic === 'auscult/works/rig/event').map(({ payload }) => payload);
    for (const row of rig(30, 600)) await client.publishAsync('plant/rig/row', JSON.stringify(row), { qos: 1 });
    const bad = rig(30, 630, () => ({ temperature: 46 }));
    await client.publishAsync('plant/rig/row', JSON.stringify(bad), { qos: 1 });
    const raised = await until('event', () =>
      events().find(({ kind, change }) => kind === 'anomaly' && change === 'raised'),
    );
    expect(raised.words).toMatch(/^temperature \d+ σ above normal/);
    expect(raised.contribution).toMatchObject({
      axes: [{ axis: 'column', top: expect.arrayContaining([{ label: 'temperature', value: expect.any(Number) }]) }],
    });
    const silent = await until('silence', () => events().find(({ code }) => code === 'no-data'));
    expect(silent).toMatchObject({ kind: 'sensor-fault', words: 'topic plant/rig/row: no row for 1 s' });
    for (let i = 660; i < 670; i++) {
      for (const row of rig(1, i)) await client.publishAsync('plant/rig/row', JSON.stringify(row), { qos: 1 });
    }
    await until('rows again', () => events().find(({ code, change }) => code === 'no-data' && change === 'cleared'));
  });

  async function started(url: string) {
    const path = join(folder, 'auscult.yaml');
    const feed = { name: 'rig', model, source: { type: 'topic', topic: 'plant/rig/row', staleSeconds: 1 } };
    const rest = {
      site: 'works',
      dataDir: join(folder, 'data'),
      http: { enabled: false },
      alerts: { warmUpSeconds: 0 },
    };
    writeFileSync(path, JSON.stringify({ ...rest, mqtt: { url }, feeds: [feed] }));
    const quiet = { info: () => {}, warn: () => {}, error: () => {} };
    const app = await openApp(loadConfig({ file: path, env: {} }), 'test', quiet);
    // The feed subscribes soon after the sink; rows before that are lost.
    const probe = await mqtt.connectAsync(url);
    await sleep(500);
    await probe.endAsync();
    return app;
  }
});
