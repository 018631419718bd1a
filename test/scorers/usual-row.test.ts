import { expect, it } from 'vitest';
import { usualRow } from '../../src/scorers/usual-row.js';

it('has the means of numbers and the most frequent category of each other column', () => {
  const columns = [
    { name: 'flow', type: 'numeric', mean: 3, deviation: 2 },
    { name: 'valve', type: 'categorical', categories: ['open', 'half', 'shut'] },
    { name: 'heat', type: 'numeric', mean: 0, deviation: 1 },
  ] as const;
  expect(usualRow({ columns }, [0.1, 0.2, 0.5, 0.3, -0.4])).toEqual([0.1, 0, 1, 0, -0.4]);
});
