/**
 * How much of a recording had come before in it, sample by sample: what a file that is played again and again gives, and no
 * machine. Repeats are found wherever they begin, by content-defined chunks (Muthitacharoen et al., SOSP 2001): a chunk ends
 * where a hash of the last 32 samples says so, hence at the same places of the same sound.
 */

/** One sample in so many ends a chunk, on average. */
const USUAL_CHUNK = 2_048;
/** Shorter ones may come again by chance; longer ones end here. */
const SHORTEST_CHUNK = 256;
const LONGEST_CHUNK = 8 * USUAL_CHUNK;
const FULL_SCALE = 32_768;

export class RepeatedSound {
  readonly #seen = new Set<number>();
  #rolling = 0;
  #length = 0;
  readonly #digest: [number, number] = [0, 0];
  #samples = 0;
  #repeated = 0;

  /** @param samples −1…1; compared as 16 bits   @param gap true when samples were lost before these */
  add(samples: Float32Array, gap: boolean): void {
    if (gap) this.#begin();
    for (const sample of samples) {
      const mixed = scrambled(Math.round(sample * FULL_SCALE));
      // A bit leaves at the top with every sample: the hash forgets what is 32 samples old.
      this.#rolling = ((this.#rolling << 1) + mixed) | 0;
      this.#digest[0] = Math.imul(this.#digest[0] ^ mixed, 0x01000193);
      this.#digest[1] = (Math.imul(this.#digest[1], 31) + mixed) | 0;
      this.#length++;
      if (this.#rolling >>> 0 < 2 ** 32 / USUAL_CHUNK || this.#length === LONGEST_CHUNK) this.#end();
    }
  }

  /** Share of the sound so far, 0…1. */
  get share(): number {
    return this.#samples === 0 ? 0 : this.#repeated / this.#samples;
  }

  #end(): void {
    if (this.#length >= SHORTEST_CHUNK) {
      // 53 bits: of a million chunks two different ones share a digest once in some 18,000 recordings.
      const digest = (this.#digest[0] >>> 0) * 2 ** 21 + (this.#digest[1] >>> 11);
      this.#samples += this.#length;
      if (this.#seen.has(digest)) this.#repeated += this.#length;
      else this.#seen.add(digest);
    }
    this.#begin();
  }

  /** The rolling hash goes on: where chunks end does not depend on where they began. */
  #begin(): void {
    this.#length = 0;
    this.#digest[0] = 0x811c9dc5 | 0;
    this.#digest[1] = 0;
  }
}

/** 32 well-mixed bits of a 16-bit number (the finaliser of MurmurHash3, without its last steps). */
function scrambled(value: number): number {
  let x = Math.imul(value ^ 0x5bd1e995, 0x85ebca6b);
  x ^= x >>> 13;
  x = Math.imul(x, 0xc2b2ae35);
  return x ^ (x >>> 16);
}
