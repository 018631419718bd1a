/** SKAB's own figures: per row, and how soon a fault is told. Pure. */

/** One run, row by row; all arrays have one entry a row. */
export interface JudgedRows {
  /** 1 where the row is labelled anomalous. */
  readonly anomalous: Uint8Array;
  /** 1 where the labels have a changepoint. */
  readonly changepoint: Uint8Array;
  /** 1 where the row is called anomalous. */
  readonly flagged: Uint8Array;
  /** UTC milliseconds. */
  readonly atMs: Float64Array;
}

export interface Confusion {
  readonly hits: number;
  readonly misses: number;
  readonly falseAlarms: number;
  readonly quiet: number;
}

export interface RowFigures {
  readonly f1: number;
  /** Share of the normal rows that are flagged. NaN without normal rows. */
  readonly falseAlarmRate: number;
  /** Share of the anomalous rows that are not. NaN without anomalous rows. */
  readonly missingAlarmRate: number;
}

/** Rows counted by what they are and what was said of them. */
export function confusionOf({ anomalous, flagged }: Pick<JudgedRows, 'anomalous' | 'flagged'>): Confusion {
  const counts = { hits: 0, misses: 0, falseAlarms: 0, quiet: 0 };
  anomalous.forEach((is, i) => {
    if (is) counts[flagged[i] ? 'hits' : 'misses']++;
    else counts[flagged[i] ? 'falseAlarms' : 'quiet']++;
  });
  return counts;
}

/** All rows of all runs together, as SKAB's leaderboard counts them. */
export function pooled(all: readonly Confusion[]): Confusion {
  const sum = (of: (one: Confusion) => number) => all.reduce((total, one) => total + of(one), 0);
  return {
    hits: sum(({ hits }) => hits),
    misses: sum(({ misses }) => misses),
    falseAlarms: sum(({ falseAlarms }) => falseAlarms),
    quiet: sum(({ quiet }) => quiet),
  };
}

/** F1 = 2TP/(2TP + FP + FN), FAR = FP/(FP + TN), MAR = FN/(FN + TP). */
export function figuresOf({ hits, misses, falseAlarms, quiet }: Confusion): RowFigures {
  return {
    f1: (2 * hits) / (2 * hits + falseAlarms + misses),
    falseAlarmRate: falseAlarms / (falseAlarms + quiet),
    missingAlarmRate: misses / (hits + misses),
  };
}

/** A stretch of anomalous rows. */
export interface FaultSeen {
  /** `before`: an alarm was on already when it began, so that nothing is known of it. */
  readonly seen: 'raised' | 'before' | 'missed';
  /** From the changepoint at its beginning to the row at which the alarm came on; null unless `raised`. */
  readonly delaySeconds: number | null;
  readonly delayRows: number | null;
}

/** Every stretch of anomalous rows, in order: was it told, and how late. */
export function faultsSeen(rows: JudgedRows): FaultSeen[] {
  const { anomalous, flagged } = rows;
  return starts(anomalous).map((start) => {
    const after = anomalous.indexOf(0, start);
    const found = flagged.indexOf(1, start);
    if (flagged[start - 1] && flagged[start]) return { seen: 'before', delaySeconds: null, delayRows: null };
    if (found < 0 || (after >= 0 && found >= after)) return { seen: 'missed', delaySeconds: null, delayRows: null };
    return { seen: 'raised', delaySeconds: secondsBetween(rows, start, found), delayRows: found - start };
  });
}

/** How long a changepoint may take to be told; the window of SKAB's leaderboard, which follows the changepoint. */
const CHANGEPOINT_SECONDS = 60;

/** Every changepoint: seconds until the alarm next came on or went off, at most 60; null when it did not. */
export function changepointDelays(rows: JudgedRows): (number | null)[] {
  const { changepoint, flagged } = rows;
  return [...changepoint.keys()].flatMap((at) => {
    if (!changepoint[at]) return [];
    const changes = (i: number) => i > 0 && flagged[i] !== flagged[i - 1];
    for (let i = at; i < flagged.length && secondsBetween(rows, at, i) <= CHANGEPOINT_SECONDS; i++) {
      if (changes(i)) return [secondsBetween(rows, at, i)];
    }
    return [null];
  });
}

const secondsBetween = ({ atMs }: JudgedRows, from: number, to: number): number =>
  ((atMs[to] ?? 0) - (atMs[from] ?? 0)) / 1000;

function starts(flags: Uint8Array): number[] {
  return [...flags.keys()].filter((i) => flags[i] === 1 && (i === 0 || flags[i - 1] === 0));
}
