/**
 * Turns the decider's changes into events: gives each its identity, words and evidence, stores it together with the
 * messages about it in one transaction, and only then tells the sinks.
 */
import { randomUUID } from 'node:crypto';
import type { Contribution, Event, EventChange, Sink } from '../contracts.js';
import type { Change } from '../decision/event-cycle.js';
import type { NewOutboxMessage, Store } from '../store/types.js';

/** What an event says beside its numbers. */
export interface Explanation {
  readonly words: string;
  readonly contribution: Contribution | null;
}

export interface EventDeskOptions {
  readonly feed: string;
  readonly machine: string;
  readonly store: Pick<Store, 'recordEvent' | 'event'>;
  readonly sinks: readonly Pick<Sink, 'event'>[];
  /** The messages that are stored, and so delivered, with an event. */
  readonly messages: (event: Event, change: EventChange) => readonly NewOutboxMessage[];
  readonly configDigest: string;
  /** Events of this feed that were open when the service ended. */
  readonly open: readonly Event[];
}

export class EventDesk {
  /** SHA-256 of the model that judges now; '' while there is none. */
  modelDigest = '';
  /** When the last anomaly cleared; null: none has since the start. */
  clearedMs: number | null = null;
  readonly #options: EventDeskOptions;
  readonly #open = new Map<string, Event>();

  constructor(options: EventDeskOptions) {
    this.#options = options;
    for (const event of options.open) this.#open.set(keyOf(event), event);
  }

  /** Events that have not cleared. */
  get open(): readonly Event[] {
    return [...this.#open.values()];
  }

  /** True while there is an open event of this kind and code. */
  has(change: Pick<Change, 'kind' | 'code'>): boolean {
    return this.#open.has(keyOf(change));
  }

  /** Applies one step in the life of an event and returns the event as it now is. */
  apply(change: Change, explanation: Explanation | null): Event {
    const known = this.#open.get(keyOf(change));
    const event: Event = {
      ...(known ?? this.#new(change)),
      clearedMs: change.change === 'cleared' ? change.atMs : null,
      acknowledgedMs: change.acknowledgedMs ?? known?.acknowledgedMs ?? null,
      peak: change.peak,
      peakMs: change.peakMs,
      threshold: change.threshold,
      pValue: change.pValue,
      ...(explanation ?? (change.message ? { words: change.message } : {})),
    };
    // An event that the store knows (resumed, say) is never raised twice.
    return this.#record(event, known && change.change === 'raised' ? 'updated' : change.change);
  }

  /** The event's sound has been stored; it may have cleared meanwhile. */
  attachClip(eventId: string, sha256: string): void {
    const open = this.open.find(({ id }) => id === eventId);
    const event = open ?? this.#options.store.event(eventId);
    // What is stored as open and is not open here has cleared while the disk was full.
    if (event && (open || event.clearedMs !== null)) this.#record({ ...event, clip: sha256 }, 'updated');
  }

  /** Raises and clears an event of kind `test`, to prove the whole way to whoever gets the alerts. */
  test(atMs: number): Event {
    const event: Event = {
      ...this.#new({ kind: 'test', code: null, raisedMs: atMs }),
      ...{ peak: 0, peakMs: atMs, threshold: 0, pValue: 1 },
      words: 'Test alert: somebody asked for it, nothing is wrong.',
    };
    this.#record(event, 'raised');
    return this.#record({ ...event, clearedMs: atMs }, 'cleared');
  }

  #new({
    kind,
    code,
    raisedMs,
  }: Pick<Event, 'kind' | 'code' | 'raisedMs'>): Omit<Event, 'peak' | 'peakMs' | 'threshold' | 'pValue'> {
    const { feed, machine, configDigest } = this.#options;
    return {
      ...{ id: randomUUID(), kind, code, feed, machine, raisedMs, clearedMs: null, acknowledgedMs: null },
      ...{ words: '', contribution: null, clip: null, modelDigest: this.modelDigest, configDigest, label: null },
    };
  }

  /** What people and the clip writer have said of it meanwhile is in the store alone. */
  #record(told: Event, change: EventChange): Event {
    const kept = this.#options.store.event(told.id);
    const event: Event = { ...told, label: kept?.label ?? told.label, clip: kept?.clip ?? told.clip };
    if (event.clearedMs === null) this.#open.set(keyOf(event), event);
    else if (change === 'cleared') {
      this.#open.delete(keyOf(event));
      if (event.kind === 'anomaly') this.clearedMs = event.clearedMs;
    }
    this.#options.store.recordEvent(event, change, this.#options.messages(event, change));
    for (const sink of this.#options.sinks) sink.event(event, change);
    return event;
  }
}

function keyOf({ kind, code }: Pick<Event, 'kind' | 'code'>): string {
  return code === null ? kind : `${kind}:${code}`;
}
