import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Observation, RowObservation, Trouble } from '../../src/contracts.js';
import { rowsTogether } from '../../src/monitoring/rows-together.js';

const row = (i: number): RowObservation => ({
  ...{ kind: 'row', feed: 'rig', machine: 'rig', sequence: i, startMs: i, endMs: i + 1, origin: 'x', gap: false },
  ...{ cells: { a: i }, row: i + 1 },
});
const trouble: Trouble = {
  kind: 'trouble',
  feed: 'rig',
  machine: 'rig',
  code: 'late',
  message: '',
  atMs: 0,
  down: false,
};

async function* of(...items: (Observation | Trouble | number)[]): AsyncGenerator<Observation | Trouble> {
  for (const item of items) {
    if (typeof item === 'number') await sleep(item);
    else yield item;
  }
}

async function together(items: AsyncIterable<Observation | Trouble>) {
  const found: (number[] | string)[] = [];
  for await (const item of rowsTogether(items))
    found.push('length' in item ? item.map(({ sequence }) => sequence) : item.kind);
  return found;
}

describe('rows that are there already', () => {
  it('come together, in order, up to 64; what is no row comes alone between them', async () => {
    const many = Array.from({ length: 130 }, (_, i) => row(i));
    const found = await together(of(...many, trouble, trouble, row(130)));
    expect(found.map((item) => (typeof item === 'string' ? item : item.length))).toEqual([
      ...[64, 64, 2, 'trouble', 'trouble', 1],
    ]);
    expect(found.flat().filter((item) => typeof item === 'number')).toEqual(Array.from({ length: 131 }, (_, i) => i));
  });

  it('wait for no row that is not there yet', async () => {
    expect(await together(of(row(0), row(1), 30, row(2), 30, trouble, row(3)))).toEqual([[0, 1], [2], 'trouble', [3]]);
  });

  it('pass on that their source has failed, after what came before', async () => {
    async function* failing() {
      yield row(0);
      throw new Error('gone');
    }
    const found: unknown[] = [];
    const all = (async () => {
      for await (const item of rowsTogether(failing())) found.push(item);
    })();
    await expect(all).rejects.toThrow('gone');
    expect(found).toEqual([[row(0)]]);
  });

  it('end their source when nobody wants more', async () => {
    let ended = false;
    async function* endless() {
      try {
        for (let i = 0; ; i++) {
          yield row(i);
          await sleep(1);
        }
      } finally {
        ended = true;
      }
    }
    for await (const _ of rowsTogether(endless())) break;
    await sleep(50);
    expect(ended).toBe(true);
  });
});
