/**
 * Counts wrong passwords by address and refuses more than so many in a window of time.
 * An IPv6 client owns a whole /64, so that is what counts as its address.
 */
export class Attempts {
  private readonly failures = new Map<string, number[]>();

  constructor(
    private readonly most: number,
    private readonly windowMs: number,
    private readonly now: () => number = Date.now,
    private readonly capacity = 10_000,
  ) {}

  /** Milliseconds to wait before the next try; 0 when one is free. */
  waitMs(address: string): number {
    const recent = this.recent(keyOf(address));
    const oldest = recent.at(-this.most);
    return oldest === undefined ? 0 : oldest + this.windowMs - this.now();
  }

  fail(address: string): void {
    const key = keyOf(address);
    const recent = this.recent(key);
    this.failures.delete(key);
    this.failures.set(key, [...recent.slice(1 - this.most), this.now()]);
    const eldest = this.failures.keys().next();
    if (this.failures.size > this.capacity && !eldest.done) this.failures.delete(eldest.value);
  }

  succeed(address: string): void {
    this.failures.delete(keyOf(address));
  }

  private recent(key: string): number[] {
    const since = this.now() - this.windowMs;
    return (this.failures.get(key) ?? []).filter((atMs) => atMs > since);
  }
}

function keyOf(address: string): string {
  const plain = address.replace(/^::ffff:/i, '');
  return plain.includes(':') ? plain.split(':').slice(0, 4).join(':') : plain;
}
