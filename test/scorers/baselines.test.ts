import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterAll } from 'vitest';
import type { Window } from '../../src/contracts.js';
import { BASELINES } from '../../src/scorers/baselines/baselines.js';
import { openScorer } from '../../src/scorers/package-scorer.js';
import { EXAMPLES, type Example, windowOf, writeExample } from './example-packages.js';
import { scorerContract } from './scorer-contract.js';

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(dirname(folder), { recursive: true, force: true }))));

const table = EXAMPLES.find(({ rowKind }) => rowKind === 'table') as Example;

/** What one column adds is bounded: a single odd one need not outweigh a row whose columns are all a little unusual. */
const BOUNDED = ['isolation-forest', 'ecod'];

/** Flow, pressure and heat all too high. */
function farOff(seed: number): Window {
  const { data, ...window } = windowOf(table, seed, true);
  return { ...window, data: data.with(0, 5).with(3, 5) };
}

for (const method of BASELINES) {
  const bounded = BOUNDED.includes(method.name);
  scorerContract({
    name: `table, ${method.name}`,
    open: async () => {
      const folder = await writeExample(table, 400, method);
      folders.push(folder);
      return openScorer(folder);
    },
    normal: (seed) => windowOf(table, seed),
    odd: (seed) =>
      bounded
        ? { window: farOff(seed), blame: { column: ['flow', 'pressure', 'heat'] } }
        : { window: windowOf(table, seed, true), blame: table.blame },
  });
}
