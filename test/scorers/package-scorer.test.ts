import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterAll } from 'vitest';
import { openScorer } from '../../src/scorers/package-scorer.js';
import { EXAMPLES, windowOf, writeExample } from './example-packages.js';
import { scorerContract } from './scorer-contract.js';

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(dirname(folder), { recursive: true, force: true }))));

for (const example of EXAMPLES) {
  scorerContract({
    name: `${example.rowKind}, robust`,
    open: async () => {
      const folder = await writeExample(example, example.rowKind === 'mel-frames' ? 60 : 400);
      folders.push(folder);
      return openScorer(folder);
    },
    normal: (seed) => windowOf(example, seed),
    odd: (seed) => ({ window: windowOf(example, seed, true), blame: example.blame }),
  });
}
