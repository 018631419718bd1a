import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ConfigError } from '../../../src/contracts.js';
import { checkTopicLength, mqttTopics } from '../../../src/sinks/mqtt/topics.js';
import { brokerAddress } from '../../../src/sources/mqtt/broker-address.js';

test('topics are those of the design', () => {
  const topics = mqttTopics({ base: 'auscult', site: 'works' });
  expect(topics.status).toBe('auscult/works/status');
  expect(topics.event('pump')).toBe('auscult/works/pump/event');
  expect(topics.state('pump')).toBe('auscult/works/pump/state');
  expect(topics.score('pump')).toBe('auscult/works/pump/score');
  expect(topics.command('pump')).toBe('auscult/works/pump/command');
  expect([topics.siteCommand, topics.machineCommands]).toEqual(['auscult/works/command', 'auscult/works/+/command']);
});

test('any machine name makes exactly one level without wildcards, and two names never the same', () => {
  const name = fc.oneof(
    fc.string({ minLength: 1 }),
    fc.string({ unit: fc.constantFrom('/', '+', '#', '%', '2', 'F', '\0', 'ü'), minLength: 1 }),
  );
  const proper = name.filter((text) => text.trim() !== '');
  const { event } = mqttTopics({ base: 'a/b', site: 'c' });
  fc.assert(
    fc.property(proper, proper, (one, other) => {
      expect(event(one).split('/')).toHaveLength(5);
      expect(event(one)).not.toMatch(/[+#\0]/);
      expect(event(one) === event(other)).toBe(one === other);
    }),
  );
});

test('refuses names and bases that cannot be published to', () => {
  for (const base of ['', '/a', 'a/', 'a//b', 'a/+', '#', '$SYS', 'a%b']) {
    expect(() => mqttTopics({ base, site: 'works' })).toThrow(ConfigError);
  }
  expect(() => mqttTopics({ base: 'auscult', site: ' ' })).toThrow(/site: expected a name/);
  const topics = mqttTopics({ base: 'auscult', site: 'works' });
  expect(() => topics.event('')).toThrow(/machine: expected a name/);
  expect(() => checkTopicLength(topics, 'x'.repeat(70_000))).toThrow(/at most 65535 bytes/);
});

test("takes user and password out of the broker's URL", () => {
  expect(brokerAddress('mqtts://me:se%40cret@broker:8883')).toEqual({
    url: 'mqtts://broker:8883',
    username: 'me',
    password: 'se@cret',
  });
  expect(brokerAddress('mqtt://broker', 'me', 'secret')).toEqual({
    url: 'mqtt://broker',
    username: 'me',
    password: 'secret',
  });
  expect(brokerAddress('ws://broker/mqtt').url).toBe('ws://broker/mqtt');
});

test('refuses what is no address of a broker without repeating the password', () => {
  for (const text of ['', 'broker', 'http://broker', 'mqtt://', 'https://me:secret@broker']) {
    expect(() => brokerAddress(text)).toThrow(/^mqtt url: expected mqtt:\/\//);
    expect(() => brokerAddress(text)).not.toThrow(/secret/);
  }
  expect(() => brokerAddress('mqtt://broker', undefined, 'secret')).toThrow(/username: a password needs one/);
});
