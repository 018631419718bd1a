import type { MachineState } from '../contracts.js';
import { attempt } from '../sources/storage-error.js';
import type { MachineTable } from './machine-table.js';

/** Saves machines' states at once or, while the disk refuses, at a later flush: the newest of each machine. */
export class StateWriter {
  readonly #waiting = new Map<string, { state: MachineState; atMs: number }>();

  constructor(
    private readonly thing: string,
    private readonly table: MachineTable,
  ) {}

  set(machine: string, state: MachineState, atMs: number): void {
    this.#waiting.set(machine, { state, atMs });
    this.flush();
  }

  flush(): void {
    for (const [machine, { state, atMs }] of this.#waiting) {
      if (attempt(this.thing, () => this.table.setState(machine, state, atMs))) return;
      this.#waiting.delete(machine);
    }
  }
}
