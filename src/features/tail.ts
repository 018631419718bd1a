/**
 * The end of an endless sequence of numbers, addressed by their index since the beginning. Memory is what was not yet
 * forgotten, at most doubled; views stay valid until the next `append` or `extend`.
 */
export class Tail {
  /** Storage; `indexOf` says where an index lies in it. */
  data: Float32Array;
  private origin = 0;
  private kept = 0;
  /** Index after the last number. */
  end = 0;

  constructor(capacity: number) {
    this.data = new Float32Array(capacity);
  }

  append(values: Float32Array): void {
    const at = this.extend(values.length);
    this.data.set(values, at);
  }

  /** Makes room for `count` more numbers and returns where in `data` they go. */
  extend(count: number): number {
    if (this.end - this.origin + count > this.data.length) this.compact(count);
    const at = this.end - this.origin;
    this.end += count;
    return at;
  }

  /** Numbers before this index will not be asked for again. */
  forget(before: number): void {
    this.kept = Math.max(this.kept, Math.min(before, this.end));
  }

  clear(): void {
    this.origin = 0;
    this.kept = 0;
    this.end = 0;
  }

  indexOf(index: number): number {
    return index - this.origin;
  }

  view(from: number, to: number): Float32Array {
    return this.data.subarray(from - this.origin, to - this.origin);
  }

  private compact(count: number): void {
    const live = this.view(this.kept, this.end);
    const needed = live.length + count;
    if (needed > this.data.length) {
      const grown = new Float32Array(2 * needed);
      grown.set(live);
      this.data = grown;
    } else {
      this.data.copyWithin(0, this.kept - this.origin, this.end - this.origin);
    }
    this.origin = this.kept;
  }
}
