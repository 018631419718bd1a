/** What the store keeps and hands out. Times are UTC milliseconds. */
import type { Event, EventChange, EventKind, EventLabel, MachineState, Verdict } from '../contracts.js';

// ---------------------------------------------------------------- outbox

/** `alert`: never dropped. `telemetry`: oldest dropped first when the outbox is full. */
export type OutboxKind = 'alert' | 'telemetry';

/** A message to be written beside what it tells of. */
export interface NewOutboxMessage {
  readonly kind: OutboxKind;
  readonly topic: string;
  /** JSON text. */
  readonly payload: string;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  readonly createdMs: number;
}

/** A message that waits for delivery. Ids rise in the order of writing; an id < 0 is held in memory because the disk is full. */
export interface OutboxMessage extends NewOutboxMessage {
  readonly id: number;
}

/** The part of the store that a sink delivers from. */
export interface Outbox {
  /** The oldest undelivered messages, in order. */
  pending(limit: number): OutboxMessage[];
  /** Forgets a message that the other side has confirmed; an unknown id is ignored. */
  delivered(id: number): void;
}

// ---------------------------------------------------------------- events

/** Position in the list of events, newest first. */
export interface EventCursor {
  readonly raisedMs: number;
  readonly id: string;
}

export interface EventQuery {
  readonly machine?: string;
  readonly kind?: EventKind;
  /** true: only events that have not cleared; false: only cleared ones. */
  readonly open?: boolean;
  /** Only events older than this one: the last event of the page before. */
  readonly before?: EventCursor;
  /** 1…500. */
  readonly limit: number;
}

/** One judgement on an event by a person; the newest is also `Event.label`. */
export interface LabelRecord {
  readonly eventId: string;
  readonly label: EventLabel;
  readonly note: string | null;
  readonly atMs: number;
}

// ---------------------------------------------------------------- scores

export interface Spread {
  readonly min: number;
  readonly mean: number;
  readonly max: number;
}

/** The windows of one feed that ended in [startMs, startMs + bucket). */
export interface ScorePoint {
  readonly startMs: number;
  readonly count: number;
  readonly score: Spread;
  /** The smoothed score, which `threshold` is for. */
  readonly statistic: Spread;
  /** Mean over the bucket. */
  readonly threshold: number;
  /** Smallest of the bucket. */
  readonly pValue: number;
  /** Of the newest window in the bucket. */
  readonly state: MachineState;
  /** Where drift was followed: scores of the model as commissioned. */
  readonly frozen: Spread | null;
}

export interface ScoreSeries {
  readonly feed: string;
  readonly machine: string;
  readonly bucketMs: number;
  /** In order of time; buckets without windows are left out. */
  readonly points: readonly ScorePoint[];
}

export interface ScoreQuery {
  /** One machine (all its feeds), one feed, or neither for all feeds. */
  readonly machine?: string;
  readonly feed?: string;
  readonly fromMs: number;
  /** Exclusive. */
  readonly toMs: number;
  /** Upper bound of points a feed, 1…10,000. */
  readonly maxPoints: number;
}

/** What following the drift of one feed has come to. */
export interface DriftRecord {
  readonly feed: string;
  /** The package that it belongs to. */
  readonly model: string;
  readonly state: Float64Array;
}

// ---------------------------------------------------------------- machines

export interface MachineStateRecord {
  readonly machine: string;
  readonly state: MachineState;
  /** When the machine came into this state. */
  readonly sinceMs: number;
}

export interface Mute {
  readonly machine: string;
  readonly untilMs: number;
}

// ---------------------------------------------------------------- clips

export type ClipType = 'audio/wav' | 'image/png' | 'image/jpeg';

export interface Clip {
  readonly sha256: string;
  readonly type: ClipType;
  readonly bytes: number;
  readonly createdMs: number;
  /** Absolute path of the file. */
  readonly path: string;
}

export interface NewClip {
  readonly data: Uint8Array;
  readonly type: ClipType;
  readonly createdMs: number;
  /** Event whose `clip` becomes this one, if it is stored already. */
  readonly eventId: string | null;
}

// ---------------------------------------------------------------- store

/** What is to be said about an event once it has been amended. */
export type MessagesAbout = (event: Event) => readonly NewOutboxMessage[];

/** What is given up while the disk is full, mildest first. */
export type Degradation = 'none' | 'no-clips' | 'no-scores' | 'events-in-memory';

export interface StoreHealth {
  readonly degradation: Degradation;
  /** Why, in one line; null while nothing is wrong. */
  readonly reason: string | null;
  readonly pendingMessages: number;
  /** Event changes held in memory until the disk takes them. */
  readonly heldChanges: number;
  readonly droppedTelemetry: number;
  readonly droppedScores: number;
  readonly droppedClips: number;
  readonly databaseBytes: number;
  readonly walBytes: number;
  readonly clipBytes: number;
  /** Free for us on the database's disk; null where it cannot be asked. */
  readonly freeBytes: number | null;
}

