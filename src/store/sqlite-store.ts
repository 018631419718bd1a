import { dirname } from 'node:path';
import type { Database } from 'better-sqlite3';
import { type Event, type EventChange, InternalError, type MachineState, type Verdict } from '../contracts.js';
import { freeBytes, hasRoom } from '../sources/free-space.js';
import { attempt } from '../sources/storage-error.js';
import { ClipFolder } from './clip-folder.js';
import { ClipWriter } from './clip-writer.js';
import { checkpoint, fileBytes, setTight, walBytes } from './connection.js';
import type { Reserve } from './disk-space.js';
import { DriftTable } from './drift-table.js';
import { DurableWriter } from './durable-writer.js';
import { EventTable } from './event-table.js';
import { MachineTable } from './machine-table.js';
import { OutboxTable } from './outbox-table.js';
import { Pressure } from './pressure.js';
import { ScoreBuffer } from './score-buffer.js';
import { ScoreTable } from './score-table.js';
import { StateWriter } from './state-writer.js';
import type * as T from './types.js';

const UPKEEP_MS = 60_000;
const SACRIFICE_BYTES = 1024 * 1024;

/** Every option of StoreOptions, filled in. */
export type StoreSettings = Required<Omit<T.StoreOptions, 'retention' | 'maxDatabaseBytes'>> & {
  readonly retention: Required<T.Retention>;
};

export interface SqliteStoreParts {
  readonly db: Database;
  /** Lets another process open the database. */
  readonly unlock: () => void;
  readonly reserve: Reserve;
  readonly settings: StoreSettings;
  /** True when the database was made by this opening. */
  readonly fresh: boolean;
}

/** Joins the tables on one connection; each method only says which of them does the work. */
export class SqliteStore implements T.Store {
  readonly path: string;
  readonly #db: Database;
  readonly #unlock: () => void;
  readonly #thing: string;
  readonly #reserve: Reserve;
  readonly #settings: StoreSettings;
  readonly #pressure: Pressure;
  readonly #events: EventTable;
  readonly #outbox: OutboxTable;
  readonly #writer: DurableWriter;
  readonly #scores: ScoreTable;
  readonly #buffer: ScoreBuffer;
  readonly #drift: DriftTable;
  readonly #machines: MachineTable;
  readonly #states: StateWriter;
  readonly #clips: ClipFolder;
  readonly #clipWriter: ClipWriter;
  readonly #timer: NodeJS.Timeout | null;
  #upkeepDueMs = 0;
  #closing: Promise<void> | null = null;

