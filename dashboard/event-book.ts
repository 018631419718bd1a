import type { Event } from '../src/contracts.js';
import type { EventPage } from '../src/sinks/http/protocol.js';

/** A page that stays open for weeks lists no more than this, unless its reader asked for more; the others can be loaded. */
const MOST_LISTED = 200;

/** The events that the page knows: the pages of the list that were loaded, and all that have not cleared. */
export class EventBook {
  private listed: readonly Event[] = [];
  /** As many as the reader has asked for. */
  private asked = 0;
  private readonly open = new Map<string, Event>();
  /** What came while a page was on its way, which may not know of it. */
  private meanwhile: Event[] | null = null;
  /** Cursor of the next page; null when all is loaded. */
  next: string | null = null;
  /** Machine that the list is limited to; null for all. */
  machine: string | null = null;

  get events(): readonly Event[] {
    return this.listed;
  }

  setOpen(events: readonly Event[]): void {
    this.open.clear();
    for (const event of events) this.open.set(event.id, event);
  }

  /** A page is asked for. */
  awaitPage(): void {
    this.meanwhile = [];
  }

  /** The first page, or (`append`) one more. */
  setPage({ events, next }: EventPage, append: boolean): void {
    const known = new Set(append ? this.listed.map(({ id }) => id) : []);
    this.listed = [...(append ? this.listed : []), ...events.filter(({ id }) => !known.has(id))];
    this.next = next;
    this.asked = this.listed.length;
    const came = this.meanwhile ?? [];
    this.meanwhile = null;
    for (const event of came) this.put(event);
  }

  /** A new or changed event. One that is older than the loaded pages waits to be loaded. */
  put(event: Event): void {
    this.meanwhile?.push(event);
    if (event.clearedMs === null) this.open.set(event.id, event);
    else this.open.delete(event.id);
    if (this.listed.some(({ id }) => id === event.id)) {
      this.listed = this.listed.map((known) => (known.id === event.id ? event : known));
    } else if (this.belongs(event)) {
      this.listed = [...this.listed, event].sort((a, b) => b.raisedMs - a.raisedMs);
      if (!this.meanwhile) this.bound(); // else a page on its way would not join on
    }
  }

  private bound(): void {
    const kept = this.listed.slice(0, Math.max(MOST_LISTED, this.asked));
    const last = kept.at(-1);
    if (!last || kept.length === this.listed.length) return;
    this.listed = kept;
    this.next = `${last.raisedMs}_${last.id}`;
  }

  /** What a machine's card shows: an open event, rather one that nobody has acknowledged. */
  alertOf(machine: string): Event | null {
    const open = [...this.open.values()].filter((event) => event.machine === machine);
    return open.sort(byUrgency)[0] ?? null;
  }

  private belongs({ machine, raisedMs }: Event): boolean {
    const oldest = this.listed.at(-1);
    const loaded = this.next === null || oldest === undefined || raisedMs >= oldest.raisedMs;
    return loaded && (this.machine === null || this.machine === machine);
  }
}

function byUrgency(a: Event, b: Event): number {
  const unseen = Number(b.acknowledgedMs === null) - Number(a.acknowledgedMs === null);
  return unseen || b.raisedMs - a.raisedMs;
}
