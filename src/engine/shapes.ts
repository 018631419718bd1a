/** Shape arithmetic of the graph: plain numbers in, plain numbers out. */

/** Numpy broadcasting of several shapes. @throws {RangeError} when they do not fit. */
export function broadcastShapes(...shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    let size = 1;
    for (const shape of shapes) {
      const own = shape[axis - rank + shape.length] ?? 1;
      if (own !== 1 && size !== 1 && own !== size) {
        throw new RangeError(`shapes ${shapes.map((s) => `[${s}]`).join(' and ')} do not broadcast`);
      }
      if (own !== 1) size = own;
    }
    return size;
  });
}

export function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((number, index) => number === b[index]);
}

/** The sizes of `shape` in the order of `permutation`. */
export function permute(shape: readonly number[], permutation: readonly number[]): number[] {
  return permutation.map((axis) => at(shape, axis));
}

/** The permutation that undoes `permutation`. */
export function inverse(permutation: readonly number[]): number[] {
  const undone = new Array<number>(permutation.length).fill(0);
  permutation.forEach((axis, index) => {
    undone[axis] = index;
  });
  return undone;
}

/** Axes as sorted non-negative numbers; no axes means all. */
export function normaliseAxes(axes: readonly number[] | number | undefined, rank: number): number[] {
  if (axes === undefined) return [...Array(rank).keys()];
  const list = typeof axes === 'number' ? [axes] : axes;
  return [...new Set(list.map((axis) => (axis < 0 ? axis + rank : axis)))].sort((a, b) => a - b);
}

/** `shape` without `axes`, or with size 1 there. */
export function reducedShape(shape: readonly number[], axes: readonly number[], keepDims: boolean): number[] {
  return shape.flatMap((size, axis) => (axes.includes(axis) ? (keepDims ? [1] : []) : [size]));
}

/** Element `index`, which the caller knows to exist. @throws {RangeError} when it does not. */
export function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new RangeError(`index ${index} of a list of ${list.length}`);
  return item;
}
