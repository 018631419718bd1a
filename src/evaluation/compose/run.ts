/** A composed stream through the live path, judged by what was put into it. */
import type { Manifest, Verdict } from '../../contracts.js';
import { smoothedWindows } from '../../decision/smoothing.js';
import { type Budget, describeBudget } from '../../decision/threshold.js';
import { type Replayed, type ReplayOutlet, replay } from '../../monitoring/replay.js';
import { type Composition, composedSource, type Label } from './composed-source.js';
import { judgeStream, type StreamJudgement, type Stretch } from './judge.js';

export interface ComposedRun {
  readonly model: string;
  readonly composition: Composition;
  /** At least one; the stream is scored once, and decided by each. */
  readonly budgets: readonly [Budget, ...Budget[]];
  /** An alarm so long after a fault belongs to it. Default: what the longest statistic looks back over. */
  readonly toleranceMs?: number;
  readonly signal: AbortSignal;
  /** Of the feed and the machine. Default `replay`. */
  readonly machine?: string;
  /** Time of the first sample, UTC milliseconds. Default 0. */
  readonly startMs?: number;
  readonly outlet?: ReplayOutlet;
  readonly onLabel?: (label: Label) => void;
  readonly onBlock?: (samples: Float32Array) => void;
  readonly onVerdict?: (verdict: Verdict) => void;
}

export interface BudgetResult extends StreamJudgement {
  readonly budget: Budget;
  /** What the package promises of it, in one line. */
  readonly promised: string;
}

export interface ComposedResult {
  readonly manifest: Manifest;
  readonly windows: number;
  /** Length of the stream by its last window, hours. */
  readonly hours: number;
  readonly toleranceMs: number;
  readonly sensorFaults: number;
  readonly budgets: readonly BudgetResult[];
  readonly troubles: readonly string[];
}

export async function runComposed(run: ComposedRun): Promise<ComposedResult> {
  const { composition, startMs = 0, machine = 'replay', onBlock } = run;
  const [budget, ...alsoBudgets] = run.budgets;
  const faults: Stretch[] = [];
  const onLabel = (label: Label): void => {
    if (label.label === 'fault') gather(faults, label, startMs, composition.sampleRateHz);
    run.onLabel?.(label);
  };
  const source = composedSource(composition, { feed: machine, machine, startMs, onLabel, onBlock });
  const replayed = await replay({ ...run, budget, alsoBudgets, open: () => Promise.resolve(source) });
  return judged(replayed, faults, run);
}

/** Pieces of one fault overlap; another one begins at least a second later. */
function gather(faults: Stretch[], { start, end }: Label, firstMs: number, sampleRateHz: number): void {
  const [startMs, endMs] = [start, end].map((at) => firstMs + (at * 1000) / sampleRateHz) as [number, number];
  const last = faults.at(-1);
  if (last && startMs < last.endMs) faults[faults.length - 1] = { ...last, endMs };
  else faults.push({ startMs, endMs });
}

function judged(replayed: Replayed, faults: readonly Stretch[], run: ComposedRun): ComposedResult {
  const { events, alsoAlarms, manifest, windows, endMs, troubles } = replayed;
  const toleranceMs = run.toleranceMs ?? lookBackMs(manifest);
  const anomalies = events.filter(({ kind }) => kind === 'anomaly');
  const truth = { ...wholeFaults(faults, run.startMs ?? 0, endMs), toleranceMs };
  const budgets = [anomalies, ...alsoAlarms].map((alarms, i) => {
    const budget = run.budgets[i] ?? run.budgets[0];
    return { budget, promised: describeBudget(manifest.calibration, budget), ...judgeStream(alarms, truth) };
  });
  const sensorFaults = events.length - anomalies.length;
  return {
    manifest,
    windows,
    hours: (endMs - (run.startMs ?? 0)) / 3_600_000,
    toleranceMs,
    sensorFaults,
    budgets,
    troubles,
  };
}

/** A fault that the end of the stream cuts short could not be raised in time: the judgement ends before it. */
function wholeFaults(faults: readonly Stretch[], startMs: number, endMs: number) {
  const cut = faults.find((fault) => fault.endMs > endMs);
  const span = { startMs, endMs: Math.min(endMs, cut?.startMs ?? endMs) };
  return { faults: faults.filter((fault) => fault.endMs <= endMs), span };
}

/** Sound that the longest statistic of a package looks back over. */
function lookBackMs({ calibration: { short, long, windowMs, hopMs } }: Manifest): number {
  const windows = Math.max(smoothedWindows(short.smoothing), long ? smoothedWindows(long.smoothing) : 0);
  return windowMs + (windows - 1) * hopMs;
}
