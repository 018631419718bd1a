import type { Database } from 'better-sqlite3';
import { ConfigError } from '../contracts.js';

/** One step forward. Released steps never change: a mistake is mended by the next step. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
}

export const MIGRATIONS: readonly Migration[] = [
  {
    number: 1,
    name: 'events, their labels and their messages',
    sql: `
      CREATE TABLE events (
        id TEXT PRIMARY KEY,
        kind TEXT NOT NULL,
        code TEXT,
        feed TEXT NOT NULL,
        machine TEXT NOT NULL,
        raised_ms INTEGER NOT NULL,
        cleared_ms INTEGER,
        acknowledged_ms INTEGER,
        peak REAL,
        peak_ms INTEGER NOT NULL,
        threshold REAL,
        p_value REAL,
        words TEXT NOT NULL,
        contribution TEXT,
        clip TEXT,
        model_digest TEXT NOT NULL,
        config_digest TEXT NOT NULL,
        label TEXT
      ) STRICT;
      CREATE INDEX events_by_time ON events (raised_ms, id);
      CREATE INDEX events_by_machine ON events (machine, raised_ms, id);
      CREATE INDEX events_open ON events (raised_ms, id) WHERE cleared_ms IS NULL;
      CREATE INDEX events_by_clip ON events (clip) WHERE clip IS NOT NULL;

      CREATE TABLE labels (
        id INTEGER PRIMARY KEY,
        event_id TEXT NOT NULL REFERENCES events (id) ON DELETE CASCADE,
        label TEXT NOT NULL,
        note TEXT,
        at_ms INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX labels_by_event ON labels (event_id);

      CREATE TABLE outbox (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL,
        topic TEXT NOT NULL,
        payload TEXT NOT NULL,
        qos INTEGER NOT NULL,
        retain INTEGER NOT NULL,
        created_ms INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX outbox_bounded ON outbox (kind, topic, id) WHERE kind <> 'alert';
    `,
  },
  {
    number: 2,
    name: 'scores, and machines as they were left',
    sql: `
      CREATE TABLE feeds (
        id INTEGER PRIMARY KEY,
        feed TEXT NOT NULL,
        machine TEXT NOT NULL,
        UNIQUE (feed, machine)
      ) STRICT;
      CREATE TABLE window_scores (
        feed_id INTEGER NOT NULL REFERENCES feeds (id),
        end_ms INTEGER NOT NULL,
        score REAL NOT NULL,
        statistic REAL NOT NULL,
        threshold REAL NOT NULL,
        p_value REAL NOT NULL,
        state INTEGER NOT NULL,
        PRIMARY KEY (feed_id, end_ms)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE minute_scores (
        feed_id INTEGER NOT NULL REFERENCES feeds (id),
        minute_ms INTEGER NOT NULL,
        n INTEGER NOT NULL,
        score_min REAL NOT NULL, score_mean REAL NOT NULL, score_max REAL NOT NULL,
        statistic_min REAL NOT NULL, statistic_mean REAL NOT NULL, statistic_max REAL NOT NULL,
        threshold REAL NOT NULL,
        p_value REAL NOT NULL,
        state INTEGER NOT NULL,
        PRIMARY KEY (feed_id, minute_ms)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE machine_states (
        machine TEXT PRIMARY KEY,
        state TEXT NOT NULL,
        since_ms INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE mutes (
        machine TEXT PRIMARY KEY,
        until_ms INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
    `,
  },
  {
    number: 3,
    name: 'clips',
    sql: `
      CREATE TABLE clips (
        sha256 TEXT PRIMARY KEY,
        type TEXT NOT NULL,
        bytes INTEGER NOT NULL,
        created_ms INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX clips_by_age ON clips (created_ms);
    `,
  },
  {
    number: 4,
    name: 'scores of the commissioned model beside those that follow drift, and what that has come to',
    sql: `
      ALTER TABLE window_scores ADD COLUMN frozen_score REAL;
      ALTER TABLE minute_scores ADD COLUMN frozen_min REAL;
      ALTER TABLE minute_scores ADD COLUMN frozen_mean REAL;
      ALTER TABLE minute_scores ADD COLUMN frozen_max REAL;
      CREATE TABLE drift_states (
        feed TEXT PRIMARY KEY,
        model TEXT NOT NULL,
        state BLOB NOT NULL
      ) STRICT, WITHOUT ROWID;
    `,
  },
];

/**
 * Brings the database forward, each step in a transaction of its own. The number of the last step is SQLite's `user_version`.
 * @throws {ConfigError} when the database was written by a newer Auscult
 */
export function migrate(db: Database, path: string, migrations: readonly Migration[] = MIGRATIONS): void {
  const version = Number(db.pragma('user_version', { simple: true }));
  const newest = migrations.at(-1)?.number ?? 0;
  if (version > newest) {
    throw new ConfigError(
      `database ${path}: this Auscult knows versions up to ${newest}, the file is version ${version}: use a newer Auscult`,
    );
  }
  for (const step of migrations.filter(({ number }) => number > version)) {
    db.transaction(() => {
      db.exec(step.sql);
      db.pragma(`user_version = ${step.number}`);
    })();
  }
}
