import type { Database } from 'better-sqlite3';
import type { Event } from '../contracts.js';
import { attempt, type StorageError } from '../sources/storage-error.js';
import type { EventTable } from './event-table.js';
import { HeldChanges } from './held-changes.js';
import type { OutboxTable } from './outbox-table.js';
import type { Pressure } from './pressure.js';
import type { NewOutboxMessage, Outbox, OutboxMessage } from './types.js';

export interface DurableWriterParts {
  readonly db: Database;
  /** The database, as messages name it. */
  readonly thing: string;
  readonly events: EventTable;
  readonly outbox: OutboxTable;
  readonly pressure: Pressure;
  /** Ways to free room on a full disk, mildest first; each says whether it freed any. */
  readonly waysOut: readonly (() => boolean)[];
}

/** Writes events with their messages, both or neither, and keeps them in memory, in order, while the disk refuses. */
export class DurableWriter implements Outbox {
  readonly #parts: DurableWriterParts;
  readonly #held = new HeldChanges();

  constructor(parts: DurableWriterParts) {
    this.#parts = parts;
  }

  /** While anything is held, what follows is held behind it. */
  write(event: Event, messages: readonly NewOutboxMessage[]): 'stored' | 'held' {
    if (this.#held.count > 0) {
      this.#held.hold(event, messages);
      this.drain();
      return this.#held.count === 0 ? 'stored' : 'held';
    }
    const failure = this.insist(() => this.#insert(event, messages));
    if (!failure) return 'stored';
    this.#held.hold(event, messages);
    this.#parts.pressure.begin('events-in-memory', failure.message);
    return 'held';
  }

  #insert(event: Event, messages: readonly NewOutboxMessage[]): number[] {
    const { db, events, outbox } = this.#parts;
    return db.transaction(() => {
      events.put(event);
      return outbox.add(messages);
    })();
  }

  /** Tries to write; on a full disk takes one way out after the other. Returns why it could not be written in the end. */
  insist(work: () => void): StorageError | null {
    const { thing, waysOut } = this.#parts;
    let failure = attempt(thing, work);
    for (const wayOut of waysOut) {
      if (failure?.failure !== 'full') break;
      if (wayOut()) failure = attempt(thing, work);
    }
    return failure;
  }

  /** Writes what is held, as far as the disk takes it. */
  drain(): void {
    for (let next = this.#held.first(); next; next = this.#held.first()) {
      const { event, messages } = next;
      let rowIds: number[] = [];
      const failure = this.insist(() => {
        rowIds = this.#insert(event, messages);
      });
      if (failure) return;
      this.#held.moved(rowIds);
    }
    this.#parts.pressure.end('events-in-memory');
  }

  get heldChanges(): number {
    return this.#held.count;
  }

  get pendingMessages(): number {
    return this.#parts.outbox.count() - this.#held.unconfirmed.size + this.#held.messages().length;
  }

  pending(limit: number): OutboxMessage[] {
    const { unconfirmed } = this.#held;
    const stored = this.#parts.outbox.pending(limit + unconfirmed.size).filter(({ id }) => !unconfirmed.has(id));
    return [...stored, ...this.#held.messages()].slice(0, limit);
  }

  delivered(id: number): void {
    const rowId = id < 0 ? this.#held.delivered(id) : id;
    if (rowId === null) return;
    if (attempt(this.#parts.thing, () => this.#parts.outbox.delete(rowId))) this.#held.unconfirmed.add(rowId);
  }

  /** Deletes the rows whose delivery could not be noted before. */
  confirmRest(): void {
    for (const id of this.#held.unconfirmed) {
      this.#parts.outbox.delete(id);
      this.#held.unconfirmed.delete(id);
    }
  }
}
