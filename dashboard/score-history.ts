import type { Curve, LiveVerdict } from '../src/sinks/http/protocol.js';

export const HISTORY_MS = 10 * 60_000;
/** Asked of the store: one a second. */
export const STORED_POINTS = 600;
/** A longer pause than this is drawn as a gap. */
const GAP_MS = 12_000;

type Column = (number | null)[];

/** Columns for uPlot: seconds, score, the part of the score above its threshold, threshold. */
export type ChartData = [number[], Column, Column, Column];

interface Point {
  readonly atMs: number;
  readonly score: number | null;
  readonly threshold: number | null;
}

/** The last ten minutes of one feed's smoothed score, in order of time. */
export class ScoreHistory {
  private points: readonly Point[] = [];

  /** Rises with every change, so that a chart knows when to draw. */
  revision = 0;

  /** Puts what the store remembers before what came live. */
  seed(curve: Curve): void {
    const firstLive = this.points[0]?.atMs ?? Number.POSITIVE_INFINITY;
    // What came live may lie in the last second of the store, too.
    const stored = curve.points
      .filter(({ atMs }) => atMs <= firstLive - HISTORY_MS / STORED_POINTS)
      .map(({ atMs, max, threshold }) => ({ atMs, score: max, threshold }));
    this.points = [...stored, ...this.points];
    this.revision += 1;
  }

  /** Times of a table whose clock was set back are followed: what lies after them was of the hour before. */
  add({ atMs, statistic, threshold }: LiveVerdict): void {
    this.points = [
      ...this.points.filter((point) => point.atMs > atMs - HISTORY_MS && point.atMs < atMs),
      { atMs, score: statistic, threshold },
    ];
    this.revision += 1;
  }

  get latestMs(): number | null {
    return this.points.at(-1)?.atMs ?? null;
  }

  /** Highest score, for the chart's description. */
  get highest(): number | null {
    const scores = this.points.flatMap(({ score }) => score ?? []);
    return scores.length === 0 ? null : Math.max(...scores);
  }

  chartData(): ChartData {
    const data: ChartData = [[], [], [], []];
    let before: Point | null = null;
    for (const point of this.points) {
      if (before && point.atMs - before.atMs > GAP_MS) {
        pushPoint(data, { atMs: before.atMs + 1, score: null, threshold: null }, null);
        before = null;
      }
      pushPoint(data, point, before);
      before = point;
    }
    return data;
  }
}

function pushPoint([times, scores, above, thresholds]: ChartData, point: Point, before: Point | null): void {
  // The stroke above starts at the last point below, so that the line has no hole.
  if (isAbove(point) && before && above.at(-1) === null) above[above.length - 1] = before.score;
  times.push(point.atMs / 1000);
  scores.push(point.score);
  above.push(isAbove(point) ? point.score : null);
  thresholds.push(point.threshold);
}

function isAbove({ score, threshold }: Point): boolean {
  return score !== null && threshold !== null && score > threshold;
}
