import { openRandom, type Random } from '../../scorers/random.js';
import type { PooledClip } from './clip-pool.js';

/** A stretch of one recording. */
export interface Piece {
  readonly clip: PooledClip;
  /** Samples `from` to `to` (not included) of the recording. */
  readonly from: number;
  readonly to: number;
  readonly label: 'normal' | 'fault' | 'background';
}

/** Every piece but the first begins in the last `fade` samples of the one before. */
export interface PlanOptions {
  readonly seed: number;
  readonly sampleRateHz: number;
  /** Samples by which neighbours overlap. */
  readonly fade: number;
  readonly faultSeconds: number;
  /** Mean time from the start of one fault to the start of the next; each is drawn from ± a quarter of it. */
  readonly everySeconds: number;
}

/** A shorter rest of a recording is not played. */
const SHORTEST_SECONDS = 1;

/**
 * What the machine does: shuffled normals, each once before any comes again, and at drawn times a fault in their
 * place. A normal that a fault cuts short goes on after it. Endless, in constant memory, a pure function of the seed.
 */
export function* planMachine(
  normals: readonly PooledClip[],
  faults: readonly PooledClip[],
  options: PlanOptions,
): Generator<Piece> {
  const { seed, sampleRateHz, fade } = options;
  const normal = shuffledForEver(normals, seed, 'normals');
  const fault = shuffledForEver(faults, seed, 'faults');
  const random = openRandom(seed, 'fault-times');
  const shortest = Math.max(2 * fade + 1, SHORTEST_SECONDS * sampleRateHz);
  let rest: Piece | null = null;
  let untilFault = faults.length > 0 ? drawGap(random, options) : Number.POSITIVE_INFINITY;
  for (;;) {
    const piece: Piece = rest ?? whole(next(normal), 'normal');
    rest = null;
    if (piece.to - piece.from - fade <= untilFault) {
      untilFault -= piece.to - piece.from - fade;
      yield piece;
    } else {
      const cut = piece.from + Math.round(untilFault) + fade;
      if (cut - piece.from >= shortest) yield { ...piece, to: cut };
      const left: Piece = cut - piece.from >= shortest ? { ...piece, from: cut } : piece;
      if (left.to - left.from >= shortest) rest = left;
      yield* faultPieces(next(fault), random, options);
      untilFault = drawGap(random, options);
    }
  }
}

/** Background sounds one after the other, each once before any comes again. */
export function* planBackground(clips: readonly PooledClip[], seed: number): Generator<Piece> {
  for (const clip of shuffledForEver(clips, seed, 'background')) yield whole(clip, 'background');
}

/** Samples of normal running until the next fault. */
function drawGap(random: Random, { everySeconds, faultSeconds, sampleRateHz }: PlanOptions): number {
  const seconds = everySeconds * (0.75 + 0.5 * random.uniform()) - faultSeconds;
  return Math.max(SHORTEST_SECONDS, seconds) * sampleRateHz;
}

/** One fault of `faultSeconds`: a stretch of a longer recording, or a shorter one again and again. */
function* faultPieces(clip: PooledClip, random: Random, options: PlanOptions): Generator<Piece> {
  const { faultSeconds, sampleRateHz, fade } = options;
  let left = Math.round(faultSeconds * sampleRateHz);
  const from = clip.length > left ? random.below(clip.length - left + 1) : 0;
  for (;;) {
    const length = Math.min(left, clip.length - from);
    yield { clip, from, to: from + length, label: 'fault' };
    left -= length;
    if (left <= 0) return;
    left += fade;
  }
}

function* shuffledForEver(clips: readonly PooledClip[], seed: number, name: string): Generator<PooledClip> {
  for (let round = 0; clips.length > 0; round++) {
    for (const i of openRandom(seed, name, round).permutation(clips.length)) yield clips[i] as PooledClip;
  }
}

function whole(clip: PooledClip, label: Piece['label']): Piece {
  return { clip, from: 0, to: clip.length, label };
}

function next<T>(items: Generator<T>): T {
  return items.next().value as T;
}
