import { describe, expect, it } from 'vitest';
import type { FeedConfig } from '../../src/config/load.js';
import { isRunning, operatingTopics } from '../../src/monitoring/operating-topics.js';

describe('isRunning', () => {
  it.each([
    ['on', true],
    ['"OFF"', false],
    [' 1 ', true],
    ['false', false],
    ['maybe', null],
  ])('reads %s as %s', (payload, expected) => expect(isRunning(payload)).toBe(expected));
});

describe('topics that say whether a machine runs', () => {
  const feed = (name: string, operating: Partial<FeedConfig['operating']>) => ({ name, operating }) as FeedConfig;
  const feeds = [
    feed('pump', { from: 'topic', topic: 'plant/pump/power' }),
    feed('fan', { from: 'level', topic: 'plant/fan/power' }),
    feed('valve', { from: 'topic' }),
  ];

  it('are those of feeds that ask for one, and name what they do not understand', () => {
    const told: string[] = [];
    const topics = operatingTopics(
      feeds,
      (name, running) => told.push(`${name} ${running}`),
      (line) => told.push(line),
    );
    expect(topics.map(({ topic }) => topic)).toEqual(['plant/pump/power']);
    for (const payload of ['ON', '0', 'perhaps']) topics[0]?.onMessage(payload);
    expect(told).toEqual([
      'pump true',
      'pump false',
      'pump: plant/pump/power: expected on, off, running, true, false, 1 or 0, found perhaps',
    ]);
  });
});
