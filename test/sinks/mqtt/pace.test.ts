import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Bell } from '../../../src/sinks/mqtt/bell.js';
import { ScoreGate } from '../../../src/sinks/mqtt/score-gate.js';

test('never lets more than n + 1 scores of a feed through in n seconds, however they come', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 3000 }), { maxLength: 100 }), (gaps) => {
      const gate = new ScoreGate();
      let now = 0;
      const admitted = [];
      for (const gap of gaps) {
        now += gap;
        if (gate.admits('feed', now)) admitted.push(now);
      }
      for (const [index, from] of admitted.entries()) {
        for (const seconds of [1, 2, 5]) {
          const within = admitted.slice(index).filter((at) => at < from + seconds * 1000 - 400);
          expect(within.length).toBeLessThanOrEqual(seconds + 1);
        }
      }
    }),
  );
});

test('lets every score of a feed of one a second through in spite of jitter, and every second one of two a second', () => {
  const gate = new ScoreGate();
  const jitter = [0, 90, -90, 60, -60, 0, 95, -95, 30, 0];
  expect(jitter.map((late, second) => gate.admits('slow', second * 1000 + late))).not.toContain(false);
  const half = Array.from({ length: 20 }, (_, i) => gate.admits('quick', i * 500));
  expect(half.filter((admitted) => admitted)).toHaveLength(10);
});

test('feeds do not hold each other up', () => {
  const gate = new ScoreGate();
  expect([gate.admits('a', 0), gate.admits('b', 0), gate.admits('a', 1)]).toEqual([true, true, false]);
});

test('a ring before the wait is not lost, and an abort ends the wait', async () => {
  const bell = new Bell();
  bell.ring();
  await bell.wait(1e6, new AbortController().signal);
  const controller = new AbortController();
  const waiting = bell.wait(1e6, controller.signal);
  controller.abort();
  await waiting;
  const rung = bell.wait(1e6, new AbortController().signal);
  bell.ring();
  await rung;
});
