import * as tf from '@tensorflow/tfjs-core';
import type { Value } from '../graph.js';
import { at } from '../shapes.js';
import { TraceError } from '../trace-error.js';
import { type KernelCall, register } from './kernel.js';
import { slice } from './shape.js';

/*
 * tfjs: activations NHWC (N rows, H height, W width, C channels), filters (kH, kW, in, out).
 * ONNX: activations NCHW, filters (out, in, kH, kW). The transposes recorded here cancel between layers;
 * parameters kept as (out, in, kH, kW) and transposed in the step cost nothing either.
 */
const TO_NCHW = [0, 3, 1, 2];
const TO_NHWC = [0, 2, 3, 1];
const TO_OIHW = [3, 2, 0, 1];

export function registerConv(): void {
  register(tf.Conv2D, (call) => {
    const filter = call.input('filter');
    const geometry = geometryOf(call, call.input('x').shape, filter.shape);
    const inputs = [toChannelsFirst(call, call.input('x')), call.algebra.transpose(filter, TO_OIHW)];
    const shape = [geometry.rows, geometry.outChannels, geometry.outHeight, geometry.outWidth];
    return fromChannelsFirst(call, call.algebra.raw('Conv', inputs, windowOf(geometry), shape, 'float32'));
  });
  register(tf.Conv2DBackpropInput, backpropInput);
  register(tf.Conv2DBackpropFilter, backpropFilter);
}

/** Gradient with respect to the input: the transposed convolution, padded to the input's own size. */
function backpropInput(call: KernelCall): Value {
  const [dy, filter] = [call.input('dy'), call.input('filter')];
  const geometry = geometryOf(call, call.numbers('inputShape'), filter.shape);
  const { rows, inChannels, inHeight, inWidth, outHeight, outWidth, strides, kernel, dilations, pads } = geometry;
  const rest = (input: number, output: number, axis: number) => {
    const span = (at(kernel, axis) - 1) * at(dilations, axis) + 1;
    return input - ((output - 1) * at(strides, axis) + span - at(pads, axis) - at(pads, axis + 2));
  };
  const attributes = {
    ...windowOf(geometry),
    output_padding: [rest(inHeight, outHeight, 0), rest(inWidth, outWidth, 1)],
  };
  const inputs = [toChannelsFirst(call, dy), call.algebra.transpose(filter, TO_OIHW)];
  const dx = call.algebra.raw('ConvTranspose', inputs, attributes, [rows, inChannels, inHeight, inWidth], 'float32');
  return fromChannelsFirst(call, dx);
}

/**
 * Gradient with respect to the filter, as one convolution of x, as a volume (1, N, in, H, W), with dy (out, N, 1, h, w)
 * as its kernel: what were strides become dilations, and the other way round; the surplus at the end is cropped.
 * As a volume its columns are in·kH·kW, which ONNX Runtime splits over threads; with `in` as rows they are kH·kW only.
 */
function backpropFilter(call: KernelCall): Value {
  const { algebra } = call;
  const filterShape = call.numbers('filterShape');
  const geometry = geometryOf(call, call.input('x').shape, filterShape);
  const { inChannels, outChannels, inHeight, inWidth, outHeight, outWidth, strides, dilations, pads, kernel } =
    geometry;
  const x = toChannelsFirst(call, call.input('x'));
  const dy = algebra.transpose(toChannelsFirst(call, call.input('dy')), [1, 0, 2, 3]);
  const volumes = [
    algebra.reshape(x, [1, ...x.shape]),
    algebra.reshape(dy, [outChannels, geometry.rows, 1, outHeight, outWidth]),
  ];
  const steps = (input: number, output: number, axis: number) =>
    Math.floor(
      (input + at(pads, axis) + at(pads, axis + 2) - (output - 1) * at(strides, axis) - 1) / at(dilations, axis),
    ) + 1;
  const shape = [outChannels, inChannels, steps(inHeight, outHeight, 0), steps(inWidth, outWidth, 1)];
  const attributes = {
    kernel_shape: [1, outHeight, outWidth],
    strides: [1, ...dilations],
    dilations: [1, ...strides],
    pads: [0, ...pads.slice(0, 2), 0, ...pads.slice(2)],
  };
  const full = algebra.reshape(algebra.raw('Conv', volumes, attributes, [1, ...shape], 'float32'), shape);
  const cropped = slice(algebra, full, [0, 0, 0, 0], [outChannels, inChannels, ...kernel]);
  return algebra.transpose(cropped, [2, 3, 1, 0]);
}

interface Geometry {
  readonly rows: number;
  readonly inChannels: number;
  readonly inHeight: number;
  readonly inWidth: number;
  readonly outChannels: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** top, left, bottom, right */
  readonly pads: readonly number[];
}

function geometryOf(call: KernelCall, xShape: readonly number[], filterShape: readonly number[]): Geometry {
  const info = tf.backend_util.computeConv2DInfo(
    [...xShape] as [number, number, number, number],
    [...filterShape] as [number, number, number, number],
    call.attributes.strides as number | [number, number],
    (call.attributes.dilations ?? 1) as number | [number, number],
    call.attributes.pad as number | 'same' | 'valid',
    call.attributes.dimRoundingMode as 'floor' | 'round' | 'ceil' | undefined,
    false,
    call.text('dataFormat', 'NHWC') === 'NCHW' ? 'channelsFirst' : 'channelsLast',
  );
  const { top, left, bottom, right } = info.padInfo;
  checkSize(call, info.inHeight + top + bottom, info.effectiveFilterHeight, info.strideHeight, info.outHeight);
  checkSize(call, info.inWidth + left + right, info.effectiveFilterWidth, info.strideWidth, info.outWidth);
  return {
    rows: info.batchSize,
    inChannels: info.inChannels,
    inHeight: info.inHeight,
    inWidth: info.inWidth,
    outChannels: info.outChannels,
    outHeight: info.outHeight,
    outWidth: info.outWidth,
    kernel: [info.filterHeight, info.filterWidth],
    strides: [info.strideHeight, info.strideWidth],
    dilations: [info.dilationHeight, info.dilationWidth],
    pads: [top, left, bottom, right],
  };
}

/** With a number as padding tfjs takes kernels and strides to be square, and gives other sizes for others. */
function checkSize(call: KernelCall, padded: number, span: number, stride: number, size: number): void {
  const right = Math.floor((padded - span) / stride) + 1;
  if (right !== size) {
    throw new TraceError(
      `${call.name}: expected ${right} positions along an axis, tfjs says ${size}; use padding 'same' or 'valid'`,
    );
  }
}

function windowOf({ kernel, strides, dilations, pads }: Geometry) {
  return { kernel_shape: kernel, strides, dilations, pads };
}

function toChannelsFirst(call: KernelCall, x: Value): Value {
  const real = call.algebra.materialise(x);
  return call.text('dataFormat', 'NHWC') === 'NCHW' ? real : call.algebra.transpose(real, TO_NCHW);
}

function fromChannelsFirst(call: KernelCall, x: Value): Value {
  return call.text('dataFormat', 'NHWC') === 'NCHW' ? x : call.algebra.transpose(x, TO_NHWC);
}
