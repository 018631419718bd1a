import * as tf from '@tensorflow/tfjs-core';
import type { Algebra } from '../algebra.js';
import { uniformOf } from '../builder.js';
import type { Value } from '../graph.js';
import type { HostType } from '../host-tensor.js';
import { broadcastShapes } from '../shapes.js';
import { register } from './kernel.js';

const LARGEST_FLOAT32 = 3.4028234663852886e38;

type Unary = (algebra: Algebra, x: Value) => Value;

const direct =
  (op: string): Unary =>
  (algebra, x) =>
    algebra.unary(op, x);

const unaries: Record<string, Unary> = {
  [tf.Tanh]: direct('Tanh'),
  [tf.Relu]: direct('Relu'),
  [tf.Softplus]: direct('Softplus'),
  [tf.Sigmoid]: direct('Sigmoid'),
  [tf.Exp]: direct('Exp'),
  [tf.Log]: direct('Log'),
  [tf.Sqrt]: direct('Sqrt'),
  [tf.Abs]: direct('Abs'),
  [tf.Neg]: direct('Neg'),
  [tf.Sign]: direct('Sign'),
  [tf.Cos]: direct('Cos'),
  [tf.Sin]: direct('Sin'),
  [tf.Acos]: direct('Acos'),
  [tf.Asin]: direct('Asin'),
  [tf.Atan]: direct('Atan'),
  [tf.Floor]: direct('Floor'),
  [tf.Ceil]: direct('Ceil'),
  [tf.Round]: direct('Round'),
  [tf.Erf]: direct('Erf'),
  [tf.Reciprocal]: direct('Reciprocal'),
  [tf.LogicalNot]: direct('Not'),
  [tf.Square]: (algebra, x) => algebra.binary('Mul', x, x),
  [tf.Rsqrt]: (algebra, x) => algebra.unary('Reciprocal', algebra.unary('Sqrt', x)),
  [tf.Log1p]: (algebra, x) => algebra.unary('Log', algebra.binary('Add', x, algebra.scalar(1))),
  [tf.Expm1]: (algebra, x) => algebra.binary('Sub', algebra.unary('Exp', x), algebra.scalar(1)),
  [tf.IsFinite]: (algebra, x) => {
    const magnitude = algebra.unary('Abs', x);
    return algebra.binary('LessOrEqual', magnitude, algebra.scalar(LARGEST_FLOAT32), 'bool');
  },
  [tf.IsNan]: (algebra, x) => algebra.unary('IsNaN', x, {}, 'bool'),
  [tf.Relu6]: (algebra, x) => clip(algebra, x, 0, 6),
};

/** min(max(x, low), high) that lets NaN through, as tfjs does. */
function clip(algebra: Algebra, x: Value, low: number, high: number): Value {
  const [lowest, highest] = [algebra.scalar(low, x.dtype), algebra.scalar(high, x.dtype)];
  return algebra.binary('Min', algebra.binary('Max', x, lowest), highest);
}

/** tfjs computes with booleans as with 0 and 1; ONNX does not. */
function numeric(algebra: Algebra, x: Value): Value {
  return x.dtype === 'bool' ? algebra.cast(x, 'int32') : x;
}

function power(algebra: Algebra, base: Value, exponent: Value): Value {
  const constant = uniformOf(exponent);
  const shape = broadcastShapes(base.shape, exponent.shape);
  if (constant === 1) return algebra.expand(base, shape);
  if (constant === 2) return algebra.expand(algebra.binary('Mul', base, base), shape);
  if (constant === 0.5) return algebra.expand(algebra.unary('Sqrt', base), shape);
  return algebra.binary('Pow', base, exponent);
}

function squaredDifference(algebra: Algebra, a: Value, b: Value): Value {
  const difference = algebra.binary('Sub', a, b);
  return algebra.binary('Mul', difference, difference);
}

type Binary = (algebra: Algebra, a: Value, b: Value) => Value;

const arithmetic =
  (op: string): Binary =>
  (algebra, a, b) =>
    algebra.binary(op, numeric(algebra, a), numeric(algebra, b));
