/** An event clears after this many windows in a row at or below the clear level. */
const CLEAR_AFTER_WINDOWS = 10;
/** A tail begins at this quantile of the statistic. */
export const TAIL_FROM = 0.98;
/** Fewer peaks than this are not fitted. */
export const FEWEST_PEAKS = 20;

/** Type-7 quantile (linear between order statistics) of an ascending array; p in 0…1. */
export function quantile(ascending: ArrayLike<number>, p: number): number {
  const at = p * (ascending.length - 1);
  const low = ascending[Math.floor(at)] ?? Number.NaN;
  const high = ascending[Math.ceil(at)] ?? low;
  return low + (at - Math.floor(at)) * (high - low);
}

/**
 * Highest value of each cluster of one contiguous run. A cluster opens above `t` and closes after `closeAfter` values in
 * a row at or below `closeBelow`: the rule by which the alarm raises and clears, so that clusters whose peak is above a
 * threshold z ≥ t are, one for one, the events that an alarm at z would have raised.
 */
export function clusterPeaks(run: ArrayLike<number>, t: number, closeBelow: number, closeAfter = CLEAR_AFTER_WINDOWS) {
  const peaks: number[] = [];
  let peak = Number.NEGATIVE_INFINITY;
  let below = 0;
  for (let i = 0; i < run.length; i++) {
    const value = run[i] ?? 0;
    below = value <= closeBelow ? below + 1 : 0;
    if (value > t) peak = Math.max(peak, value);
    if (below >= closeAfter && peak > t) {
      peaks.push(peak);
      peak = Number.NEGATIVE_INFINITY;
    }
  }
  if (peak > t) peaks.push(peak);
  return peaks;
}
