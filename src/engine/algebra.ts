import { type GraphBuilder, uniformOf } from './builder.js';
import type { Attributes, Value } from './graph.js';
import { type HostType, sizeOf } from './host-tensor.js';
import { factorBetween, foldBinary, foldUnary, simplifyBinary } from './rewrite.js';
import { broadcastShapes, inverse, normaliseAxes, permute, reducedShape, sameNumbers } from './shapes.js';

/**
 * Operators with the rewriting that keeps graphs small, applied as they are recorded:
 * transposes sink through elementwise operators and reductions until they meet their inverse,
 * broadcasts are left to the operators that do them anyway, and neutral operators vanish.
 */
export class Algebra {
  constructor(readonly builder: GraphBuilder) {}

  /** An operator without any rewriting. */
  raw(op: string, inputs: readonly Value[], attributes: Attributes, shape: readonly number[], dtype: HostType): Value {
    return this.builder.emit(op, inputs, attributes, shape, dtype);
  }

  scalar(number: number, dtype: HostType = 'float32'): Value {
    return this.builder.scalar(number, dtype);
  }

  /** Elementwise operator of one operand. */
  unary(op: string, x: Value, attributes: Attributes = {}, dtype: HostType = x.dtype): Value {
    const uniform = uniformOf(x);
    const folded = uniform === undefined ? undefined : foldUnary(op, uniform);
    if (folded !== undefined && dtype !== 'int64') return this.builder.fill(x.shape, folded, dtype);
    if (op === 'Neg' && x.op === 'Neg') return x.inputs[0] ?? x;
    return this.elementwise(op, [x], attributes, dtype);
  }

  /** Elementwise operator of two operands with broadcasting. */
  binary(op: string, a: Value, b: Value, dtype: HostType = a.dtype): Value {
    const shape = broadcastShapes(a.shape, b.shape);
    const [first, second] = [uniformOf(a), uniformOf(b)];
    if (first !== undefined && second !== undefined) {
      const folded = foldBinary(op, first, second);
      if (folded !== undefined) return this.builder.fill(shape, folded, dtype);
    }
    return simplifyBinary(this, op, a, b, shape) ?? this.elementwise(op, [a, b], {}, dtype);
  }

  /** condition ? a : b, with broadcasting; c ? a : a·k is a · max(c, k), at a third of the time of `Where`. */
  select(condition: Value, a: Value, b: Value): Value {
    const factor = factorBetween(a, b);
    if (factor !== undefined && factor > 0 && factor <= 1) {
      return this.binary('Mul', a, this.binary('Max', this.cast(condition, a.dtype), this.scalar(factor, a.dtype)));
    }
    return this.elementwise('Where', [condition, a, b], {}, a.dtype);
  }

  cast(x: Value, dtype: HostType): Value {
    if (x.dtype === dtype) return x;
    const uniform = uniformOf(x);
    if (uniform !== undefined) {
      return this.builder.fill(x.shape, dtype === 'bool' ? Number(uniform !== 0) : Math.trunc(uniform), dtype);
    }
    return this.elementwise('Cast', [x], { to: dtype }, dtype);
  }

