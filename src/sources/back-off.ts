/** Waiting times between attempts: doubling from `minMs` to `maxMs`, each with a jitter of half, so that feeds do not retry in step. */
export class BackOff {
  readonly #minMs: number;
  readonly #maxMs: number;
  readonly #random: () => number;
  #attempt = 0;

  constructor({ minMs = 500, maxMs = 30_000, random = Math.random }: BackOffOptions = {}) {
    this.#minMs = minMs;
    this.#maxMs = maxMs;
    this.#random = random;
  }

  /** Milliseconds to wait before the next attempt. */
  next(): number {
    const ceiling = Math.min(this.#maxMs, this.#minMs * 2 ** Math.min(this.#attempt++, 30));
    return ceiling * (0.5 + 0.5 * this.#random());
  }

  reset(): void {
    this.#attempt = 0;
  }
}

export interface BackOffOptions {
  readonly minMs?: number;
  readonly maxMs?: number;
  /** 0…1 */
  readonly random?: () => number;
}