export interface Retention {
  /** Age at which window scores are rolled up to minutes. Default 1 day. */
  readonly windowScoresMs?: number;
  /** Age at which minutes are deleted. Default 400 days. */
  readonly minuteScoresMs?: number;
  /** Age at which clips are deleted. Default 90 days. */
  readonly clipsMs?: number;
  /** Most bytes of clips. Default 2 GiB. */
  readonly clipsBytes?: number;
}

export interface StoreOptions {
  /** The SQLite file; its folder is made if it is missing. */
  readonly path: string;
  /** Folder of the clips; made if it is missing. */
  readonly clipDir: string;
  readonly retention?: Retention;
  /** Most telemetry messages that wait; alerts are not counted. Default 10,000. */
  readonly outboxLimit?: number;
  /** Free disk space below which no clip is written. Default 64 MiB. */
  readonly clipFloorBytes?: number;
  /** Free disk space below which no score is written. Default 16 MiB. */
  readonly scoreFloorBytes?: number;
  /** Size of the file that is given up so that events can still be written on a full disk; 0 for none. Default 2 MiB. */
  readonly reserveBytes?: number;
  /** Largest size of the database; reached, it acts like a full disk. Default: no bound. */
  readonly maxDatabaseBytes?: number;
  /** Period of flushing scores and of upkeep; 0: only when `flush` is called. Default 1,000 ms. */
  readonly flushMs?: number;
  readonly nowMs?: () => number;
  /** Called with one line when something is given up, and when it is taken up again. */
  readonly onNotice?: (line: string) => void;
}

/**
 * One SQLite file and a folder of clips. The one owner calls `close`.
 * Methods are synchronous unless they touch clip files. What a person asked for (acknowledge, label, mute) throws a StorageError when
 * the disk does not take it; what the loop writes (events, scores, states, clips) degrades instead: see `health`.
 */
export interface Store extends Outbox {
  readonly path: string;

  /**
   * Writes an event as it now is, together with the messages about it: both or neither. A label, acknowledgement or clip
   * that the store has and `event` lacks is kept. On a full disk both are held in memory and `held` is returned: the messages
   * still come out of `pending`, and the disk gets them when it can.
   */
  recordEvent(event: Event, change: EventChange, messages: readonly NewOutboxMessage[]): 'stored' | 'held';
  /** Events that have not cleared, oldest first: to be resumed after a restart. */
  openEvents(): Event[];
  event(id: string): Event | null;
  /** Newest first. */
  events(query: EventQuery): Event[];
  /** Acknowledges one event; the first acknowledgement stays. Returns the event, or null if there is none with this id. */
  acknowledge(eventId: string, atMs: number, messages?: MessagesAbout): Event | null;
  /** Judges one event; every judgement is kept, the newest counts. Returns the event, or null if there is none with this id. */
  label(record: LabelRecord, messages?: MessagesAbout): Event | null;
  /** Judgements, newest first. */
  labels(query?: { readonly machine?: string; readonly sinceMs?: number }): LabelRecord[];

  /** Buffers a verdict; written at the next flush. */
  addVerdict(verdict: Verdict): void;
  /** Writes the buffered scores and does upkeep that is due. Never throws for a full disk: see `health`. */
  flush(): void;
  scores(query: ScoreQuery): ScoreSeries[];
  /** When the oldest score that is stored of a feed or a machine begins; null where there is none. */
  oldestScoreMs(query: Pick<ScoreQuery, 'machine' | 'feed'>): number | null;

  /** Remembers what following drift has come to; given up quietly on a full disk. */
  keepDrift(record: DriftRecord): void;
  drift(feed: string): DriftRecord | null;

  /** Remembers a machine's state, on a full disk as soon as there is room; `sinceMs` moves only when the state changes. */
  setState(machine: string, state: MachineState, atMs: number): void;
  states(): MachineStateRecord[];
  /** Forgets a machine's state; given up quietly on a full disk. */
  forgetState(machine: string): void;
  mute(machine: string, untilMs: number): void;
  unmute(machine: string): void;
  /** Mutes that have not run out at `nowMs`. */
  mutes(nowMs: number): Mute[];

  /** Writes a clip within the quota and returns its SHA-256, or null when there is no room for it. */
  saveClip(clip: NewClip): Promise<string | null>;
  clip(sha256: string): Clip | null;

  health(): StoreHealth;
  /** Flushes, checkpoints and closes. Closing again does nothing. */
  close(): Promise<void>;
}
