import * as tf from '@tensorflow/tfjs-core';
import SVM from 'libsvm-js/asm.js';
import { InternalError } from '../../contracts.js';
import type { FitOptions, FittedModel } from '../method.js';
import { type RowMatrix, rowsOf } from '../row-matrix.js';
import { pickRows, sampleRows } from '../row-samples.js';
import { vector } from '../transform-graph.js';
import type { OC_SVM } from './defaults.js';
import { recordEnergy, squaredNorms } from './energy-graph.js';
import { fittedModel, standardise } from './rows.js';
import type { Values } from './settings.js';

/** Numbers that fit into the solver's memory. */
const MOST_VALUES = 2_000_000;

interface Support {
  /** (S, W) */
  readonly vectors: RowMatrix;
  /** (S) 0 < α ≤ 1 */
  readonly alpha: Float64Array;
  readonly rho: number;
  readonly gamma: number;
}

/**
 * One-class SVM with an RBF kernel on standardised rows, solved by LIBSVM on a sample of them.
 * Energy: log ρ − log Σ_s α_s exp(−γ‖x − s‖²): above 0 where the SVM's decision is negative, in the same order as its
 * decision value; unlike that, which runs into −ρ, it still tells far rows from farther ones.
 */
export function fitOneClassSvm(rows: RowMatrix, settings: Values<typeof OC_SVM>, options: FitOptions): FittedModel {
  const { transform, scaled } = standardise(rows);
  const sample = sampleRows(scaled, Math.min(settings.rows, Math.ceil(MOST_VALUES / rows.width)), options.seed);
  const gamma = settings.gamma || 1 / Math.max(totalVariance(scaled), 1e-6);
  const support = solve(sample, gamma, settings.nu);
  const onnx = recordEnergy('oc-svm', transform, (x) => inGraph(x, support));
  const found = { gamma, rows: rowsOf(sample), supportVectors: support.alpha.length, rho: support.rho };
  return fittedModel(rows, options, onnx, { ...settings, ...found });
}

/** Of columns with mean 0. */
const totalVariance = (rows: RowMatrix): number => rows.data.reduce((sum, x) => sum + x * x, 0) / rowsOf(rows);

function solve(rows: RowMatrix, gamma: number, nu: number): Support {
  const { data, width } = rows;
  const samples = Array.from({ length: rowsOf(rows) }, (_, n) => data.subarray(n * width, (n + 1) * width));
  const [type, kernel] = [SVM.SVM_TYPES.ONE_CLASS, SVM.KERNEL_TYPES.RBF];
  const svm = new SVM({ type, kernel, gamma, nu, tolerance: 1e-4, cacheSize: 100, quiet: true });
  try {
    svm.train(
      samples,
      samples.map(() => 1),
    );
    return { ...parse(svm.serializeModel()), vectors: pickRows(rows, svm.getSVIndices()), gamma };
  } finally {
    svm.free();
  }
}

/** ρ, and α at the start of every line after "SV", of LIBSVM's text format, which rounds ρ to 6 digits. */
function parse(model: string): Pick<Support, 'alpha' | 'rho'> {
  const [header = '', vectors = ''] = model.split('\nSV\n');
  const rho = Number(/^rho (\S+)$/m.exec(header)?.[1]);
  const alpha = Float64Array.from(vectors.trim().split('\n'), (line) => Number(line.split(' ', 1)[0]));
  if (rho > 0 && alpha.length > 0 && alpha.every((a) => a > 0)) return { rho, alpha };
  throw new InternalError(`one-class SVM: expected positive ρ and α, found ρ = ${rho} and ${alpha.length} α`);
}

function inGraph(x: tf.Tensor2D, { vectors, alpha, rho, gamma }: Support): tf.Tensor {
  const support = tf.tensor2d(vectors.data, [alpha.length, vectors.width]);
  const products = tf.matMul(x, support, false, true);
  const norms = tf.add(squaredNorms(x), tf.reshape(squaredNorms(support), [1, -1]));
  const squared = tf.maximum(tf.sub(norms, tf.mul(products, 2)), 0);
  const terms = tf.sub(vector(alpha.map(Math.log)), tf.mul(squared, gamma));
  const top = tf.max(terms, 1, true);
  const sum = tf.sum(tf.exp(tf.sub(terms, top)), 1, true);
  return tf.sub(Math.log(rho), tf.add(tf.log(sum), top));
}
