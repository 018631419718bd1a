/**
 * Empirical tail probabilities of one column as a step function that a search tree can look up.
 * Legend: n training values, u their different values, ascending.
 */

export interface TailTable {
  /** Ascending; leaf r is where r knots are ≤ x. */
  readonly knots: Float32Array;
  /** −log P(X ≤ x) of each leaf (knots + 1). */
  readonly left: Float32Array;
  /** −log P(X ≥ x) of each leaf. */
  readonly right: Float32Array;
}

/** Different values of a column and how many training values are ≤ each. */
export interface Distribution {
  readonly values: Float32Array;
  readonly upTo: Int32Array;
  readonly count: number;
}

/** @param column (N) of any order */
export function distributionOf(column: Float32Array): Distribution {
  const sorted = column.slice().sort();
  const last = sorted.filter((x, i) => i === sorted.length - 1 || x !== sorted[i + 1]);
  const upTo = Int32Array.from({ length: sorted.length }, (_, i) => i + 1).filter(
    (end) => end === sorted.length || sorted[end - 1] !== sorted[end],
  );
  return { values: last, upTo, count: sorted.length };
}

/**
 * P(X ≤ x) = (1 + #{X ≤ x}) / (1 + n), and P(X ≥ x) alike: the row that is judged counts as one more, which keeps the
 * logarithm finite beyond the extremes. A step at each value and one just behind it, since both tails hold the value itself.
 * @param error between the values that are kept, the logs are off by no more than this; 0 keeps all
 */
export function tailTable(distribution: Distribution, error: number): TailTable {
  const { values, upTo, count } = distribution;
  const kept = keptValues(distribution, error);
  const tail = (among: number): number => -Math.log((1 + among) / (1 + count));
  const below = (i: number): number => (i < 0 ? 0 : (upTo[i] as number));
  const knots: number[] = [];
  const left = [tail(0)];
  const right = [tail(count)];
  kept.forEach((i, at) => {
    const next = kept[at + 1] ?? values.length;
    knots.push(values[i] as number, nextUp(values[i] as number));
    left.push(tail(below(i)), (tail(below(i)) + tail(below(next - 1))) / 2);
    right.push(tail(count - below(i - 1)), (tail(count - below(i)) + tail(count - below(next - 1))) / 2);
  });
  return { knots: Float32Array.from(knots), left: Float32Array.from(left), right: Float32Array.from(right) };
}

/** Places of the values that get knots: each as far from the one before as the error allows. */
export function keptValues({ values, upTo, count }: Distribution, error: number): Int32Array {
  const kept: number[] = [];
  for (let i = 0; i < values.length; ) {
    kept.push(i);
    const start = upTo[i] as number;
    const near = (end: number): boolean =>
      Math.log((1 + end) / (1 + start)) <= 2 * error && Math.log((1 + count - start) / (1 + count - end)) <= 2 * error;
    let next = i + 1;
    while (error > 0 && next < values.length - 1 && near(upTo[next] as number)) next++;
    i = next;
  }
  return Int32Array.from(kept);
}

/** The least normal float32. */
const TINY = 2 ** -126;

/** The next float32; past 0 the next normal one, since some devices take all smaller ones for 0. */
function nextUp(x: number): number {
  if (Math.abs(x) < TINY) return TINY;
  const bits = new Int32Array(1);
  const float = new Float32Array(bits.buffer);
  float[0] = x;
  bits[0] = (bits[0] as number) + (x > 0 ? 1 : -1);
  return float[0] as number;
}
