import type { Cell } from '../sources/tables/cells.js';

/** A gap is usual when at least this share of all values comes after none that is longer. */
const USUAL_SHARE = 0.99;

/** Longest runs of one value and of none in a column of the training rows. */
export class RunLengths {
  private last: Cell = null;
  private constant = 0;
  /** Values but for the first; and how many of them came after so many rows without one. */
  private values = 0;
  private readonly gaps = new Map<number, number>();
  longestConstant = 0;
  longestMissing: number;

  /** @param missing rows there were before the first that has the column */
  constructor(private missing: number) {
    this.longestMissing = missing;
  }

  /** Rows without a value in the longest gap that is usual: 0 where nearly every row has one, 4 where every fifth has. */
  get usualGap(): number {
    let within = 0;
    for (const [gap, values] of [...this.gaps].sort(([a], [b]) => a - b)) {
      within += values;
      if (within >= USUAL_SHARE * this.values) return gap;
    }
    return 0;
  }

  add(cell: Cell): void {
    if (cell === null) {
      this.missing++;
      this.longestMissing = Math.max(this.longestMissing, this.missing);
      return;
    }
    if (this.last !== null) {
      this.values++;
      this.gaps.set(this.missing, (this.gaps.get(this.missing) ?? 0) + 1);
    }
    this.missing = 0;
    this.constant = cell === this.last ? this.constant + 1 : 1;
    this.last = cell;
    this.longestConstant = Math.max(this.longestConstant, this.constant);
  }
}
