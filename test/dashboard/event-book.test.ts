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

it('lists no more than a page can bear however many come, and knows where to go on', () => {
  const book = new EventBook();
  book.setPage({ events: [event('first', 1)], next: null }, false);
  for (let i = 2; i <= 1_000; i++) book.put(event(`e${i}`, i));
  expect(ids(book)).toEqual(Array.from({ length: 200 }, (_, i) => `e${1_000 - i}`));
  expect(book.next).toBe('801_e801');
  book.put(event('older', 5));
  expect(ids(book)).toHaveLength(200);
  const older = Array.from({ length: 300 }, (_, i) => event(`e${800 - i}`, 800 - i));
  book.setPage({ events: older, next: '501_e501' }, true);
  book.put(event('new', 2_000));
  expect([ids(book)[0], ids(book).length, book.next]).toEqual(['new', 500, '502_e502']);
});
