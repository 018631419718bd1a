import type { Database } from 'better-sqlite3';
import type { MachineState } from '../contracts.js';
import type { MachineStateRecord, Mute } from './types.js';

/** Machines as they were left, for the next start. */
export class MachineTable {
  readonly #setState;
  readonly #states;
  readonly #forget;
  readonly #mute;
  readonly #unmute;
  readonly #mutes;

  constructor(db: Database) {
    this.#setState = db.prepare<[string, string, number]>(`
      INSERT INTO machine_states (machine, state, since_ms) VALUES (?, ?, ?)
      ON CONFLICT (machine) DO UPDATE SET state = excluded.state, since_ms = excluded.since_ms WHERE state <> excluded.state`);
    this.#states = db.prepare<[], MachineStateRecord>(
      'SELECT machine, state, since_ms AS sinceMs FROM machine_states ORDER BY machine',
    );
    this.#forget = db.prepare<[string]>('DELETE FROM machine_states WHERE machine = ?');
    this.#mute = db.prepare<[string, number]>('INSERT OR REPLACE INTO mutes (machine, until_ms) VALUES (?, ?)');
    this.#unmute = db.prepare<[string]>('DELETE FROM mutes WHERE machine = ?');
    this.#mutes = db.prepare<[number], Mute>(
      'SELECT machine, until_ms AS untilMs FROM mutes WHERE until_ms > ? ORDER BY machine',
    );
  }

  setState(machine: string, state: MachineState, atMs: number): void {
    this.#setState.run(machine, state, Math.round(atMs));
  }

  states(): MachineStateRecord[] {
    return this.#states.all();
  }

  forget(machine: string): void {
    this.#forget.run(machine);
  }

  mute(machine: string, untilMs: number): void {
    this.#mute.run(machine, Math.round(untilMs));
  }

  unmute(machine: string): void {
    this.#unmute.run(machine);
  }

  mutes(nowMs: number): Mute[] {
    return this.#mutes.all(nowMs);
  }
}
