/** Fewest numbers that are believed to be a count when each is the same step beyond the one before. */
const ENOUGH = 20;

/** Notices a column that only counts rows or time: 1, 2, 3, … or 0, 0.1, 0.2, … */
export class RunningCount {
  private count = 0;
  private first = 0;
  private last = 0;
  private even = true;

  add(value: number): void {
    if (this.count === 0) this.first = value;
    else if (this.count > 1) {
      const step = (this.last - this.first) / (this.count - 1);
      // A count of tenths is not exact in binary.
      this.even &&= step !== 0 && Math.abs(value - this.last - step) <= 1e-6 * Math.abs(step);
    }
    this.last = value;
    this.count++;
  }

  get isCount(): boolean {
    return this.even && this.count >= ENOUGH && this.last !== this.first;
  }
}
