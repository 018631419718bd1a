import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterAll } from 'vitest';
import type { Method } from '../../src/scorers/method.js';
import { NEURAL_METHODS } from '../../src/scorers/neural/methods.js';
import { openScorer } from '../../src/scorers/package-scorer.js';
import { EXAMPLES, windowOf, writeExample } from './example-packages.js';
import { scorerContract } from './scorer-contract.js';

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(dirname(folder), { recursive: true, force: true }))));

const settings = { jointEpochs: 60, pretrainEpochs: 60, layerEpochs: 10, batchRows: 100, learningRate: 1e-2, code: 3 };

/** Trained for a second. */
const quickly = (method: Method): Method => ({
  ...method,
  fit: (rows, options) => method.fit(rows, { ...options, settings }),
});

for (const example of EXAMPLES.filter(({ rowKind }) => rowKind === 'table')) {
  for (const method of NEURAL_METHODS) {
    scorerContract({
      name: `${example.rowKind}, ${method.name}`,
      open: async () => {
        const folder = await writeExample(example, 400, quickly(method));
        folders.push(folder);
        return openScorer(folder);
      },
      normal: (seed) => windowOf(example, seed),
      odd: (seed) => ({ window: windowOf(example, seed, true), blame: example.blame }),
    });
  }
}
