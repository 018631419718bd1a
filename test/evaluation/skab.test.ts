import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { methodRuns } from '../../src/evaluation/method-request.js';
import { evaluateSkab, type SkabResults } from '../../src/evaluation/skab.js';
import { skabFiles } from '../../src/evaluation/skab-files.js';
import { changepointDelays, confusionOf, faultsSeen, figuresOf, pooled } from '../../src/evaluation/skab-metrics.js';

const flags = (text: string) => Uint8Array.from(text, (c) => Number(c === '1'));
const rows = (anomalous: string, flagged: string, changepoint = '0'.repeat(anomalous.length), stepMs = 1000) => ({
  anomalous: flags(anomalous),
  flagged: flags(flagged),
  changepoint: flags(changepoint),
  atMs: Float64Array.from(anomalous, (_, i) => i * stepMs),
});

describe("SKAB's figures", () => {
  it('count every row, of all runs together', () => {
    const one = confusionOf(rows('0011', '0110'));
    const two = confusionOf(rows('0000', '0001'));
    expect(one).toEqual({ hits: 1, misses: 1, falseAlarms: 1, quiet: 1 });
    expect(figuresOf(pooled([one, two]))).toEqual({ f1: 2 / 5, falseAlarmRate: 2 / 6, missingAlarmRate: 1 / 2 });
    expect(figuresOf(confusionOf(rows('0110', '0110')))).toEqual({ f1: 1, falseAlarmRate: 0, missingAlarmRate: 0 });
  });

  it('say how long after its beginning a fault was told, in rows and seconds', () => {
    expect(faultsSeen(rows('00111100', '00001110', undefined, 2000))).toEqual([
      { seen: 'raised', delaySeconds: 4, delayRows: 2 },
    ]);
    expect(faultsSeen(rows('0110', '0001'))[0]?.seen).toBe('missed');
    expect(faultsSeen(rows('0110', '0000'))[0]?.seen).toBe('missed');
    expect(faultsSeen(rows('0110', '1110'))[0]?.seen).toBe('before');
    expect(faultsSeen(rows('01100011', '10100001')).map(({ seen }) => seen)).toEqual(['raised', 'raised']);
  });

  it('tell a changepoint when the alarm comes on or goes off within the time', () => {
    const judged = rows('01111000', '00011110', '01000100');
    expect(changepointDelays(judged)).toEqual([2, 2]);
    const slow = rows('01111000', '00011110', '01000100', 40_000);
    expect(changepointDelays(slow)).toEqual([null, null]);
  });
});

describe('a folder of runs in the layout of SKAB', () => {
  const folder = mkdtempSync(join(tmpdir(), 'auscult-skab-test-'));
  let results: SkabResults;
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Two noisy columns that follow a load; a fault turns the second away from it. */
  const write = (path: string, fault: boolean, labels: boolean, count = 700) => {
    let seed = path.length;
    const noise = () => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return seed / 2147483648 - 0.5;
    };
    const lines = [`datetime;Current;Flow;Pressure${labels ? ';anomaly;changepoint' : ''}`];
    for (let i = 0; i < count; i++) {
      const at = new Date(Date.UTC(2020, 0, 1) + i * 1000).toISOString().slice(0, 19).replace('T', ' ');
      const load = Math.sin(i * 0.7) + noise();
      const bad = fault && i >= 500 && i < 600;
      const cells = [
        load + 0.1 * noise(),
        (bad ? -4 : 2) * load + 0.1 * noise() + (bad ? 6 : 0),
        load ** 2 + 0.1 * noise(),
      ];
      const marks = labels ? [Number(bad), Number(fault && (i === 500 || i === 600))] : [];
      lines.push([at, ...cells.map((cell) => cell.toFixed(4)), ...marks].join(';'));
    }
    writeFileSync(path, lines.join('\n'));
  };

  beforeAll(async () => {
    for (const name of ['valve1', 'anomaly-free']) mkdirSync(join(folder, name));
    write(join(folder, 'valve1', '0.csv'), true, true);
    write(join(folder, 'valve1', '10.csv'), true, true);
    write(join(folder, 'anomaly-free', 'anomaly-free.csv'), false, false);
    const methods = methodRuns({ names: ['gmm'] });
    const told: number[] = [];
    const signal = new AbortController().signal;
    results = await evaluateSkab({ data: folder, methods, seeds: 1, signal, onProgress: (done) => told.push(done) });
    expect(told).toEqual([0, 1 / 3, 2 / 3]);
  }, 60_000);

  it('is found file by file, with the run without a fault apart', () => {
    const { runs, anomalyFree } = skabFiles(folder);
    expect(runs.map(({ name }) => name)).toEqual(['valve1/0', 'valve1/10']);
    expect(anomalyFree?.name).toBe('anomaly-free/anomaly-free');
  });

  it('has each run judged after its first 400 rows, and a plain fault told in seconds, in words that name the column', () => {
    const [week] = results.results[0]?.budgets ?? [];
    expect(week?.falseAlarmsPer).toBe('week');
    expect(week?.runs.map(({ name, rows: judged }) => [name, judged])).toEqual([
      ['valve1/0', 300],
      ['valve1/10', 300],
    ]);
    expect(week?.faults).toMatchObject({ total: 2, raised: 2, before: 0 });
    expect(week?.faults.meanDelaySeconds).toBeLessThan(15);
    expect(week?.alarm.f1.mean).toBeGreaterThan(0.8);
    expect(week?.alarm.falseAlarmRate.mean).toBeLessThan(0.1);
    expect(week?.changepoints).toMatchObject({ total: 4, told: 4 });
    for (const run of week?.runs ?? [])
      expect(run.events.map(({ words }) => words)).toEqual([expect.stringMatching(/Flow/)]);
    expect(results.results[0]?.auc.mean).toBeGreaterThan(0.95);
  });

  it('has the run without a fault beside them, not among them', () => {
    expect(results.results[0]?.budgets[0]?.anomalyFree).toEqual({ rows: 300, falseAlarmRate: 0, events: 0 });
    expect(results.runs).toBe(2);
  });

  it('tells of a run that is too short, and has the figures of the others', async () => {
    const data = join(folder, 'short');
    mkdirSync(data);
    copyFileSync(join(folder, 'valve1', '0.csv'), join(data, '0.csv'));
    write(join(data, '1.csv'), false, true, 300);
    const methods = methodRuns({ names: ['gmm'] });
    const found = await evaluateSkab({ data, methods, seeds: 1, signal: new AbortController().signal });
    const [gmm] = found.results;
    expect(gmm?.failed).toEqual([{ name: '1', reason: expect.stringMatching(/1\.csv: .*after the first 400/) }]);
    expect(gmm?.budgets[0]?.runs.map(({ name }) => name)).toEqual(['0']);
    expect(gmm?.budgets[0]?.faults).toMatchObject({ total: 1, raised: 1 });
    expect(results.results[0]?.failed).toEqual([]);
    rmSync(data, { recursive: true });
  }, 60_000);

  it('is asked for where it is not, with the place where it is published', () => {
    const there = /expected the folder of SKAB .*found .*github\.com\/waico\/SKAB/;
    expect(() => skabFiles(join(folder, 'nowhere'))).toThrow(there);
    expect(() => skabFiles(join(folder, 'anomaly-free'))).toThrow(there);
    expect(() => skabFiles(join(folder, 'valve1', '0.csv'))).toThrow(there);
  });
});