  elementwise(op: string, operands: readonly Value[], attributes: Attributes, dtype: HostType): Value {
    const shape = broadcastShapes(...operands.map((operand) => operand.shape));
    const bare = operands.map((operand) => this.#withoutExpand(operand));
    const inner = broadcastShapes(...bare.map((operand) => operand.shape));
    if (!sameNumbers(inner, shape)) return this.expand(this.elementwise(op, bare, attributes, dtype), shape);
    const permutation = sinkable(bare, shape);
    if (!permutation) return this.raw(op, bare, attributes, shape, dtype);
    const moved = bare.map((operand) => this.#undoTranspose(operand, permutation));
    return this.transpose(this.raw(op, moved, attributes, permute(shape, inverse(permutation)), dtype), permutation);
  }

  /** Repeats size-1 axes up to `shape`. */
  expand(x: Value, shape: readonly number[]): Value {
    if (sameNumbers(x.shape, shape)) return x;
    const uniform = uniformOf(x);
    if (uniform !== undefined) return this.builder.fill(shape, uniform, x.dtype);
    if (x.op === 'Expand' && x.inputs[0]) return this.expand(x.inputs[0], shape);
    return this.raw('Expand', [x], { shape }, shape, x.dtype);
  }

  reshape(x: Value, shape: readonly number[]): Value {
    if (sameNumbers(x.shape, shape)) return x;
    if (x.data) return this.builder.constant(x.data, shape, x.dtype);
    const inner = x.inputs[0];
    if (x.op === 'Reshape' && inner) return this.reshape(inner, shape);
    if (x.op.startsWith('Reduce') && x.attributes.keepdims === 0 && inner) {
      const axes = x.attributes.axes as readonly number[];
      if (sameNumbers(reducedShape(inner.shape, axes, true), shape)) {
        return this.raw(x.op, [inner], { axes, keepdims: 1 }, shape, x.dtype);
      }
    }
    return this.raw('Reshape', [x], { shape }, shape, x.dtype);
  }

  transpose(x: Value, permutation: readonly number[]): Value {
    const shape = permute(x.shape, permutation);
    if (x.op === 'Transpose' && x.inputs[0]) {
      const first = x.attributes.perm as readonly number[];
      return this.transpose(x.inputs[0], permute(first, permutation));
    }
    if (keepsOrder(x.shape, permutation)) return this.reshape(x, shape);
    if (uniformOf(x) !== undefined) return this.reshape(x, shape);
    return this.raw('Transpose', [x], { perm: permutation }, shape, x.dtype);
  }

  /** ReduceSum, ReduceMean, ReduceMax or ReduceMin; no axes means all. */
  reduce(op: string, x: Value, axes: readonly number[] | number | undefined, keepDims = false): Value {
    const over = normaliseAxes(axes, x.shape.length);
    if (over.every((axis) => x.shape[axis] === 1)) return this.reshape(x, reducedShape(x.shape, over, keepDims));
    if (x.op === 'Transpose' && x.inputs[0]) return this.#reduceTransposed(op, x, x.inputs[0], over, keepDims);
    const bare = uniformOf(x) === undefined ? x : this.materialise(x);
    const shape = reducedShape(x.shape, over, keepDims);
    return this.raw(op, [bare], { axes: over, keepdims: keepDims ? 1 : 0 }, shape, x.dtype);
  }

  /** Matrix product of the last two axes; leading axes broadcast. */
  matMul(a: Value, b: Value): Value {
    const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
    const shape = [...batch, ...a.shape.slice(-2, -1), ...b.shape.slice(-1)];
    if (a.shape.length === 2 && b.shape.length === 2) {
      const [left, transA] = flipped(a);
      const [right, transB] = flipped(b);
      if (transA || transB) {
        const inputs = [this.materialise(left), this.materialise(right)];
        return this.raw('Gemm', inputs, { transA, transB }, shape, a.dtype);
      }
    }
    return this.raw('MatMul', [this.materialise(a), this.materialise(b)], {}, shape, a.dtype);
  }

  /** A repeated constant as a real tensor, for operators that do not broadcast. */
  materialise(x: Value): Value {
    const uniform = uniformOf(x);
    if (uniform === undefined || sizeOf(x.shape) === 1) return x;
    return this.raw('Expand', [this.scalar(uniform, x.dtype)], { shape: x.shape }, x.shape, x.dtype);
  }

  #reduceTransposed(op: string, x: Value, inner: Value, over: readonly number[], keepDims: boolean): Value {
    const permutation = x.attributes.perm as readonly number[];
    const innerAxes = over.map((axis) => permutation[axis] ?? axis);
    const reduced = this.reduce(op, inner, innerAxes, true);
    const moved = this.transpose(reduced, permutation);
    return keepDims ? moved : this.reshape(moved, reducedShape(x.shape, over, false));
  }

  /** Operands of elementwise operators need no explicit broadcast: the result is expanded instead where it must be. */
  #withoutExpand(operand: Value): Value {
    const uniform = uniformOf(operand);
    if (uniform !== undefined) return this.scalar(uniform, operand.dtype);
    return operand.op === 'Expand' && operand.inputs[0] ? operand.inputs[0] : operand;
  }

  #undoTranspose(operand: Value, permutation: readonly number[]): Value {
    if (sizeOf(operand.shape) === 1 && operand.shape.length === 0) return operand;
    const rank = permutation.length;
    const full = [...new Array<number>(rank - operand.shape.length).fill(1), ...operand.shape];
    return this.transpose(this.reshape(operand, full), inverse(permutation));
  }
}

/** A permutation that moves only axes of size 1 leaves the data where they are. */
function keepsOrder(shape: readonly number[], permutation: readonly number[]): boolean {
  const moved = permutation.filter((axis) => shape[axis] !== 1);
  return moved.every((axis, index) => index === 0 || axis > (moved[index - 1] ?? 0));
}

/** The transpose that an elementwise operator can let through to its result, if there is one. */
function sinkable(operands: readonly Value[], shape: readonly number[]): readonly number[] | undefined {
  const transposed = operands.find((operand) => operand.op === 'Transpose' && sameNumbers(operand.shape, shape));
  const permutation = transposed?.attributes.perm as readonly number[] | undefined;
  if (!permutation) return undefined;
  const free = (operand: Value) =>
    sizeOf(operand.shape) === 1 ||
    (operand.op === 'Transpose' && sameNumbers(operand.attributes.perm as readonly number[], permutation));
  return permutation.length >= 4 || operands.every(free) ? permutation : undefined;
}

/** A transposed matrix as its origin and a flag. */
function flipped(matrix: Value): [Value, number] {
  const inner = matrix.inputs[0];
  return matrix.op === 'Transpose' && inner ? [inner, 1] : [matrix, 0];
}
