import type { Database } from 'better-sqlite3';
import type { DriftRecord } from './types.js';

interface Row {
  readonly feed: string;
  readonly model: string;
  readonly state: Buffer;
}

/** What following drift has come to, one row a feed; numbers as little-endian float64. */
export class DriftTable {
  readonly #put;
  readonly #get;

  constructor(db: Database) {
    this.#put = db.prepare<[string, string, Buffer]>(
      'INSERT OR REPLACE INTO drift_states (feed, model, state) VALUES (?, ?, ?)',
    );
    this.#get = db.prepare<[string], Row>('SELECT feed, model, state FROM drift_states WHERE feed = ?');
  }

  put({ feed, model, state }: DriftRecord): void {
    const bytes = Buffer.alloc(8 * state.length);
    for (const [i, value] of state.entries()) bytes.writeDoubleLE(value, 8 * i);
    this.#put.run(feed, model, bytes);
  }

  get(feed: string): DriftRecord | null {
    const row = this.#get.get(feed);
    if (!row) return null;
    const state = Float64Array.from({ length: row.state.length / 8 }, (_, i) => row.state.readDoubleLE(8 * i));
    return { feed: row.feed, model: row.model, state };
  }
}
