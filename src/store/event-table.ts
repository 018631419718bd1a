import type { Database } from 'better-sqlite3';
import type { Contribution, Event, EventKind, EventLabel, TroubleCode } from '../contracts.js';
import type { EventQuery, LabelRecord } from './types.js';

interface EventRow {
  id: string;
  kind: EventKind;
  code: TroubleCode | null;
  feed: string;
  machine: string;
  raised_ms: number;
  cleared_ms: number | null;
  acknowledged_ms: number | null;
  peak: number | null;
  peak_ms: number;
  threshold: number | null;
  p_value: number | null;
  words: string;
  contribution: string | null;
  clip: string | null;
  model_digest: string;
  config_digest: string;
  label: EventLabel | null;
}

/** What a person or the clip writer added stays when the loop, which may not know of it, writes the event again. */
const UPSERT = `
  INSERT INTO events (id, kind, code, feed, machine, raised_ms, cleared_ms, acknowledged_ms, peak, peak_ms, threshold, p_value,
    words, contribution, clip, model_digest, config_digest, label)
  VALUES (@id, @kind, @code, @feed, @machine, @raised_ms, @cleared_ms, @acknowledged_ms, @peak, @peak_ms, @threshold, @p_value,
    @words, @contribution, @clip, @model_digest, @config_digest, @label)
  ON CONFLICT (id) DO UPDATE SET
    code = excluded.code, cleared_ms = excluded.cleared_ms, peak = excluded.peak, peak_ms = excluded.peak_ms,
    threshold = excluded.threshold, p_value = excluded.p_value, words = excluded.words,
    contribution = coalesce(excluded.contribution, contribution),
    clip = coalesce(excluded.clip, clip),
    acknowledged_ms = coalesce(acknowledged_ms, excluded.acknowledged_ms),
    label = coalesce(label, excluded.label)`;

export class EventTable {
  readonly #db;
  readonly #upsert;
  readonly #one;
  readonly #acknowledge;
  readonly #addLabel;
  readonly #setLabel;
  readonly #attach;

  constructor(db: Database) {
    this.#db = db;
    this.#upsert = db.prepare<[EventRow]>(UPSERT);
    this.#one = db.prepare<[string], EventRow>('SELECT * FROM events WHERE id = ?');
    this.#acknowledge = db.prepare<[number, string]>(
      'UPDATE events SET acknowledged_ms = coalesce(acknowledged_ms, ?) WHERE id = ?',
    );
    this.#addLabel = db.prepare<unknown[]>('INSERT INTO labels (event_id, label, note, at_ms) VALUES (?, ?, ?, ?)');
    this.#setLabel = db.prepare<[string, string]>('UPDATE events SET label = ? WHERE id = ?');
    this.#attach = db.prepare<[string, string]>('UPDATE events SET clip = ? WHERE id = ?');
  }

  put(event: Event): void {
    this.#upsert.run(toRow(event));
  }

  get(id: string): Event | null {
    const row = this.#one.get(id);
    return row ? toEvent(row) : null;
  }

  /** Events that have not cleared, oldest first. */
  open(): Event[] {
    const sql = 'SELECT * FROM events WHERE cleared_ms IS NULL ORDER BY raised_ms, id';
    return this.#db.prepare<[], EventRow>(sql).all().map(toEvent);
  }

  /** Newest first, a page at a time. */
  page({ machine, kind, open, before, limit }: EventQuery): Event[] {
    const clauses: string[] = [];
    const values: (string | number)[] = [];
    const where = (clause: string, ...bound: (string | number)[]) => {
      clauses.push(clause);
      values.push(...bound);
    };
    if (machine !== undefined) where('machine = ?', machine);
    if (kind !== undefined) where('kind = ?', kind);
    if (open !== undefined) where(open ? 'cleared_ms IS NULL' : 'cleared_ms IS NOT NULL');
    if (before) where('(raised_ms, id) < (?, ?)', Math.round(before.raisedMs), before.id);
    const filter = clauses.length > 0 ? `WHERE ${clauses.join(' AND ')}` : '';
    const sql = `SELECT * FROM events ${filter} ORDER BY raised_ms DESC, id DESC LIMIT ?`;
    return this.#db
      .prepare<(string | number)[], EventRow>(sql)
      .all(...values, Math.min(500, Math.max(1, Math.floor(limit))))
      .map(toEvent);
  }

  acknowledge(id: string, atMs: number): void {
    this.#acknowledge.run(Math.round(atMs), id);
  }

  label({ eventId, label, note, atMs }: LabelRecord): void {
    this.#addLabel.run(eventId, label, note, Math.round(atMs));
    this.#setLabel.run(label, eventId);
  }

  /** Newest first. */
  labels({ machine, sinceMs }: { machine?: string; sinceMs?: number }): LabelRecord[] {
    const sql = `
      SELECT l.event_id AS eventId, l.label, l.note, l.at_ms AS atMs FROM labels l JOIN events e ON e.id = l.event_id
      WHERE (@machine IS NULL OR e.machine = @machine) AND l.at_ms >= @sinceMs
      ORDER BY l.at_ms DESC, l.id DESC`;
    const bound = { machine: machine ?? null, sinceMs: sinceMs ?? 0 };
    return this.#db.prepare<[typeof bound], LabelRecord>(sql).all(bound);
  }

  attachClip(id: string, sha256: string): void {
    this.#attach.run(sha256, id);
  }
}

/** SQLite has no NaN: it is kept as NULL and comes back as NaN. */
function toRow(event: Event): EventRow {
  return {
    id: event.id,
    kind: event.kind,
    code: event.code,
    feed: event.feed,
    machine: event.machine,
    raised_ms: Math.round(event.raisedMs),
    cleared_ms: event.clearedMs === null ? null : Math.round(event.clearedMs),
    acknowledged_ms: event.acknowledgedMs === null ? null : Math.round(event.acknowledgedMs),
    peak: event.peak,
    peak_ms: Math.round(event.peakMs),
    threshold: event.threshold,
    p_value: event.pValue,
    words: event.words,
    contribution: event.contribution ? JSON.stringify(event.contribution) : null,
    clip: event.clip,
    model_digest: event.modelDigest,
    config_digest: event.configDigest,
    label: event.label,
  };
}

function toEvent(row: EventRow): Event {
  return {
    id: row.id,
    kind: row.kind,
    code: row.code,
    feed: row.feed,
    machine: row.machine,
    raisedMs: row.raised_ms,
    clearedMs: row.cleared_ms,
    acknowledgedMs: row.acknowledged_ms,
    peak: row.peak ?? Number.NaN,
    peakMs: row.peak_ms,
    threshold: row.threshold ?? Number.NaN,
    pValue: row.p_value ?? Number.NaN,
    words: row.words,
    contribution: row.contribution === null ? null : (JSON.parse(row.contribution) as Contribution),
    clip: row.clip,
    modelDigest: row.model_digest,
    configDigest: row.config_digest,
    label: row.label,
  };
}
