export interface BackoffOptions {
  readonly minMs: number;
  readonly maxMs: number;
  /** 0…1, uniform. */
  readonly random?: () => number;
}

/** Waits that double from minMs to maxMs, each shortened by up to half at random, so that many clients do not come back at once. */
export class Backoff {
  readonly #options: BackoffOptions;
  #failures = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  nextMs(): number {
    const { minMs, maxMs, random = Math.random } = this.#options;
    const full = Math.min(maxMs, minMs * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    return full * (0.5 + 0.5 * random());
  }

  reset(): void {
    this.#failures = 0;
  }
}