  /** Takes over the connection and the lock. */
  constructor({ db, unlock, reserve, settings, fresh }: SqliteStoreParts) {
    const { path, clipDir, retention } = settings;
    const thing = `database ${path}`;
    const pressure = new Pressure((line) => settings.onNotice(`${thing}: ${line}`));
    this.path = path;
    this.#db = db;
    this.#unlock = unlock;
    this.#thing = thing;
    this.#reserve = reserve;
    this.#settings = settings;
    this.#pressure = pressure;
    this.#events = new EventTable(db);
    this.#outbox = new OutboxTable(db, settings.outboxLimit);
    this.#scores = new ScoreTable(db);
    this.#drift = new DriftTable(db);
    this.#machines = new MachineTable(db);
    this.#states = new StateWriter(thing, this.#machines);
    this.#clips = new ClipFolder(db, clipDir);
    this.#clips.reconcile(fresh);
    this.#buffer = new ScoreBuffer({ path, table: this.#scores, pressure, floorBytes: settings.scoreFloorBytes });
    this.#clipWriter = new ClipWriter({
      clipDir,
      folder: this.#clips,
      events: this.#events,
      pressure,
      quotaBytes: retention.clipsBytes,
      floorBytes: settings.clipFloorBytes,
    });
    this.#writer = new DurableWriter({
      db,
      thing,
      events: this.#events,
      outbox: this.#outbox,
      pressure,
      waysOut: this.#waysOut(),
    });
    this.#timer = settings.flushMs > 0 ? setInterval(() => this.#tick(), settings.flushMs).unref() : null;
  }

  /** What an event is worth more than, least first; then the WAL's room is given back while there is any to do it in. */
  #waysOut(): (() => boolean)[] {
    const ways = [
      () => this.#reserve.release(),
      () => this.#clips.sacrifice(SACRIFICE_BYTES),
      () => this.#scores.dropOldest(),
    ];
    return ways.map((way) => () => {
      setTight(this.#db, true);
      let freed = false;
      attempt(this.#thing, () => {
        freed = way();
        if (freed) checkpoint(this.#db, 0);
      });
      return freed;
    });
  }

  #tick(): void {
    try {
      this.flush();
    } catch (error) {
      this.#settings.onNotice(error instanceof Error ? error.message : String(error));
    }
  }

  // -------------------------------------------------------------- events and messages

  recordEvent(event: Event, change: EventChange, messages: readonly T.NewOutboxMessage[]): 'stored' | 'held' {
    if (change === 'cleared' && event.clearedMs === null) {
      throw new InternalError(`event ${event.id}: change is cleared, expected clearedMs, found null`);
    }
    return this.#writer.write(event, messages);
  }

  pending(limit: number): T.OutboxMessage[] {
    return this.#writer.pending(limit);
  }

  delivered(id: number): void {
    this.#writer.delivered(id);
  }

  openEvents(): Event[] {
    return this.#events.open();
  }

  event(id: string): Event | null {
    return this.#events.get(id);
  }

  events(query: T.EventQuery): Event[] {
    return this.#events.page(query);
  }

  acknowledge(eventId: string, atMs: number, messages?: T.MessagesAbout): Event | null {
    return this.#amend(eventId, () => this.#events.acknowledge(eventId, atMs), messages);
  }

  label(record: T.LabelRecord, messages?: T.MessagesAbout): Event | null {
    return this.#amend(record.eventId, () => this.#events.label(record), messages);
  }

  /** Changes an event that is stored, and queues what is to be said about it, in one transaction. */
  #amend(id: string, change: () => void, messages: T.MessagesAbout = () => []): Event | null {
    let amended: Event | null = null;
    const amend = this.#db.transaction(() => {
      if (!this.#events.get(id)) return;
      change();
      amended = this.#events.get(id);
      if (amended) this.#outbox.add(messages(amended));
    });
    this.#mustWrite(amend);
    return amended;
  }

  /** For what a person asked for: written, or the person is told why not. */
  #mustWrite(work: () => void): void {
    const failure = this.#writer.insist(work);
    if (failure) throw failure;
  }

  labels(query: { readonly machine?: string; readonly sinceMs?: number } = {}): T.LabelRecord[] {
    return this.#events.labels(query);
  }

  // -------------------------------------------------------------- scores

  addVerdict(verdict: Verdict): void {
    this.#buffer.add(verdict);
  }

  flush(): void {
    if (this.#writer.heldChanges > 0) this.#writer.drain();
    this.#states.flush();
    this.#buffer.flush();
    const now = this.#settings.nowMs();
    if (now < this.#upkeepDueMs || this.#writer.heldChanges > 0) return;
    this.#upkeepDueMs = now + UPKEEP_MS;
    const failure = attempt(this.#thing, () => this.#upkeep(now));
    if (failure) this.#settings.onNotice(failure.message);
  }

  /** Age, size and what a full disk left undone. */
  #upkeep(now: number): void {
    const { retention, clipFloorBytes } = this.#settings;
    this.#writer.confirmRest();
    this.#clips.settle();
    if (this.#scores.rollUp(now - retention.windowScoresMs)) this.#upkeepDueMs = now;
    this.#scores.expire(now - retention.minuteScoresMs);
    this.#clips.expire(now - retention.clipsMs);
    checkpoint(this.#db);
    this.#clipWriter.lookForRoom();
    if (!hasRoom(dirname(this.path), 0, clipFloorBytes)) return;
    this.#reserve.fill();
    setTight(this.#db, false);
  }

  scores(query: T.ScoreQuery): T.ScoreSeries[] {
    return this.#scores.series(query);
  }

  oldestScoreMs(query: Pick<T.ScoreQuery, 'machine' | 'feed'>): number | null {
    return this.#scores.oldestMs(query);
  }

  keepDrift(record: T.DriftRecord): void {
    attempt(this.#thing, () => this.#drift.put(record));
  }

  drift(feed: string): T.DriftRecord | null {
    return this.#drift.get(feed);
  }

  // -------------------------------------------------------------- machines

  setState(machine: string, state: MachineState, atMs: number): void {
    this.#states.set(machine, state, atMs);
  }

  states(): T.MachineStateRecord[] {
    return this.#machines.states();
  }

  forgetState(machine: string): void {
    attempt(this.#thing, () => this.#machines.forget(machine));
  }

  mute(machine: string, untilMs: number): void {
    this.#mustWrite(() => this.#machines.mute(machine, untilMs));
  }

  unmute(machine: string): void {
    this.#mustWrite(() => this.#machines.unmute(machine));
  }

  mutes(nowMs: number): T.Mute[] {
    return this.#machines.mutes(nowMs);
  }

  // -------------------------------------------------------------- clips

  saveClip(clip: T.NewClip): Promise<string | null> {
    return this.#clipWriter.save(clip);
  }

  clip(sha256: string): T.Clip | null {
    return this.#clips.get(sha256);
  }

  // -------------------------------------------------------------- the whole

  health(): T.StoreHealth {
    return {
      degradation: this.#pressure.degradation,
      reason: this.#pressure.reason,
      pendingMessages: this.#writer.pendingMessages,
      heldChanges: this.#writer.heldChanges,
      droppedTelemetry: this.#outbox.dropped,
      droppedScores: this.#buffer.dropped,
      droppedClips: this.#clipWriter.dropped,
      databaseBytes: fileBytes(this.path),
      walBytes: walBytes(this.path),
      clipBytes: this.#clips.totalBytes(),
      freeBytes: freeBytes(dirname(this.path)),
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    await this.#clipWriter.settled();
    this.#tick();
    const held = this.#writer.heldChanges;
    if (held > 0) this.#settings.onNotice(`${this.#thing}: ${held} event changes could not be stored`);
    this.#db.close();
    this.#unlock();
  }
}
