import type { Database } from 'better-sqlite3';
import type { MachineState, Verdict } from '../contracts.js';
import type { ScorePoint, ScoreQuery, ScoreSeries, Spread } from './types.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** Position = the number in the database: append only. */
const STATES: readonly MachineState[] = ['unknown', 'normal', 'anomalous', 'off', 'learning', 'muted', 'sensor-fault'];

interface FeedRow {
  id: number;
  feed: string;
  machine: string;
}

interface PointRow {
  bucket: number;
  n: number;
  score_min: number;
  score_mean: number;
  score_max: number;
  statistic_min: number;
  statistic_mean: number;
  statistic_max: number;
  threshold: number;
  p_value: number;
  state: number;
  frozen_min: number | null;
  frozen_mean: number | null;
  frozen_max: number | null;
}

/** Columns of a bucket over rows (n, at, score_*, statistic_*, …); the newest row's state is packed behind its time. */
const AGGREGATES = `
  sum(n) AS n,
  min(score_min) AS score_min, sum(score_mean * n) / sum(n) AS score_mean, max(score_max) AS score_max,
  min(statistic_min) AS statistic_min, sum(statistic_mean * n) / sum(n) AS statistic_mean, max(statistic_max) AS statistic_max,
  sum(threshold * n) / sum(n) AS threshold, min(p_value) AS p_value, max(at * 16 + state) % 16 AS state,
  min(frozen_min) AS frozen_min, sum(frozen_mean * n) / sum(iif(frozen_mean IS NULL, 0, n)) AS frozen_mean,
  max(frozen_max) AS frozen_max`;

const WINDOWS = `
  SELECT 1 AS n, end_ms AS at, score AS score_min, score AS score_mean, score AS score_max,
    statistic AS statistic_min, statistic AS statistic_mean, statistic AS statistic_max, threshold, p_value, state,
    frozen_score AS frozen_min, frozen_score AS frozen_mean, frozen_score AS frozen_max
  FROM window_scores WHERE feed_id = @feed AND end_ms >= @from AND end_ms < @to`;

const MINUTES = `
  SELECT n, minute_ms AS at, score_min, score_mean, score_max, statistic_min, statistic_mean, statistic_max, threshold, p_value, state,
    frozen_min, frozen_mean, frozen_max
  FROM minute_scores WHERE feed_id = @feed AND minute_ms >= @from AND minute_ms < @to`;

/** Scores of every window for a while, then of every minute. */
export class ScoreTable {
  readonly #db;
  readonly #feedIds = new Map<string, number>();
  readonly #insert;
  readonly #oldest;
  readonly #oldestMinute;
  readonly #rollUp;
  readonly #deleteWindows;
  readonly #points;
  readonly #expire;

