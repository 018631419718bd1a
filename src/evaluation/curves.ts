/** What the report draws of one trial, in a few hundred numbers. */
import type { Step } from './metrics.js';

export type Point = readonly [x: number, y: number];

export interface Histogram {
  /** Energies of the first bin's start and the last bin's end; what lies beyond is counted in them. */
  readonly from: number;
  readonly to: number;
  /** Share of the class in each bin, 0…1. */
  readonly normals: readonly number[];
  readonly anomalies: readonly number[];
}

const MOST_POINTS = 160;
const BINS = 48;

/** (false-positive rate, true-positive rate), from (0, 0) to (1, 1). */
export function rocOf(steps: readonly Step[]): Point[] {
  const { anomaliesAbove: anomalies = 1, normalsAbove: normals = 1 } = steps.at(-1) ?? {};
  const points = steps.map((s): Point => [s.normalsAbove / normals, s.anomaliesAbove / anomalies]);
  return thinned([[0, 0], ...points]);
}

/** (recall, precision), the highest energies first. */
export function precisionRecallOf(steps: readonly Step[]): Point[] {
  const anomalies = steps.at(-1)?.anomaliesAbove ?? 1;
  return thinned(
    steps
      .filter((s) => s.anomaliesAbove > 0)
      .map((s): Point => [s.anomaliesAbove / anomalies, s.anomaliesAbove / (s.anomaliesAbove + s.normalsAbove)]),
  );
}

/** Few points that lie at least a step apart along the curve; the first and the last stay. */
export function thinned(points: readonly Point[]): Point[] {
  const lengths = points.map(([x, y], i) => {
    const [px, py] = points[i - 1] ?? [x, y];
    return Math.abs(x - px) + Math.abs(y - py);
  });
  const step = lengths.reduce((sum, length) => sum + length, 0) / (MOST_POINTS - 2);
  let since = 0;
  return points.filter((_, i) => {
    since += lengths[i] as number;
    if (i !== 0 && i !== points.length - 1 && since < step) return false;
    since = 0;
    return true;
  });
}

/** Energies have long tails: the bins reach from the 1st percentile of normals to what 90 % of anomalies stay below. */
export function histogramOf(energies: Float64Array, anomalous: Uint8Array, threshold: number): Histogram {
  const finite = (label: number) =>
    energies.filter((e, i) => anomalous[i] === label && Number.isFinite(e)).sort((a, b) => a - b);
  const [normals, anomalies] = [finite(0), finite(1)];
  const at = (sorted: Float64Array, share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? threshold;
  const from = Math.min(at(normals, 0.01), at(anomalies, 0.01), threshold);
  const reach = Math.max(at(normals, 0.99), threshold);
  const to = Math.max(reach, Math.min(at(anomalies, 0.9), from + 3 * (reach - from))) || from + 1;
  const end = to > from ? to : from + 1;
  return { from, to: end, normals: binned(normals, from, end), anomalies: binned(anomalies, from, end) };
}

function binned(values: Float64Array, from: number, to: number): number[] {
  const counts = new Array<number>(BINS).fill(0);
  for (const value of values) {
    const bin = Math.min(BINS - 1, Math.max(0, Math.floor(((value - from) / (to - from)) * BINS)));
    counts[bin] = (counts[bin] as number) + 1;
  }
  return counts.map((count) => Number((count / Math.max(1, values.length)).toPrecision(4)));
}
