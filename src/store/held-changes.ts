import type { Event } from '../contracts.js';
import type { NewOutboxMessage, OutboxMessage } from './types.js';

export interface HeldChange {
  readonly event: Event;
  readonly messages: readonly OutboxMessage[];
}

/** Ids of held messages: below zero and rising, so that they never meet those of the table. */
const FIRST_ID = -(2 ** 40);

/**
 * Event changes that the disk did not take, in order, and confirmations that it did not take. Their messages can be delivered
 * from here; what is delivered before the disk is back is not written to the outbox any more.
 */
export class HeldChanges {
  #nextId = FIRST_ID;
  #changes: HeldChange[] = [];
  /** Held id → row id, for confirmations that come after the message moved to the table. */
  readonly #moved = new Map<number, number>();
  /** Rows that were delivered but could not be deleted. */
  readonly unconfirmed = new Set<number>();

  get count(): number {
    return this.#changes.length;
  }

  hold(event: Event, messages: readonly NewOutboxMessage[]): void {
    const numbered = messages.map((message) => ({ ...message, id: this.#nextId++ }));
    this.#changes.push({ event, messages: numbered });
  }

  messages(): OutboxMessage[] {
    return this.#changes.flatMap(({ messages }) => messages);
  }

  first(): HeldChange | undefined {
    return this.#changes[0];
  }

  /** The first change is on disk; its messages got these row ids. */
  moved(rowIds: readonly number[]): void {
    const change = this.#changes.shift();
    change?.messages.forEach(({ id }, index) => {
      const rowId = rowIds[index];
      if (rowId !== undefined) this.#moved.set(id, rowId);
    });
  }

  /** A held message is delivered. Returns the row to delete if it has moved to the table meanwhile. */
  delivered(id: number): number | null {
    const rowId = this.#moved.get(id);
    this.#moved.delete(id);
    this.#changes = this.#changes.map((change) => ({
      ...change,
      messages: change.messages.filter((message) => message.id !== id),
    }));
    return rowId ?? null;
  }
}
