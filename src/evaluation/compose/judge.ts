/** Alarms against what really happened: false alarms per hour, faults that were raised, and how soon. */
import { quantile } from '../../decision/peaks.js';
import { poissonInterval } from './poisson.js';

/** A stretch of a stream, milliseconds of its time. */
export interface Stretch {
  readonly startMs: number;
  readonly endMs: number;
}

/** One anomaly of the live path; open at the end: clearedMs is null. */
export interface Alarm {
  readonly raisedMs: number;
  readonly clearedMs: number | null;
}

export interface StreamTruth {
  /** In order, apart from each other. */
  readonly faults: readonly Stretch[];
  /** All that is judged; alarms after it do not count. */
  readonly span: Stretch;
  /** An alarm that is raised so long after a fault belongs to it. */
  readonly toleranceMs: number;
}

export interface StreamJudgement {
  /** Time in which an alarm would be false, hours. */
  readonly normalHours: number;
  readonly falseAlarms: number;
  readonly falseAlarmsPerHour: number;
  /** 95 % interval of the rate, by Poisson. */
  readonly interval: readonly [number, number];
  readonly faults: number;
  readonly raised: number;
  readonly missed: number;
  /** Of the missed ones: began while an earlier alarm was still open, which raises none anew. */
  readonly hidden: number;
  /** raised / faults; null without faults. */
  readonly raisedShare: number | null;
  /** From a fault's start to its alarm, by the stream's time; null when none was raised. */
  readonly delayMedianMs: number | null;
  readonly delay90Ms: number | null;
}

/**
 * An alarm belongs to the fault during which, or until `toleranceMs` after which, it is raised; every other one is
 * false. A fault is raised when an alarm belongs to it; its delay is that of the first.
 */
export function judgeStream(alarms: readonly Alarm[], { faults, span, toleranceMs }: StreamTruth): StreamJudgement {
  const owned = faults.map(({ startMs, endMs }, i) => {
    const nextMs = faults[i + 1]?.startMs ?? Number.POSITIVE_INFINITY;
    return { startMs, endMs: Math.min(endMs + toleranceMs, nextMs) };
  });
  const isFalse = ({ raisedMs }: Alarm) => within(raisedMs, span) && !owned.some((fault) => within(raisedMs, fault));
  const falseAlarms = alarms.filter(isFalse).length;
  const normalHours = Math.max(0, lengthOf(span) - sum(owned.map((fault) => lengthOf(cut(fault, span))))) / 3_600_000;
  const first = owned.map((fault) => alarms.find(({ raisedMs }) => within(raisedMs, fault)));
  const delays = first
    .flatMap((alarm, i) => (alarm ? [alarm.raisedMs - (owned[i]?.startMs ?? 0)] : []))
    .sort(ascending);
  const hidden = owned.filter(({ startMs }, i) => !first[i] && alarms.some((alarm) => isOpenAt(alarm, startMs))).length;
  const rate = (count: number) => (normalHours > 0 ? count / normalHours : 0);
  const [low, high] = poissonInterval(falseAlarms);
  return {
    normalHours,
    falseAlarms,
    falseAlarmsPerHour: rate(falseAlarms),
    interval: [rate(low), rate(high)],
    faults: faults.length,
    raised: delays.length,
    missed: faults.length - delays.length,
    hidden,
    raisedShare: faults.length > 0 ? delays.length / faults.length : null,
    delayMedianMs: delays.length > 0 ? quantile(delays, 0.5) : null,
    delay90Ms: delays.length > 0 ? quantile(delays, 0.9) : null,
  };
}

function within(timeMs: number, { startMs, endMs }: Stretch): boolean {
  return timeMs >= startMs && timeMs <= endMs;
}

function isOpenAt({ raisedMs, clearedMs }: Alarm, timeMs: number): boolean {
  return raisedMs < timeMs && (clearedMs === null || clearedMs > timeMs);
}

function cut({ startMs, endMs }: Stretch, span: Stretch): Stretch {
  const start = Math.max(startMs, span.startMs);
  return { startMs: start, endMs: Math.max(start, Math.min(endMs, span.endMs)) };
}

const lengthOf = ({ startMs, endMs }: Stretch): number => endMs - startMs;
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const ascending = (a: number, b: number): number => a - b;
