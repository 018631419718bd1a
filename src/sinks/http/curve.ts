import { setImmediate as turn } from 'node:timers/promises';
import type { ScorePoint } from '../../store/types.js';
import { finite } from './live-state.js';
import type { Curve, CurvePoint } from './protocol.js';
import type { DashboardData } from './types.js';

/** What is read of the store at a time: between two of these, sound and alerts have their turn. */
const STEP_MS = 3 * 3_600_000;

export interface CurveQuery {
  readonly feed: string;
  readonly machine?: string;
  readonly fromMs: number;
  /** Exclusive. */
  readonly toMs: number;
  /** Most points. */
  readonly points: number;
}

type Part = Pick<ScorePoint, 'startMs' | 'count' | 'statistic' | 'threshold'>;

/**
 * Reads a curve of any length a few hours at a time, since a year of scores at once would keep the whole service waiting for seconds.
 * @param signal of a reader that has gone: the rest is not read
 */
export async function readCurve(data: DashboardData, query: CurveQuery, signal: AbortSignal): Promise<Curve> {
  const { feed, machine, fromMs, toMs, points } = query;
  const bucketMs = Math.ceil((toMs - fromMs) / points);
  const found: Part[] = [];
  const firstMs = Math.max(fromMs, data.oldestScoreMs({ feed, machine }) ?? toMs);
  let startMs = bucketMs > STEP_MS ? firstMs : bucketStart(firstMs, fromMs, bucketMs);
  while (startMs < toMs && !signal.aborted) {
    const { endMs, buckets } = nextStep(startMs, fromMs, toMs, bucketMs);
    const [series] = data.scores({ feed, machine, fromMs: startMs, toMs: endMs, maxPoints: buckets });
    for (const point of series?.points ?? []) add(found, point, fromMs, bucketMs);
    startMs = endMs;
    await turn();
  }
  return { feed, points: found.map(toPoint) };
}

/** Some whole buckets, or a part of one that is longer than a step. */
function nextStep(startMs: number, fromMs: number, toMs: number, bucketMs: number) {
  const whole = Math.floor(Math.min(STEP_MS, toMs - startMs) / bucketMs);
  if (whole > 0) return { endMs: startMs + whole * bucketMs, buckets: whole };
  const bucketEndMs = bucketStart(startMs, fromMs, bucketMs) + bucketMs;
  return { endMs: Math.min(startMs + STEP_MS, bucketEndMs, toMs), buckets: 1 };
}

function bucketStart(atMs: number, fromMs: number, bucketMs: number): number {
  return fromMs + Math.floor((atMs - fromMs) / bucketMs) * bucketMs;
}

function add(found: Part[], { startMs: atMs, count, statistic, threshold }: Part, fromMs: number, bucketMs: number) {
  const startMs = bucketStart(atMs, fromMs, bucketMs);
  const last = found.at(-1);
  if (last?.startMs !== startMs) found.push({ startMs, count, statistic, threshold });
  else found[found.length - 1] = joined(last, { startMs, count, statistic, threshold });
}

function joined(a: Part, b: Part): Part {
  const count = a.count + b.count;
  const mean = (x: number, y: number): number => (x * a.count + y * b.count) / count;
  const { statistic: one } = a;
  const { statistic: other } = b;
  const statistic = {
    min: Math.min(one.min, other.min),
    mean: mean(one.mean, other.mean),
    max: Math.max(one.max, other.max),
  };
  return { startMs: a.startMs, count, statistic, threshold: mean(a.threshold, b.threshold) };
}

function toPoint({ startMs, statistic, threshold }: Part): CurvePoint {
  return { atMs: startMs, mean: finite(statistic.mean), max: finite(statistic.max), threshold: finite(threshold) };
}
