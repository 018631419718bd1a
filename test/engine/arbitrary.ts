import fc from 'fast-check';
import type { HostTensor } from '../../src/engine/index.js';

export interface Range {
  readonly min: number;
  readonly max: number;
}

/** float32 tensors of one shape, away from 0 by `gap` so that kinks (relu, abs, max) are not sampled. */
export function tensorOf(shape: readonly number[], { min, max }: Range = { min: -2, max: 2 }, gap = 0.01) {
  const size = shape.reduce((product, length) => product * length, 1);
  return fc
    .array(fc.double({ min, max, noNaN: true }), { minLength: size, maxLength: size })
    .map((values): HostTensor => ({ data: Float32Array.from(values, (value) => awayFromZero(value, gap)), shape }));
}

function awayFromZero(value: number, gap: number): number {
  return Math.abs(value) < gap ? (value < 0 ? -gap : gap) : value;
}

/** Shapes of rank 0 to 4 with small sizes. */
export const anyShape = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 });

/** Shapes of at least one axis. */
export const someShape = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });

/** Two shapes that broadcast, of different ranks. */
export const broadcastPair = anyShape.chain((shape) =>
  fc
    .tuple(
      fc.integer({ min: 0, max: shape.length }),
      fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
      fc.boolean(),
    )
    .map(([dropped, ones, swap]): [number[], number[]] => {
      const other = shape.slice(dropped).map((size, axis) => (ones[axis] ? 1 : size));
      return swap ? [other, shape] : [shape, other];
    }),
);

/** A tensor of any shape. */
export const anyTensor = (range?: Range, gap?: number) => anyShape.chain((shape) => tensorOf(shape, range, gap));
export const someTensor = (range?: Range, gap?: number) => someShape.chain((shape) => tensorOf(shape, range, gap));

/** Runs of each property: small, since there are many kernels. */
export const RUNS = { numRuns: 12, endOnFailure: true };
