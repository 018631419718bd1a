import type { Cell } from '../sources/tables/cells.js';

/** Longest runs of one value and of none in a column of the training rows. */
export class RunLengths {
  private last: Cell = null;
  private constant = 0;
  private missing = 0;
  longestConstant = 0;
  longestMissing = 0;

  add(cell: Cell): void {
    this.missing = cell === null ? this.missing + 1 : 0;
    this.longestMissing = Math.max(this.longestMissing, this.missing);
    if (cell === null) return;
    this.constant = cell === this.last ? this.constant + 1 : 1;
    this.last = cell;
    this.longestConstant = Math.max(this.longestConstant, this.constant);
  }
}
