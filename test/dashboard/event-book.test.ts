import { expect, it } from 'vitest';
import { EventBook } from '../../dashboard/event-book.js';
import type { Event } from '../../src/contracts.js';

const event = (id: string, raisedMs: number, machine = 'pump'): Event => ({
  ...{ id, kind: 'anomaly', code: null, feed: machine, machine, raisedMs, clearedMs: null, acknowledgedMs: null },
  ...{ peak: 1, peakMs: raisedMs, threshold: 0, pValue: 0.1, words: '', contribution: null, clip: null },
  ...{ modelDigest: '', configDigest: '', label: null },
});
const ids = (book: EventBook) => book.events.map(({ id }) => id);

it('keeps an event that came while the first page was on its way', () => {
  const book = new EventBook();
  book.awaitPage();
  book.put(event('new', 3));
  book.setPage({ events: [event('b', 2), event('a', 1)], next: null }, false);
  expect(ids(book)).toEqual(['new', 'b', 'a']);
});

it('keeps it once when the page knows it too, and only of the machine that is looked at', () => {
  const book = new EventBook();
  book.machine = 'pump';
  book.awaitPage();
  book.put(event('new', 3));
  book.put(event('other', 4, 'fan'));
  book.setPage({ events: [event('new', 3), event('a', 1)], next: null }, false);
  expect(ids(book)).toEqual(['new', 'a']);
  book.setPage({ events: [event('a', 1)], next: null }, false);
  expect(ids(book)).toEqual(['a']);
});
