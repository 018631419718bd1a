import { uniformOf } from './builder.js';
import type { Value } from './graph.js';
import { sameNumbers } from './shapes.js';

/** What a simplification is written with. */
export interface Operators {
  scalar(number: number): Value;
  unary(op: string, x: Value): Value;
  binary(op: string, a: Value, b: Value): Value;
  expand(x: Value, shape: readonly number[]): Value;
}

/** The value of an operator on a constant, in float64, or undefined where it is left to the runtime. */
export function foldUnary(op: string, x: number): number | undefined {
  switch (op) {
    case 'Neg':
      return -x;
    case 'Sqrt':
      return Math.sqrt(x);
    case 'Abs':
      return Math.abs(x);
    default:
      return undefined;
  }
}

/** The value of an arithmetic operator on two constants. */
export function foldBinary(op: string, a: number, b: number): number | undefined {
  switch (op) {
    case 'Add':
      return a + b;
    case 'Sub':
      return a - b;
    case 'Mul':
      return a * b;
    default:
      return undefined;
  }
}

/** A cheaper equal of `a op b`, or undefined. Only float32-exact or one-rounding changes are made. */
export function simplifyBinary(
  algebra: Operators,
  op: string,
  a: Value,
  b: Value,
  shape: readonly number[],
): Value | undefined {
  const [first, second] = [uniformOf(a), uniformOf(b)];
  const neutral = op === 'Mul' || op === 'Div' ? 1 : 0;
  const hasNeutral = ['Add', 'Sub', 'Mul', 'Div'].includes(op);
  if (hasNeutral && second === neutral) return algebra.expand(a, shape);
  if ((op === 'Add' || op === 'Mul') && first === neutral) return algebra.expand(b, shape);
  if (op === 'Sub' && first === 0) return algebra.expand(algebra.unary('Neg', b), shape);
  const minusB = b.op === 'Neg' ? b.inputs[0] : undefined;
  if (op === 'Add' && minusB) return algebra.binary('Sub', a, minusB);
  if (op === 'Sub' && minusB) return algebra.binary('Add', a, minusB);
  if (op === 'Mul' && a.dtype === 'float32') return mergeFactors(algebra, a, b) ?? mergeFactors(algebra, b, a);
  return undefined;
}

/** The constant k of b = a · k, also where both are transposed alike; undefined where b is something else. */
export function factorBetween(a: Value, b: Value): number | undefined {
  const [inner, product] = [a.inputs[0], b.inputs[0]];
  if (a.op === 'Transpose' && b.op === 'Transpose' && inner && product) {
    const alike = sameNumbers(a.attributes.perm as readonly number[], b.attributes.perm as readonly number[]);
    return alike ? factorBetween(inner, product) : undefined;
  }
  const [x, y] = b.op === 'Mul' ? b.inputs : [];
  if (x && y && x === a) return uniformOf(y);
  return x && y === a ? uniformOf(x) : undefined;
}

/** (x · c1) · c2 = x · (c1 c2), and (−x) · c = x · (−c). */
function mergeFactors(algebra: Operators, product: Value, factor: Value): Value | undefined {
  const outer = uniformOf(factor);
  const inner = product.inputs[0];
  if (outer === undefined || !inner || factor.shape.length > product.shape.length) return undefined;
  if (product.op === 'Neg') return algebra.binary('Mul', inner, algebra.scalar(-outer));
  if (product.op !== 'Mul') return undefined;
  const [x, y] = product.inputs;
  for (const [rest, c] of [
    [x, y],
    [y, x],
  ]) {
    const known = c && uniformOf(c);
    if (rest && c && known !== undefined && c.shape.length === 0) {
      return algebra.binary('Mul', rest, algebra.scalar(known * outer));
    }
  }
  return undefined;
}
