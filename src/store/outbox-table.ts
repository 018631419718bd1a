import type { Database } from 'better-sqlite3';
import type { NewOutboxMessage, OutboxKind, OutboxMessage } from './types.js';

interface OutboxRow {
  id: number;
  kind: OutboxKind;
  topic: string;
  payload: string;
  qos: 0 | 1 | 2;
  retain: number;
  created_ms: number;
}

/** The messages that wait. Bounded but for alerts: the oldest telemetry goes. */
export class OutboxTable {
  /** Messages given up because the outbox was full. */
  dropped = 0;
  readonly #insert;
  readonly #select;
  readonly #delete;
  readonly #count;
  readonly #countBounded;
  readonly #drop;

  constructor(
    db: Database,
    private readonly limit: number,
  ) {
    this.#insert = db.prepare<unknown[]>(
      'INSERT INTO outbox (kind, topic, payload, qos, retain, created_ms) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#select = db.prepare<[number], OutboxRow>('SELECT * FROM outbox ORDER BY id LIMIT ?');
    this.#delete = db.prepare<[number]>('DELETE FROM outbox WHERE id = ?');
    this.#count = db.prepare<[], number>('SELECT count(*) FROM outbox').pluck();
    this.#countBounded = db.prepare<[], number>("SELECT count(*) FROM outbox WHERE kind <> 'alert'").pluck();
    this.#drop = db.prepare<[number]>(
      "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE kind <> 'alert' ORDER BY id LIMIT ?)",
    );
  }

  /** Adds messages and returns their ids; call within a transaction. */
  add(messages: readonly NewOutboxMessage[]): number[] {
    const ids = messages.map((message) => this.#add(message));
    if (messages.some(({ kind }) => kind !== 'alert')) this.#bound();
    return ids;
  }

  #add({ kind, topic, payload, qos, retain, createdMs }: NewOutboxMessage): number {
    const { lastInsertRowid } = this.#insert.run(kind, topic, payload, qos, retain ? 1 : 0, Math.round(createdMs));
    return Number(lastInsertRowid);
  }

  #bound(): void {
    const surplus = (this.#countBounded.get() ?? 0) - this.limit;
    if (surplus > 0) this.dropped += this.#drop.run(surplus).changes;
  }

  pending(limit: number): OutboxMessage[] {
    return this.#select
      .all(limit)
      .map(({ retain, created_ms, ...row }) => ({ ...row, retain: retain === 1, createdMs: created_ms }));
  }

  delete(id: number): void {
    this.#delete.run(id);
  }

  count(): number {
    return this.#count.get() ?? 0;
  }
}
