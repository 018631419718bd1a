import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/contracts.js';
import { inFolds } from '../../../src/evaluation/sound/folds.js';
import { load, numbered, sizes, tree } from './trees.js';

const fan = tree('fan', [
  ...numbered('train/normal_#.wav', 12),
  ...numbered('test/normal_2#.wav', 2),
  ...numbered('test/abnormal_#.wav', 5),
]);

describe('cross-validation', () => {
  it('judges every normal clip once by a model that did not learn it, beside the test clips', async () => {
    const whole = await load('folder', fan);
    const set = inFolds(whole, 5);
    expect(sizes(set)).toEqual({
      ...{ fan_fold_1: [10, 4, 5], fan_fold_2: [10, 4, 5], fan_fold_3: [9, 5, 5] },
      ...{ fan_fold_4: [10, 4, 5], fan_fold_5: [9, 5, 5] },
    });
    expect(set.machines.map(({ type, section }) => `${type} ${section}`)).toContain('fan fold_3');
    const learntOf = whole.machines[0]?.train ?? [];
    const judged = set.machines.flatMap(({ train, test }) => {
      const learnt = new Set(train.map(({ path }) => path));
      expect(test.some(({ path }) => learnt.has(path))).toBe(false);
      expect(test).toEqual([...test].sort((a, b) => (a.path < b.path ? -1 : 1)));
      return test.filter(({ path }) => path.includes('/train/'));
    });
    expect(judged.map(({ path }) => path)).toEqual(learntOf.map(({ path }) => path));
    expect(judged.every(({ anomalous }) => !anomalous)).toBe(true);
    expect(set.notes.at(-1)).toMatch(/^5 folds/);
  });

  it('takes whole stretches, since neighbours are alike', async () => {
    const [first] = inFolds(await load('folder', fan), 3).machines;
    const judged = first?.test.filter(({ path }) => path.includes('/train/')).map(({ path }) => basename(path));
    expect(judged).toEqual(numbered('normal_#.wav', 4));
  });

  it('says how many folds there can be', async () => {
    const whole = await load('folder', fan);
    expect(() => inFolds(whole, 13)).toThrow(ConfigError);
    expect(() => inFolds(whole, 13)).toThrow(/--folds: expected at most the 12 normal clips of fan, found 13/);
    expect(() => inFolds(whole, 1)).toThrow(/--folds: expected 2 or more, found 1/);
  });
});
