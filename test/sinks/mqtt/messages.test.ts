import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Event, MachineState, Verdict } from '../../../src/contracts.js';
import { discoveryMessage } from '../../../src/sinks/mqtt/home-assistant.js';
import {
  eventMessage,
  learningMessage,
  scoreMessage,
  stateMessage,
  statusMessage,
} from '../../../src/sinks/mqtt/messages.js';
import { mqttTopics } from '../../../src/sinks/mqtt/topics.js';
import { NOON, sampleEvent, sampleVerdict } from '../../store/samples.js';
import { faults, schema } from './schemas.js';
import { topics } from './sinks.js';

const STATES: readonly MachineState[] = ['normal', 'anomalous', 'off', 'learning', 'muted', 'sensor-fault', 'unknown'];
const number = fc.double();
const time = fc.integer({ min: 0, max: 4e12 });

const BANDS = [
  { fromHz: 310, toHz: 620, changeDb: 9.2 },
  { fromHz: 1_900, toHz: 2_300, changeDb: null },
];

const anyEvent: fc.Arbitrary<Event> = fc.record({
  id: fc.uuid(),
  kind: fc.constantFrom('anomaly', 'sensor-fault', 'test'),
  code: fc.constantFrom(null, 'silence', 'bad-file'),
  feed: fc.string({ minLength: 1 }),
  machine: fc.string({ minLength: 1 }).filter((name) => name.trim() !== ''),
  raisedMs: time,
  clearedMs: fc.option(time),
  acknowledgedMs: fc.option(time),
  peak: number,
  peakMs: time,
  threshold: number,
  pValue: number,
  words: fc.string({ maxLength: 3000 }),
  contribution: fc.option(
    fc.record({
      energy: number,
      axes: fc.array(
        fc.record({
          axis: fc.constantFrom('band', 'pixel'),
          labels: fc.array(fc.string()),
          values: fc.array(number, { maxLength: 20 }),
        }),
        { maxLength: 3 },
      ),
      bands: fc.option(fc.array(fc.constantFrom(...BANDS), { maxLength: 3 }), { nil: undefined }),
      times: fc.option(fc.array(fc.record({ fromMs: time, toMs: time }), { maxLength: 13 }), { nil: undefined }),
      nearestNormal: fc.constantFrom(undefined, { clip: 'd'.repeat(64), distanceDb: 4.2 }),
    }),
  ),
  clip: fc.constantFrom(null, 'c'.repeat(64)),
  modelDigest: fc.string(),
  configDigest: fc.string(),
  label: fc.constantFrom(null, 'unsure', 'true-alarm'),
});

test('every event makes a message that its schema takes, of a bounded size', () => {
  const validate = schema('event');
  fc.assert(
    fc.property(anyEvent, fc.constantFrom('raised', 'updated', 'cleared'), (event, change) => {
      const { payload, topic, qos, retain } = eventMessage(topics, event, change, NOON);
      expect(faults(validate, payload)).toEqual([]);
      expect({ topic, qos, retain }).toEqual({ topic: topics.event(event.machine), qos: 1, retain: false });
      expect(payload.length).toBeLessThan(64 * 1024);
    }),
    { numRuns: 300 },
  );
});

test('an event tells who, what, when, how much and why', () => {
  const event = sampleEvent({ clearedMs: NOON + 60_000 });
  expect(JSON.parse(eventMessage(topics, event, 'cleared', NOON).payload)).toEqual({
    version: 1,
    change: 'cleared',
    id: event.id,
    kind: 'anomaly',
    code: null,
    site: 'works',
    machine: 'pump',
    feed: 'pump-00',
    raisedAt: '2026-03-01T12:00:00.000Z',
    clearedAt: '2026-03-01T12:01:00.000Z',
    acknowledgedAt: null,
    label: null,
    peak: 42.5,
    peakAt: '2026-03-01T12:00:00.500Z',
    threshold: 20.25,
    pValue: 0.001,
    words: 'Louder by 6 dB; energy moved from 300 Hz to 2.1 kHz.',
    contribution: {
      energy: 42.5,
      axes: [
        {
          axis: 'band',
          top: [
            { label: '2–2.3 kHz', value: 30 },
            { label: '250–310 Hz', value: 1.5 },
          ],
        },
      ],
    },
    bandsHz: [],
    seconds: [],
    nearestNormal: null,
    clip: null,
    modelDigest: 'a'.repeat(64),
    configDigest: 'b'.repeat(64),
  });
});

test('an event of sound names its bands in Hz, when it was, and the normal sound to compare it with', () => {
  const nearestNormal = { clip: 'd'.repeat(64), distanceDb: 4.2 };
  const times = [{ fromMs: NOON + 200, toMs: NOON + 600 }];
  const event = sampleEvent({ contribution: { energy: 42.5, axes: [], bands: BANDS, times, nearestNormal } });
  expect(JSON.parse(eventMessage(topics, event, 'raised', NOON).payload)).toMatchObject({
    bandsHz: [
      { from: 310, to: 620, changeDb: 9.2 },
      { from: 1_900, to: 2_300, changeDb: null },
    ],
    seconds: [{ from: '2026-03-01T12:00:00.200Z', to: '2026-03-01T12:00:00.600Z' }],
    nearestNormal,
  });
});

test('raising and clearing are alerts, which the outbox never drops; updates may be dropped', () => {
  const kinds = (['raised', 'updated', 'cleared'] as const).map(
    (change) => eventMessage(topics, sampleEvent(), change, NOON).kind,
  );
  expect(kinds).toEqual(['alert', 'telemetry', 'alert']);
});

