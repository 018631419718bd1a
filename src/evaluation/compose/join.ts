import type { Piece } from './plan.js';

/** Samples to be played, and how loud. */
export interface Sound {
  readonly samples: Float32Array;
  readonly gain: number;
}

/** A piece and where it lies in the stream: samples `start` to `end`, both cross-fades included. */
export interface Placed extends Piece {
  readonly start: number;
  readonly end: number;
}

/**
 * Pieces one after the other; each begins in the last `fade` samples of the one before. The gains of a joint are a
 * quarter of a sine and of a cosine: unrelated sounds keep their power in it, so that the joint is no event of its own.
 * @param onPlaced told of every piece before its first sample is given
 * @returns blocks of the joined sound, one a piece, owned by the caller
 */
export async function* join(
  pieces: Iterable<Piece>,
  open: (piece: Piece) => Promise<Sound>,
  fade: number,
  onPlaced?: (placed: Placed) => unknown,
): AsyncGenerator<Float32Array> {
  let tail = new Float32Array(0);
  let start = 0;
  for (const piece of pieces) {
    const { samples, gain } = await open(piece);
    const sound = samples.slice(piece.from, piece.to);
    for (let i = 0; i < sound.length; i++) sound[i] = (sound[i] as number) * gain;
    onPlaced?.({ ...piece, start, end: start + sound.length });
    crossFade(tail, sound);
    tail = sound.slice(sound.length - fade);
    start += sound.length - fade;
    yield sound.subarray(0, sound.length - fade);
  }
}

/** Mixes the end of the last piece into the beginning of the next, in place. */
function crossFade(tail: Float32Array, sound: Float32Array): void {
  for (let i = 0; i < tail.length; i++) {
    const angle = ((i + 0.5) / tail.length) * (Math.PI / 2);
    sound[i] = (sound[i] as number) * Math.sin(angle) + (tail[i] as number) * Math.cos(angle);
  }
}

/** Hands out an endless sequence of blocks in other lengths. */
export class BlockReader {
  #rest: Float32Array = new Float32Array(0);

  constructor(private readonly blocks: AsyncGenerator<Float32Array>) {}

  /** The next `count` samples, owned by the caller; zeros once the sequence has ended. */
  async read(count: number): Promise<Float32Array> {
    const out = new Float32Array(count);
    for (let at = 0; at < count; ) {
      if (this.#rest.length === 0) {
        const { value, done } = await this.blocks.next();
        if (done) return out;
        this.#rest = value;
      }
      const part = this.#rest.subarray(0, count - at);
      out.set(part, at);
      at += part.length;
      this.#rest = this.#rest.subarray(part.length);
    }
    return out;
  }
}
