import { expect, it } from 'vitest';
import { ScoreHistory } from '../../dashboard/score-history.js';
import type { LiveVerdict } from '../../src/sinks/http/protocol.js';

const verdict = (atMs: number, statistic: number): LiveVerdict => ({
  ...{ feed: 'rig', machine: 'rig', atMs, toldMs: atMs, score: statistic, statistic },
  ...{ threshold: 5, pValue: 0.5, long: null, operating: 'running' },
});

it('goes on when the clock of a table is set back an hour', () => {
  const history = new ScoreHistory();
  for (let i = 0; i < 100; i++) history.add(verdict(7_200_000 + i * 1_000, 1));
  for (let i = 0; i < 3; i++) history.add(verdict(3_600_000 + i * 1_000, 9));
  expect(history.latestMs).toBe(3_602_000);
  expect(history.chartData().slice(0, 2)).toEqual([
    [3_600, 3_601, 3_602],
    [9, 9, 9],
  ]);
});

it('keeps one point of a time, ten minutes of them, and puts what was stored before what came live', () => {
  const history = new ScoreHistory();
  for (let i = 0; i < 700; i++) history.add(verdict(1e9 + i * 1_000, i));
  history.add(verdict(1e9 + 699_000, 7));
  expect(history.chartData()[0]).toHaveLength(600);
  expect(history.chartData()[1].at(-1)).toBe(7);
  // The second one is the first that came live: its second began before it.
  const stored = [1e9 + 98_500, 1e9 + 99_500, 1e9 + 500_000].map((atMs) => ({ atMs, mean: 3, max: 3, threshold: 5 }));
  history.seed({ feed: 'rig', points: stored });
  expect(history.chartData()[0]).toHaveLength(601);
});
