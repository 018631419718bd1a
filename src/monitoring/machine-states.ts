/** The state of a machine from the states of its feeds: the most urgent one. Pure. */
import type { MachineState } from '../contracts.js';

const urgency: readonly MachineState[] = ['anomalous', 'sensor-fault', 'muted', 'learning', 'normal', 'off', 'unknown'];

export class MachineStates {
  readonly #feeds = new Map<string, Map<string, MachineState>>();

  /** Sets a feed's state; returns the machine's state if that changed by it, else null. */
  set(machine: string, feed: string, state: MachineState): MachineState | null {
    const feeds = this.#feeds.get(machine) ?? new Map<string, MachineState>();
    const before = feeds.size > 0 ? mostUrgent(feeds.values()) : null;
    feeds.set(feed, state);
    this.#feeds.set(machine, feeds);
    const after = mostUrgent(feeds.values());
    return after === before ? null : after;
  }

  get(machine: string): MachineState {
    return mostUrgent(this.#feeds.get(machine)?.values() ?? []);
  }
}

function mostUrgent(states: Iterable<MachineState>): MachineState {
  const present = new Set(states);
  return urgency.find((state) => present.has(state)) ?? 'unknown';
}
