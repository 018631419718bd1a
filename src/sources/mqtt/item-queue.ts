/** What has arrived and was not taken yet, oldest first, bounded: what is too much costs the oldest. One reader. */
export class ItemQueue<T> {
  private readonly items: T[] = [];
  private lost = 0;
  private wake: (() => void) | null = null;

  constructor(private readonly most: number) {}

  push(item: T): void {
    this.items.push(item);
    if (this.items.length > this.most) {
      this.items.shift();
      this.lost++;
    }
    this.wake?.();
  }

  /** The oldest that waits. */
  next(): T | undefined {
    return this.items.shift();
  }

  /** How many were lost since the last call. */
  takeLost(): number {
    const { lost } = this;
    this.lost = 0;
    return lost;
  }

  /** Resolves when something waits, after `ms`, or when the signal aborts; true when something waits. */
  async wait(ms: number, signal: AbortSignal): Promise<boolean> {
    if (this.items.length > 0 || signal.aborted) return this.items.length > 0;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        this.wake = null;
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener('abort', done, { once: true });
      this.wake = done;
    });
    return this.items.length > 0;
  }
}