test('states, scores and status are what their schemas say, retained or not as the design says', () => {
  for (const state of STATES) {
    const message = stateMessage(topics, 'pump', state, NOON);
    expect(faults(schema('state'), message.payload)).toEqual([]);
    expect(message).toMatchObject({ qos: 1, retain: true });
  }
  for (const status of ['online', 'offline'] as const) {
    const message = statusMessage(topics, status, '0.1.0');
    expect(faults(schema('status'), message.payload)).toEqual([]);
    expect(message).toMatchObject({ topic: 'auscult/works/status', qos: 1, retain: true });
  }
  fc.assert(
    fc.property(number, number, number, (score, statistic, pValue) => {
      const verdict: Verdict = sampleVerdict({ score, statistic, pValue });
      const message = scoreMessage(topics, verdict);
      expect(faults(schema('score'), message.payload)).toEqual([]);
      expect(message).toMatchObject({ qos: 0, retain: false });
    }),
  );
});

test('schemas are not so wide that they take anything', () => {
  const payload = eventMessage(topics, sampleEvent(), 'raised', NOON).payload;
  const spoil = (changes: object) => JSON.stringify({ ...JSON.parse(payload), ...changes });
  for (const changes of [{ version: 2 }, { kind: 'other' }, { raisedAt: 'today' }, { extra: 1 }, { peak: 'high' }]) {
    expect(faults(schema('event'), spoil(changes))).not.toEqual([]);
  }
});

test('tells Home Assistant of one device with its entities, available while Auscult is online', () => {
  const { topic, payload, retain } = discoveryMessage({
    topics,
    prefix: 'homeassistant',
    machine: 'pump',
    version: '0.1.0',
  });
  expect({ topic, retain }).toEqual({ topic: 'homeassistant/device/auscult_works_pump/config', retain: true });
  const config = JSON.parse(payload);
  expect(config.device).toMatchObject({ identifiers: ['auscult_works_pump'], name: 'pump' });
  expect(config.origin).toEqual({ name: 'Auscult', sw_version: '0.1.0' });
  expect(config.availability).toEqual([
    {
      topic: 'auscult/works/status',
      value_template: '{{ value_json.status }}',
      payload_available: 'online',
      payload_not_available: 'offline',
    },
  ]);
  const { anomaly, state, score, acknowledge, mute } = config.components;
  expect(anomaly).toMatchObject({
    platform: 'binary_sensor',
    device_class: 'problem',
    state_topic: 'auscult/works/pump/state',
  });
  expect(state).toMatchObject({ platform: 'sensor', device_class: 'enum', options: STATES });
  expect(score).toMatchObject({
    platform: 'sensor',
    state_class: 'measurement',
    state_topic: 'auscult/works/pump/score',
  });
  for (const button of [acknowledge, mute]) {
    expect(button).toMatchObject({ platform: 'button', command_topic: 'auscult/works/pump/command' });
    expect(faults(schema('command'), button.payload_press)).toEqual([]);
  }
  const ids = Object.values<{ unique_id: string }>(config.components).map(({ unique_id }) => unique_id);
  expect(new Set(ids).size).toBe(ids.length);
});

test('gives each of several feeds of a machine a score of its own in Home Assistant', () => {
  const feeds = ['ear', 'rig "a" \\n {{ 1 }} ü'];
  const { payload } = discoveryMessage({ topics, prefix: 'homeassistant', machine: 'pump', feeds, version: '1' });
  const { score, ...others } = JSON.parse(payload).components as Record<string, Record<string, string>>;
  expect(score).toEqual({ platform: 'sensor' });
  const own = Object.values(others).filter(({ state_topic }) => state_topic === topics.score('pump'));
  expect(own.map(({ name }) => name)).toEqual(feeds.map((feed) => `Score ${feed}`));
  expect(own.map(({ value_template }) => value_template)).toEqual(
    feeds.map((feed) => `{{ value_json.statistic if value_json.feed == ${JSON.stringify(feed)} }}`),
  );
  expect(new Set(own.map(({ unique_id }) => unique_id)).size).toBe(2);
});

test('gives two machines two devices in Home Assistant, whatever they are called', () => {
  const name = fc
    .string({ unit: fc.constantFrom('a', '_', ' ', '-', '/'), minLength: 1, maxLength: 5 })
    .filter((text) => text.trim() !== '');
  const topicOf = (site: string, machine: string) =>
    discoveryMessage({ topics: mqttTopics({ base: 'auscult', site }), prefix: 'homeassistant', machine, version: '1' })
      .topic;
  fc.assert(
    fc.property(name, name, name, name, (site, machine, otherSite, otherMachine) => {
      expect(topicOf(site, machine)).toMatch(/^homeassistant\/device\/[a-zA-Z0-9_-]+\/config$/);
      const same = site === otherSite && machine === otherMachine;
      expect(topicOf(site, machine) === topicOf(otherSite, otherMachine)).toBe(same);
    }),
  );
});

test('progress of learning is what its schema says, however long its line', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.string({ maxLength: 5_000 }), (share, message) => {
      const progress = { feed: 'f', machine: 'pump', stage: 'recording', share, atMs: NOON, message } as const;
      const told = learningMessage(topics, progress);
      expect(faults(schema('learning'), told.payload)).toEqual([]);
      expect(told).toMatchObject({ topic: 'auscult/works/pump/learning', retain: false });
    }),
  );
});