const comparison =
  (op: string): Binary =>
  (algebra, a, b) =>
    algebra.binary(op, numeric(algebra, a), numeric(algebra, b), 'bool');
const logical =
  (op: string): Binary =>
  (algebra, a, b) =>
    algebra.binary(op, a, b, 'bool');
const float: HostType = 'float32';

const binaries: Record<string, Binary> = {
  [tf.Add]: arithmetic('Add'),
  [tf.Sub]: arithmetic('Sub'),
  [tf.Multiply]: arithmetic('Mul'),
  [tf.Maximum]: arithmetic('Max'),
  [tf.Minimum]: arithmetic('Min'),
  [tf.RealDiv]: (algebra, a, b) => algebra.binary('Div', algebra.cast(a, float), algebra.cast(b, float)),
  [tf.FloorDiv]: (algebra, a, b) => {
    const quotient = algebra.binary('Div', algebra.cast(a, float), algebra.cast(b, float));
    return algebra.cast(algebra.unary('Floor', quotient), a.dtype);
  },
  [tf.Mod]: (algebra, a, b) => {
    const quotient = algebra.unary('Floor', algebra.binary('Div', algebra.cast(a, float), algebra.cast(b, float)));
    return algebra.binary('Sub', a, algebra.binary('Mul', b, algebra.cast(quotient, a.dtype)));
  },
  [tf.Pow]: power,
  [tf.SquaredDifference]: squaredDifference,
  [tf.Equal]: comparison('Equal'),
  [tf.NotEqual]: (algebra, a, b) => algebra.unary('Not', comparison('Equal')(algebra, a, b), {}, 'bool'),
  [tf.Greater]: comparison('Greater'),
  [tf.GreaterEqual]: comparison('GreaterOrEqual'),
  [tf.Less]: comparison('Less'),
  [tf.LessEqual]: comparison('LessOrEqual'),
  [tf.LogicalAnd]: logical('And'),
  [tf.LogicalOr]: logical('Or'),
};

export function registerElementwise(): void {
  for (const [name, kernel] of Object.entries(unaries)) {
    register(name, ({ algebra, input }) => kernel(algebra, input('x')));
  }
  for (const [name, kernel] of Object.entries(binaries)) {
    register(name, ({ algebra, input }) => kernel(algebra, input('a'), input('b')));
  }
  register(tf.LeakyRelu, (call) => call.algebra.unary('LeakyRelu', call.input('x'), { alpha: call.number('alpha') }));
  register(tf.Elu, (call) => call.algebra.unary('Elu', call.input('x'), { alpha: 1 }));
  register(tf.EluGrad, ({ algebra, input }) => {
    const [dy, y] = [input('dy'), input('y')];
    const positive = algebra.binary('GreaterOrEqual', y, algebra.scalar(0), 'bool');
    return algebra.select(positive, dy, algebra.binary('Mul', dy, algebra.binary('Add', y, algebra.scalar(1))));
  });
  register(tf.Step, ({ algebra, input, number }) => step(algebra, input('x'), number('alpha', 0)));
  register(tf.ClipByValue, (call) =>
    clip(call.algebra, call.input('x'), call.number('clipValueMin'), call.number('clipValueMax')),
  );
  register(tf.Cast, (call) => call.algebra.cast(call.input('x'), call.text('dtype', 'float32') as HostType));
  register(tf.Identity, ({ input }) => input('x'));
  register(tf.Select, ({ algebra, input }) => algebra.select(input('condition'), input('t'), input('e')));
  register(tf.AddN, ({ algebra, inputs }) => inputs.reduce((sum, x) => algebra.binary('Add', sum, x)));
}

/** 1 where x > 0, alpha elsewhere. */
function step(algebra: Algebra, x: Value, alpha: number): Value {
  const positive = algebra.binary('Greater', x, algebra.scalar(0, x.dtype), 'bool');
  if (alpha === 0) return algebra.cast(positive, x.dtype);
  return algebra.select(positive, algebra.scalar(1, x.dtype), algebra.scalar(alpha, x.dtype));
}
