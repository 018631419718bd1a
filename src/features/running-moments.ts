/** Mean and deviation of numbers as they come. Welford, Technometrics 1962. */
export class RunningMoments {
  mean = 0;
  private squares = 0;
  private count = 0;
  private least = Number.POSITIVE_INFINITY;
  private most = Number.NEGATIVE_INFINITY;

  add(value: number): void {
    this.count++;
    const step = value - this.mean;
    this.mean += step / this.count;
    this.squares += step * (value - this.mean);
    this.least = Math.min(this.least, value);
    this.most = Math.max(this.most, value);
  }

  get isConstant(): boolean {
    return !(this.least < this.most && this.deviation > 0 && Number.isFinite(this.deviation));
  }

  /** Population standard deviation (divided by the count). */
  get deviation(): number {
    return this.count === 0 ? 0 : Math.sqrt(this.squares / this.count);
  }
}
