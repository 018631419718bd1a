import type { Observation, RowObservation, Trouble } from '../contracts.js';

/** A call of the scorer costs as much for one row as for so many. */
const MOST_ROWS = 64;

type Item = Observation | Trouble;

/**
 * The items of a source, one by one, but rows that are there already together: a table of a thousand rows a second is not
 * to be scored one by one. Nothing waits for what is not there yet.
 */
export async function* rowsTogether(items: AsyncIterable<Item>): AsyncGenerator<Item | readonly RowObservation[]> {
  const iterator = items[Symbol.asyncIterator]();
  let ahead: Promise<IteratorResult<Item>> | null = null;
  try {
    for (;;) {
      const { done, value }: IteratorResult<Item> = await (ahead ?? iterator.next());
      ahead = null;
      if (done) return;
      if (value.kind !== 'row') {
        yield value;
        continue;
      }
      const rows: RowObservation[] = [value];
      const turn = nextTurn();
      for (;;) {
        ahead = iterator.next();
        // A failure is thrown in its turn.
        const more: IteratorResult<Item> | null = await Promise.race([ahead.catch(() => null), turn]);
        if (!more || more.done || more.value.kind !== 'row' || rows.length === MOST_ROWS) break;
        rows.push(more.value);
      }
      yield rows;
    }
  } finally {
    const closed = iterator.return?.();
    // What was asked for ahead may be long in coming.
    if (ahead) Promise.allSettled([ahead, closed]);
    else await closed;
  }
}

/** Comes after all that is there already. */
const nextTurn = (): Promise<null> => new Promise((resolve) => setImmediate(resolve, null));
