import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/contracts.js';
import { methodRuns } from '../../src/evaluation/method-request.js';
import { PUBLISHED, publishedFor } from '../../src/evaluation/published.js';
import { openResultCache } from '../../src/evaluation/result-cache.js';
import { Schedule } from '../../src/evaluation/schedule.js';
import { parseAssignment } from '../../src/evaluation/settings.js';
import type { TrialResult } from '../../src/evaluation/trial-job.js';
import { openCheckpoints } from '../../src/scorers/checkpoint.js';
import { METHODS } from '../../src/scorers/methods.js';

const folder = mkdtempSync(join(tmpdir(), 'auscult-cache-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const asked = (names: readonly string[], recipe?: string, set: readonly string[] = []) =>
  methodRuns({ names, recipe, assignments: set.map(parseAssignment) });

describe('the methods asked for', () => {
  it('are every one that learns tables with its default, and DAGMM first with each recipe, for all', () => {
    const runs = asked(['all']);
    expect(runs.slice(0, 2).map(({ method, recipe }) => `${method} ${recipe}`)).toEqual([
      'dagmm robust',
      'dagmm paper',
    ]);
    const forTables = METHODS.filter(({ rowKinds }) => rowKinds === undefined || rowKinds.includes('table'));
    expect(new Set(runs.map(({ method }) => method))).toEqual(new Set(forTables.map(({ name }) => name)));
    expect(runs).toHaveLength(forTables.length + 1);
    for (const other of ['mimii-ae', 'dagmm-conv', 'dagmm-residual', 'dagmm-ensemble'])
      expect(runs.map(({ method }) => method)).not.toContain(other);
  });

  it('take a preset where they have it, their own after a colon, and no method twice', () => {
    expect(asked(['dagmm', 'gmm'], 'paper').map(({ method, recipe }) => [method, recipe])).toEqual([
      ['dagmm', 'paper'],
      ['gmm', METHODS.find(({ name }) => name === 'gmm')?.recipes[0]],
    ]);
    expect(asked(['dagmm:paper', 'dagmm:robust', 'dagmm']).map(({ recipe }) => recipe)).toEqual(['paper', 'robust']);
  });

  it('are refused by name: method, preset, setting, and a value of another kind', () => {
    for (const wrong of [
      () => asked(['dagm']),
      () => asked(['gmm'], 'paper'),
      () => asked(['dagmm:vanilla']),
      () => asked(['dagmm'], undefined, ['componets=3']),
      () => asked(['dagmm'], undefined, ['gmm.components=3']),
      () => asked(['dagmm'], undefined, ['components=three']),
      () => asked(['dagmm'], undefined, ['shrink=1']),
      () => asked(['dagmm'], undefined, ['components']),
    ]) {
      expect(wrong).toThrow(ConfigError);
    }
    expect(() => asked(['dagmm'], undefined, ['componets=3'])).toThrow(
      /expected one of .*components.*found "componets"/,
    );
  });

  it('take settings of the kind that they have, and only those that have them', () => {
    const [dagmm, knn] = asked(['dagmm', 'knn'], undefined, ['hidden=60,30', 'jointEpochs=3', 'shrink=false']);
    expect(dagmm?.settings).toEqual({ hidden: [60, 30], jointEpochs: 3, shrink: false });
    expect(knn?.settings).toEqual({});
    expect(asked(['dagmm'], undefined, ['dagmm.hidden=8'])[0]?.settings).toEqual({ hidden: [8] });
  });
});

describe('published figures', () => {
  it('are those of the same data and protocol, with F1 between precision and recall', () => {
    const kdd = publishedFor('kddcup99', 'paper');
    expect(kdd.filter(({ method }) => method === 'dagmm').map(({ f1 }) => f1)).toEqual([0.9369, 0.93]);
    expect(publishedFor('kddcup99', 'goad')).toEqual([]);
    expect(publishedFor('csv', 'paper')).toEqual([]);
    // Means of 20 runs, some rounded: nearly, not exactly, the harmonic mean.
    for (const { precision, recall, f1 } of PUBLISHED)
      expect(Math.abs(f1 - (2 * precision * recall) / (precision + recall))).toBeLessThan(0.02);
  });
});

describe('the cache of results', () => {
  const result = { metrics: { precision: 1, recall: 1, f1: 1, auc: 1, ap: 1 } } as TrialResult;

  it('gives back what was written under the same key, and nothing else', async () => {
    const cache = openResultCache(folder);
    expect(await cache.read('a')).toBeNull();
    await cache.write('a', result);
    expect(await cache.read('a')).toEqual(result);
    expect(await cache.read('b')).toBeNull();
    expect(await openResultCache(folder, { fresh: true }).read('a')).toBeNull();
  });

  it('is none where it cannot be written, and says so once', async () => {
    const file = join(folder, 'a file');
    writeFileSync(file, '');
    const cache = openResultCache(file);
    expect(cache.trouble).toBeNull();
    await cache.write('a', result);
    const said = cache.trouble;
    expect(said).toMatch(/a file: cannot be written \((ENOTDIR|EEXIST)\): not every result could be kept/);
    await cache.write('b', result);
    expect(cache.trouble).toBe(said);
    const checkpoints = openCheckpoints({ ...cache.checkpoint('a'), everyMs: 0 });
    await checkpoints.offer(() => ({ phase: 'joint', step: 1, loss: 0, skippedBefore: 0, state: [] }));
    expect(await checkpoints.read()).toBeNull();
    await checkpoints.clear();
    rmSync(file);
  });

  it('takes a torn file for none', async () => {
    const cache = openResultCache(folder);
    await cache.write('a', result);
    for (const name of readdirSync(folder)) writeFileSync(join(folder, name), '{"key":"a","resu');
    expect(await cache.read('a')).toBeNull();
  });
});

describe('the schedule', () => {
  it('expects of a row what its trials took, and of a running trial what its steps say', () => {
    let now = 0;
    const schedule = new Schedule(['slow', 'fast', 'slow', 'fast'], () => now);
    schedule.start('slow 0', 'slow');
    now = 3;
    expect(schedule.share).toBe(0); // nothing can be said yet
    schedule.step('slow 0', 1 / 3);
    expect(schedule.share).toBeCloseTo(3 / 36, 12); // all four as long as this one
    now = 9;
    schedule.finish('slow 0');
    schedule.start('fast 0', 'fast');
    now = 10;
    schedule.finish('fast 0');
    expect(schedule.share).toBeCloseTo(10 / 20, 12);
    schedule.start('slow 1', 'slow');
    now = 13;
    schedule.step('slow 1', 0.25); // 3 s for a quarter: 12 in all
    expect(schedule.share).toBeCloseTo(13 / (13 + 9 + 1), 12); // and the last fast one 1 s
    now = 22;
    schedule.finish('slow 1');
    schedule.start('fast 1', 'fast');
    now = 23;
    schedule.finish('fast 1');
    expect(schedule.share).toBe(1);
  });
});
