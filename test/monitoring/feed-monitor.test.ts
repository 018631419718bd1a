import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { afterAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import type { Event, EventChange, MachineState, Source, Verdict } from '../../src/contracts.js';
import { ClipRecorder } from '../../src/monitoring/clip-recorder.js';
import { FeedModel } from '../../src/monitoring/feed-model.js';
import { FeedMonitor } from '../../src/monitoring/feed-monitor.js';
import { settingsOf } from '../../src/monitoring/feed-settings.js';
import { feedHealth } from '../../src/monitoring/health.js';
import { MachineRoom } from '../../src/monitoring/machine-room.js';
import { replay } from '../../src/monitoring/replay.js';
import { wavFileSource } from '../../src/sources/audio/index.js';
import { encodeWav } from '../../src/sources/wav-encode.js';
import { openStore } from '../../src/store/index.js';
import { demoClip } from '../features/sound.js';
import { model, sound, until } from '../support/service.js';

const folder = mkdtempSync(join(tmpdir(), 'auscult-monitor-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const budget = { falseAlarms: 1, perMs: 3_600_000 };
const never = new AbortController().signal;
let stores = 0;

async function monitored(source: Source, open: readonly Event[] = [], staleAfterMs: number | null = null) {
  const path = join(folder, String(stores++));
  const store = openStore({ path: join(path, 'a.sqlite'), clipDir: join(path, 'clips'), flushMs: 0 });
  const told: { event: Event; change: EventChange }[] = [];
  const verdicts: Verdict[] = [];
  const states: MachineState[] = [];
  const sink = {
    name: 'test',
    event: (event: Event, change: EventChange) => void told.push({ event, change }),
    state: (_machine: string, state: MachineState) => void states.push(state),
    verdict: (verdict: Verdict) => void verdicts.push(verdict),
    close: async () => {},
  };
  const messages = (event: Event, change: EventChange) => [
    {
      kind: 'alert' as const,
      topic: 't',
      payload: `${event.id} ${change}`,
      qos: 1 as const,
      retain: false,
      createdMs: 0,
    },
  ];
  const learn = async () => 'learning';
  const room = new MachineRoom({ store, sinks: [sink], messages, learn, rollBack: learn, nowMs: () => 50_000 });
  const monitor = new FeedMonitor(
    {
      ...{ feed: 'pump', machine: 'pump', source, store, sinks: [sink], messages, open },
      onState: (feed, state, atMs) => room.feedState('pump', feed, state, atMs),
      ...{ spectrogram: null, configDigest: 'c', log: () => {}, clock: null },
      clips: new ClipRecorder({ sampleRateHz: 16_000, beforeMs: 5_000, afterMs: 5_000, maxMs: 60_000 }),
    },
    await FeedModel.open(
      model('pump-00'),
      { feed: 'pump', machine: 'pump', budget, warmUpMs: 0, staleAfterMs },
      { open },
      {},
    ),
  );
  room.add(monitor);
  return { monitor, room, store, told, verdicts, states };
}

const playing = (...names: string[]) =>
  wavFileSource({
    feed: 'pump',
    machine: 'pump',
    files: names.map((n) => sound(`pump-00-${n}.wav`)),
    targetRateHz: 16_000,
    startMs: 0,
  });

describe('a feed', () => {
  it('is muted no longer than it was said, though its file has ended', async () => {
    const { monitor, states, store } = await monitored(playing('normal'));
    await monitor.run(never);
    await monitor.tick(20_000);
    const before = monitor.state;
    await monitor.mute(80_000, 50_000);
    await monitor.tick(79_999);
    expect(states.at(-1)).toBe('muted');
    await monitor.tick(80_000);
    expect(states.at(-1)).toBe(before);
    await monitor.close();
    await store.close();
  });

  it('is heard again when somebody ends its mute, although the disk refuses to note that', async () => {
    const { room, store, states } = await monitored(playing('normal'));
    await room.apply({ command: 'mute', machine: 'pump', minutes: 60 });
    expect(states.at(-1)).toBe('muted');
    const other = new SqliteDatabase(store.path);
    other.exec('BEGIN IMMEDIATE');
    await expect(room.apply({ command: 'mute', machine: 'pump', minutes: 0 })).rejects.toThrow(/^database /);
    expect(states.at(-1)).not.toBe('muted');
    other.close();
    await room.apply({ command: 'mute', machine: 'pump', minutes: 0 });
    expect(store.mutes(0)).toEqual([]);
    await store.close();
  });

  it('raises one event for the abnormal clip, with words, digests, sound and message, and clears it afterwards', async () => {
    const { monitor, store, told, verdicts, states } = await monitored(playing('normal', 'abnormal', 'normal'));
    await monitor.run(never);
    const ids = new Set(told.map(({ event }) => event.id));
    expect(ids.size).toBe(1);
    expect(told.map(({ change }) => change).filter((change) => change !== 'updated')).toEqual(['raised', 'cleared']);
    const [event] = store.events({ limit: 10 });
    expect(event).toMatchObject({
      machine: 'pump',
      kind: 'anomaly',
      configDigest: 'c',
      words: expect.stringContaining('Hz'),
    });
    expect(event?.modelDigest).toMatch(/^[0-9a-f]{64}$/);
    expect(event?.raisedMs).toBeGreaterThan(10_000);
    expect(event?.raisedMs).toBeLessThan(15_000);
    expect(event?.clearedMs).toBeGreaterThan(20_000);
    expect(event?.contribution?.axes.map(({ axis }) => axis)).toEqual(['band', 'second']);
    expect(event?.words).toMatch(/most unusual at .*Hz \(\+\d+ dB\)/i);
    const normal = store.clip(event?.contribution?.nearestNormal?.clip ?? '');
    expect(normal).toMatchObject({ type: 'audio/wav', bytes: 44 + 2 * 6 * 16_000 });
    const clip = store.clip(event?.clip ?? '');
    expect(clip?.bytes).toBeGreaterThan(2 * 16_000 * 10);
    // The whole sound is stored after the event has cleared, and told then.
    expect(told.at(-1)).toMatchObject({ change: 'updated', event: { clip: event?.clip, clearedMs: event?.clearedMs } });
    expect(monitor.openEvents).toEqual([]);
    expect(store.pending(100).filter(({ kind }) => kind === 'alert').length).toBe(told.length);
    expect(verdicts.every((v) => v.endMs > v.startMs)).toBe(true);
    expect(states).toContain('anomalous');
    expect(states.at(-1)).toBe('normal');
    await monitor.close();
    await store.close();
  });

  it('explains an anomaly that grows by what the machine did, not by a microphone that was dead meanwhile', async () => {
    const second = 16_000;
    const clip = (name: string, gain = 1) =>
      Float32Array.from(demoClip(`pump-00-${name}`), (sample) => Math.max(-1, Math.min(1, gain * sample)));
    const parts = [clip('normal'), clip('abnormal').subarray(0, 5 * second), new Float32Array(3 * second)];
    const sounds = [...parts, clip('abnormal', 3)];
    const file = join(folder, 'dead.wav');
    writeFileSync(file, encodeWav(Float32Array.from(sounds.flatMap((one) => [...one])), second));
    const from = { feed: 'pump', machine: 'pump', targetRateHz: second, startMs: 0 };
    const { monitor, store, told } = await monitored(wavFileSource({ ...from, files: [file] }));
    await monitor.run(never);
    expect(told.map(({ event }) => event.code)).toContain('silence');
    const words = told.filter(({ event }) => event.kind === 'anomaly').map(({ event }) => event.words);
    expect(new Set(words).size).toBeGreaterThan(1);
    for (const line of words) expect(line).not.toContain('Quieter');
    await monitor.close();
    await store.close();
  });

  it('says of files that are too short for one window that they are not judged, and raises a sensor fault', async () => {
    const short = join(folder, 'short.wav');
    writeFileSync(
      short,
      encodeWav(
        new Float32Array(8_000).map(() => Math.random() - 0.5),
        16_000,
      ),
    );
    const files = [short, short, short, short, sound('pump-00-normal.wav')];
    const from = { feed: 'pump', machine: 'pump', targetRateHz: 16_000, startMs: 0 };
    const { monitor, store, told } = await monitored(wavFileSource({ ...from, files }));
    await monitor.run(never);
    const raised = told.filter(({ change }) => change === 'raised').map(({ event }) => event);
    expect(raised).toMatchObject([{ kind: 'sensor-fault', code: 'bad-file' }]);
    expect(raised[0]?.words).toBe(
      `${short}: not judged: expected sound of 1.02 s at least, one window of the model, found 0.50 s`,
    );
    await monitor.close();
    await store.close();
  });

  it('goes on with an event that was open when the service ended, under its own id', async () => {
    const first = await monitored(playing('abnormal'));
    await first.monitor.run(never);
    const open = first.store.openEvents();
    expect(open.length).toBe(1);
    await first.monitor.close();
    await first.store.close();
    const second = await monitored(playing('abnormal', 'normal'), open);
    await second.monitor.run(never);
    expect(second.told.every(({ event }) => event.id === open[0]?.id)).toBe(true);
    expect(second.told.map(({ change }) => change)).not.toContain('raised');
    expect(second.told.at(-1)?.change).toBe('cleared');
    await second.monitor.close();
    await second.store.close();
  });

  it('gives the same scores, bit for bit, whatever the size of the blocks it hears', async () => {
    const scores = [];
    for (const blockSamples of [16_000, 1_037]) {
      const source = wavFileSource({
        feed: 'pump',
        machine: 'pump',
        files: [sound('pump-00-normal.wav')],
        targetRateHz: 16_000,
        startMs: 0,
        blockSamples,
      });
      const { monitor, store, verdicts } = await monitored(source);
      await monitor.run(never);
      scores.push(verdicts.map(({ score }) => score));
      await monitor.close();
      await store.close();
    }
    expect(scores[0]?.length).toBeGreaterThan(15);
    expect(scores[1]).toEqual(scores[0]);
  });

  it('does what commands ask, and refuses what is not there by name', async () => {
    const { monitor, room, store, told } = await monitored(playing('abnormal'));
    await monitor.run(never);
    const [open] = monitor.openEvents;
    const eventId = open?.id ?? '';
    expect(await room.apply({ command: 'label', machine: 'pump', eventId, label: 'true-alarm', note: null })).toContain(
      'true-alarm',
    );
    expect(store.event(eventId)?.label).toBe('true-alarm');
    expect(await room.apply({ command: 'acknowledge', machine: 'pump', eventId })).toContain('acknowledged');
    expect(store.event(eventId)?.acknowledgedMs).toBe(50_000);
    expect(told.at(-1)?.event).toMatchObject({ acknowledgedMs: 50_000, label: 'true-alarm' });
    await room.apply({ command: 'test-alert', machine: 'pump' });
    expect(told.filter(({ event }) => event.kind === 'test').map(({ change }) => change)).toEqual([
      'raised',
      'cleared',
    ]);
    await room.apply({ command: 'mute', machine: 'pump', minutes: 5 });
    expect(monitor.state).toBe('muted');
    expect(store.mutes(60_000)).toEqual([{ machine: 'pump', untilMs: 350_000 }]);
    await room.apply({ command: 'mute', machine: 'pump', minutes: 0 });
    expect(store.mutes(60_000)).toEqual([]);
    await expect(room.apply({ command: 'mute', machine: 'pmup', minutes: 5 })).rejects.toThrow(
      'machine: expected one of pump, found pmup',
    );
    await expect(room.apply({ command: 'acknowledge', machine: 'pump', eventId: 'x' })).rejects.toThrow(/eventId.*x/);
    const theirs = { ...(open as Event), id: 'theirs', machine: 'another' };
    store.recordEvent(theirs, 'raised', []);
    const label = { command: 'label', machine: 'pump', eventId: 'theirs', label: 'true-alarm', note: null } as const;
    for (const command of [label, { command: 'acknowledge', machine: 'pump', eventId: 'theirs' } as const])
      await expect(room.apply(command)).rejects.toThrow(
        'eventId: expected an event of pump, found none with id theirs',
      );
    expect(store.event('theirs')).toMatchObject({ acknowledgedMs: null, label: null });
    await monitor.close();
    await store.close();
  });

  it('replays a recording into the same events as the live path', async () => {
    const { monitor, store } = await monitored(playing('normal', 'abnormal', 'normal'));
    await monitor.run(never);
    const [live] = store.events({ limit: 1 });
    await monitor.close();
    await store.close();
    const open = async () => playing('normal', 'abnormal', 'normal');
    const { events } = await replay({ model: model('pump-00'), budget, open, signal: never });
    expect(events.map(({ peak, words }) => ({ peak, words }))).toEqual([{ peak: live?.peak, words: live?.words }]);
  });

  it('may be silent for as long as its source says, and for 15 s at least', () => {
    const file = join(folder, 'stale.yaml');
    const sources = [
      { type: 'microphone' },
      { type: 'microphone', staleSeconds: 60 },
      { type: 'ffmpeg', url: 'rtsp://camera.plant/1', staleSeconds: 20 },
      { type: 'wav', files: ['a.wav'] },
      { type: 'wav', files: ['a.wav'], realTime: false },
      { type: 'topic', topic: 'plant/rig/row', staleSeconds: 60 },
    ];
    const feeds = sources.map((source, i) => ({ name: `feed ${i}`, model: 'm', source }));
    writeFileSync(file, JSON.stringify({ feeds }));
    const limits = loadConfig({ file, env: {} }).feeds.map((feed) => settingsOf(feed).staleAfterMs);
    expect(limits).toEqual([15_000, 60_000, 20_000, 15_000, null, null]);
  });

  it.each([
    [null, true],
    [600_000, true],
    [1, false],
  ])('with %s ms of silence allowed is well after a pause: %s', async (staleAfterMs, well) => {
    const clip = playing('normal');
    const stop = new AbortController();
    let paused = false;
    const source: Source = {
      ...clip,
      async *stream(signal) {
        yield* clip.stream(signal);
        paused = true;
        await once(signal, 'abort');
      },
    };
    const { monitor, store } = await monitored(source, [], staleAfterMs);
    expect(feedHealth(monitor)).toMatchObject({ ok: staleAfterMs === null, detail: 'no window yet' });
    const run = monitor.run(stop.signal);
    await until('a pause', () => paused && (monitor.quietMs ?? 0) > 5);
    expect(feedHealth(monitor)).toMatchObject({ ok: well, detail: expect.stringContaining('last window') });
    stop.abort();
    await run;
    await monitor.close();
    await store.close();
  });
});
