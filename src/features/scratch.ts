/**
 * One piece of memory, lent again and again: fresh ones of some 100 KB keep the garbage collector at work, whose helpers take the
 * time of other threads.
 */
export class Scratch {
  #held = new Float32Array();

  /** So many numbers of any value, valid until the next call. */
  lend(length: number): Float32Array {
    if (length > this.#held.length) this.#held = new Float32Array(length);
    return this.#held.subarray(0, length);
  }
}
