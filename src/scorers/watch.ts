/** Looks at a training phase from time to time, at rows that it does not learn from, and keeps the best. */
import type { HostTensor } from '../engine/index.js';

export interface Watch {
  readonly everySteps: number;
  /** Looks without a new best after which the phase ends early. */
  readonly patience: number;
  /** What is to be small. */
  look(parameters: HostTensor, ...extra: readonly HostTensor[]): Promise<number>;
}

/** What a watched phase looked like. */
export interface Watched {
  /** Of each look. */
  readonly values: readonly number[];
  /** Steps before the look with the smallest value, whose parameters were kept; 0 before the first one. */
  readonly step: number;
  /** Parameters, and what is carried beside parameters and optimiser. */
  readonly kept: readonly HostTensor[];
}

/** By name of the phase. */
export type WatchedPhases = Readonly<Record<string, Watched>>;

export const UNSEEN: Watched = { values: [], step: 0, kept: [] };

/** Has the best look been too long ago? */
export function isOver(watch: Watch | undefined, watched: Watched | null): boolean {
  if (!watch || !watched) return false;
  const { values } = watched;
  return values.length - values.indexOf(Math.min(...values)) > watch.patience;
}

/** @param state parameters, and what is carried beside parameters and optimiser */
export async function lookedAt(
  watch: Watch,
  before: Watched,
  step: number,
  state: readonly [HostTensor, ...HostTensor[]],
): Promise<Watched> {
  const found = await watch.look(...state);
  const value = Number.isFinite(found) ? found : Number.MAX_VALUE;
  const values = [...before.values, value];
  return value < Math.min(...before.values) ? { values, step, kept: state } : { ...before, values };
}