  constructor(db: Database) {
    this.#db = db;
    this.#insert = db.prepare<unknown[]>(
      'INSERT OR REPLACE INTO window_scores (feed_id, end_ms, score, statistic, threshold, p_value, state, frozen_score) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    );
    this.#oldest = db
      .prepare<[number], number | null>('SELECT min(end_ms) FROM window_scores WHERE feed_id = ?')
      .pluck();
    this.#oldestMinute = db
      .prepare<[number], number | null>('SELECT min(minute_ms) FROM minute_scores WHERE feed_id = ?')
      .pluck();
    this.#rollUp = db.prepare<[object]>(`
      INSERT OR REPLACE INTO minute_scores
      SELECT @feed, at / ${MINUTE_MS} * ${MINUTE_MS} AS minute_ms, ${AGGREGATES}
      FROM (${WINDOWS} UNION ALL ${MINUTES}) GROUP BY 2`);
    this.#deleteWindows = db.prepare<[number, number]>('DELETE FROM window_scores WHERE feed_id = ? AND end_ms < ?');
    this.#points = db.prepare<[object], PointRow>(`
      SELECT (at - CAST(@from AS INTEGER)) / CAST(@bucket AS INTEGER) AS bucket, ${AGGREGATES}
      FROM (${WINDOWS} UNION ALL ${MINUTES}) GROUP BY 1 ORDER BY 1`);
    this.#expire = db.prepare<[number, number]>('DELETE FROM minute_scores WHERE feed_id = ? AND minute_ms < ?');
  }

  /** Writes verdicts in one transaction; those that are not finite cannot be stored and are left out. Returns how many were. */
  add(verdicts: readonly Verdict[]): number {
    const finite = verdicts.filter((v) =>
      [v.score, v.statistic, v.threshold, v.pValue, v.endMs].every(Number.isFinite),
    );
    try {
      this.#db.transaction(() => this.#insertAll(finite))();
    } catch (error) {
      this.#feedIds.clear(); // the feeds that it had added went with the transaction
      throw error;
    }
    return verdicts.length - finite.length;
  }

  #insertAll(verdicts: readonly Verdict[]): void {
    for (const { feed, machine, endMs, score, statistic, threshold, pValue, state, frozenScore } of verdicts) {
      const code = Math.max(0, STATES.indexOf(state));
      const frozen = frozenScore !== undefined && Number.isFinite(frozenScore) ? frozenScore : null;
      const id = this.#feedId(feed, machine);
      this.#insert.run(id, Math.round(endMs), score, statistic, threshold, pValue, code, frozen);
    }
  }

  #feedId(feed: string, machine: string): number {
    const key = JSON.stringify([feed, machine]);
    const known = this.#feedIds.get(key);
    if (known !== undefined) return known;
    this.#db.prepare('INSERT OR IGNORE INTO feeds (feed, machine) VALUES (?, ?)').run(feed, machine);
    const id = Number(
      this.#db.prepare('SELECT id FROM feeds WHERE feed = ? AND machine = ?').pluck().get(feed, machine),
    );
    this.#feedIds.set(key, id);
    return id;
  }

  #feeds({ feed, machine }: { feed?: string; machine?: string } = {}): FeedRow[] {
    const sql =
      'SELECT * FROM feeds WHERE (@feed IS NULL OR feed = @feed) AND (@machine IS NULL OR machine = @machine) ORDER BY machine, feed';
    return this.#db.prepare<[object], FeedRow>(sql).all({ feed: feed ?? null, machine: machine ?? null });
  }

  series(query: ScoreQuery): ScoreSeries[] {
    const from = Math.floor(query.fromMs);
    const to = Math.max(from, Math.floor(query.toMs));
    const bucketMs = Math.max(1, Math.ceil((to - from) / Math.min(10_000, Math.max(1, Math.floor(query.maxPoints)))));
    return this.#feeds(query).map(({ id, feed, machine }) => ({
      feed,
      machine,
      bucketMs,
      points: this.#points.all({ feed: id, from, to, bucket: bucketMs }).map((row) => toPoint(row, from, bucketMs)),
    }));
  }

  oldestMs(query: Pick<ScoreQuery, 'machine' | 'feed'>): number | null {
    const starts = this.#feeds(query).flatMap(({ id }) => [this.#oldest.get(id), this.#oldestMinute.get(id)]);
    const known = starts.filter((ms) => ms !== null && ms !== undefined);
    return known.length > 0 ? Math.min(...known) : null;
  }

  /**
   * Rolls windows that ended before `beforeMs` up to minutes, at most an hour of each feed so that nothing waits for long.
   * @returns true when more is left
   */
  rollUp(beforeMs: number): boolean {
    const cutoff = Math.floor(beforeMs / MINUTE_MS) * MINUTE_MS;
    let more = false;
    for (const { id } of this.#feeds()) {
      const oldest = this.#oldest.get(id);
      if (oldest === undefined || oldest === null || oldest >= cutoff) continue;
      const from = Math.floor(oldest / MINUTE_MS) * MINUTE_MS;
      const to = Math.min(cutoff, from + HOUR_MS);
      this.#db.transaction(() => {
        this.#rollUp.run({ feed: id, from, to });
        this.#deleteWindows.run(id, to);
      })();
      more ||= to < cutoff;
    }
    return more;
  }

  /** Deletes minutes before `beforeMs`; by feed, as the key goes, since years of minutes take long to look through. */
  expire(beforeMs: number): void {
    for (const { id } of this.#feeds()) this.#expire.run(id, Math.round(beforeMs));
  }

  /** Frees pages for events: deletes the oldest tenth (at least an hour) of every feed's windows. Returns false when there was nothing. */
  dropOldest(): boolean {
    const sql = 'SELECT min(end_ms) AS oldest, max(end_ms) AS newest FROM window_scores WHERE feed_id = ?';
    let dropped = 0;
    for (const { id } of this.#feeds()) {
      const range = this.#db.prepare<[number], { oldest: number | null; newest: number | null }>(sql).get(id);
      if (!range || range.oldest === null || range.newest === null) continue;
      const span = Math.max(HOUR_MS, (range.newest - range.oldest) / 10);
      dropped += this.#deleteWindows.run(id, Math.round(range.oldest + span)).changes;
    }
    return dropped > 0;
  }
}

function toPoint(row: PointRow, from: number, bucketMs: number): ScorePoint {
  return {
    startMs: from + row.bucket * bucketMs,
    count: row.n,
    score: { min: row.score_min, mean: row.score_mean, max: row.score_max },
    statistic: { min: row.statistic_min, mean: row.statistic_mean, max: row.statistic_max },
    threshold: row.threshold,
    pValue: row.p_value,
    state: STATES[row.state] ?? 'unknown',
    frozen: frozenOf(row),
  };
}

function frozenOf({ frozen_min: min, frozen_mean: mean, frozen_max: max }: PointRow): Spread | null {
  return min === null || mean === null || max === null ? null : { min, mean, max };
}
