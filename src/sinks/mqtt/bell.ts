/** Wakes the one who waits. A ring while nobody waits ends the next wait at once. */
export class Bell {
  #rung = false;
  #wake: (() => void) | null = null;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Resolves at the next ring, after `timeoutMs`, or when the signal aborts. */
  wait(timeoutMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', finish);
        this.#wake = null;
        this.#rung = false;
        resolve();
      };
      const timer = setTimeout(finish, timeoutMs);
      this.#wake = finish;
      signal.addEventListener('abort', finish);
      if (this.#rung || signal.aborted) finish();
    });
  }
}
