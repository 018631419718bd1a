import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** A stream of random numbers that is a pure function of its seed and its name. */
export interface Random {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Standard normal, by Box and Muller. */
  normal(): number;
  /** Uniform integer in [0, n). */
  below(n: number): number;
  /** A shuffled 0…n−1. */
  permutation(n: number): Int32Array;
  /** Fills with 1/keep (probability `keep`, in steps of 1/256) or 0: an inverted dropout mask. */
  mask(out: Float32Array, keep: number): void;
}

/**
 * Opens the stream that belongs to `seed` and a name made of `parts`, such as (seed, 'permutation', epoch).
 * Streams are addressed, not continued: a resumed training asks for the same names and gets the same numbers.
 */
export function openRandom(seed: number, ...parts: readonly (string | number)[]): Random {
  const generator = xoroshiro128plus(hash([seed, ...parts].join('/')));
  const uniform = (): number => uniformFloat64(generator);
  const below = (n: number): number => uniformInt(generator, 0, n - 1);
  return {
    uniform,
    below,
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    permutation: (n) => shuffled(n, below),
    mask: (out, keep) => {
      fillMask(out, keep, () => generator.next());
    },
  };
}

/** Four values from each 32 random bits. */
function fillMask(out: Float32Array, keep: number, next: () => number): void {
  const threshold = Math.round(keep * 256);
  const on = 256 / threshold;
  for (let at = 0; at < out.length; at += 4) {
    const bits = next();
    for (let i = 0; i < 4 && at + i < out.length; i++) out[at + i] = ((bits >>> (8 * i)) & 255) < threshold ? on : 0;
  }
}

/** FNV-1a, 32 bits: spreads names over the generator's seeds. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h | 0;
}

/** Fisher and Yates. */
function shuffled(n: number, below: (n: number) => number): Int32Array {
  const order = Int32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = below(i + 1);
    const swap = order[i] as number;
    order[i] = order[j] as number;
    order[j] = swap;
  }
  return order;
}
