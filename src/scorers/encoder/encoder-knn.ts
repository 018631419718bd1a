import * as tf from '@tensorflow/tfjs-core';
import { ModelError } from '../../contracts.js';
import { openSession } from '../../engine/session.js';
import { squaredNorms } from '../baselines/energy-graph.js';
import { type FitOptions, type FittedModel, stopIfCancelled } from '../method.js';
import { floats, recordScoring } from '../recorded.js';
import { type RowMatrix, rowsOf } from '../row-matrix.js';
import { sampleRows } from '../row-samples.js';
import { meanRowOf, refuseUnusable } from '../training-rows.js';
import { vector } from '../transform-graph.js';
import { type EncoderManner, mannerOf, readEncoder } from './encoder-file.js';
import { type EncoderBody, joinEncoder, overRows, withHead } from './encoder-graph.js';
import { readModel, writeModel } from './onnx-message.js';
import type { EncoderKnnSettings } from './settings.js';

/** Rows of one native call: embeddings of some seconds of sound. */
const CALL_ROWS = 4;

/**
 * Distance to the nearest normal embedding y, divided by how far y itself lies from its neighbours:
 * min_y d(x, y) / mean_{k ≤ K} d(y, y_k). Wilkinghoff et al., Keeping the Balance: Anomaly Score Calculation for Domain
 * Generalization, ICASSP 2025. The encoder and the neighbours are one graph.
 */
export async function fitEncoderKnn(
  rows: RowMatrix,
  settings: EncoderKnnSettings,
  options: FitOptions,
): Promise<FittedModel> {
  refuseUnusable(rows);
  const files = await readEncoder(settings.encoder);
  const manner = chosenManner(mannerOf(files), settings);
  const encoder = await joinEncoder(files, manner, rows.width);
  const sample = sampleRows(rows, settings.rows, options.seed);
  const { centre, centred } = await embeddings(sample, encoder, options);
  const density = localDensity(centred, settings.neighbours);
  const head = recordScoring(
    'encoder-knn',
    encoder.size,
    ([raw]) => [nearest(tf.sub(raw as tf.Tensor2D, vector(centre)) as tf.Tensor2D, centred, density)],
    ['energy'],
  );
  return {
    onnx: withHead(encoder, rows.width, readModel(head, 'encoder-knn'), { scorer: 'encoder-knn' }),
    meanRow: meanRowOf(rows),
    scoringRows: settings.scoringRows,
    hyperparameters: {
      ...settings,
      ...manner,
      encoder: files.map(({ name, digest }) => `${name} ${digest.slice(0, 16)}`).join(', '),
      rows: rowsOf(sample),
      embeddingSize: encoder.size,
    },
    ...{ epochs: 0, skippedSteps: 0, singularRetries: 0, finalLoss: null },
  };
}

/** As the settings say; 0 where they leave it to what is known of the encoder. */
function chosenManner(
  known: EncoderManner,
  { inputScale, stageScale, stageShift, stageHop }: EncoderKnnSettings,
): EncoderManner {
  return {
    inputScale: inputScale || known.inputScale,
    stageScale: stageScale || known.stageScale,
    stageShift: stageShift || known.stageShift,
    stageHop: stageHop || known.stageHop,
  };
}

/** @returns embeddings less their mean, and the mean   @throws {ModelError} for one that is not finite */
async function embeddings(rows: RowMatrix, encoder: EncoderBody, options: FitOptions) {
  const { size, opsetImport, irVersion } = encoder;
  const graph = overRows(encoder, rows.width, 'embeddings');
  const session = await openSession(writeModel({ opsetImport, irVersion, graph }), { threads: options.threads ?? 1 });
  const count = rowsOf(rows);
  const data = new Float32Array(count * size);
  try {
    for (let from = 0; from < count; from += CALL_ROWS) {
      stopIfCancelled(options);
      const part = rows.data.slice(from * rows.width, Math.min(count, from + CALL_ROWS) * rows.width);
      const { embeddings: out } = await session.run({
        rows: { data: part, shape: [part.length / rows.width, rows.width] },
      });
      data.set(floats(out), from * size);
    }
  } finally {
    await session.close();
  }
  if (!data.every(Number.isFinite)) throw new ModelError('encoder: expected finite embeddings, found NaN');
  const centre = meanRowOf({ data, width: size });
  const centred = data.map((x, at) => x - (centre[at % size] as number));
  return { centre, centred: { data: centred, width: size } };
}

/** Mean distance of each row to its K nearest others, never 0. */
export function localDensity(rows: RowMatrix, neighbours: number): Float32Array {
  const count = rowsOf(rows);
  const k = Math.min(neighbours, count - 1);
  const all = new Float64Array(count);
  const means = Float32Array.from({ length: count }, (_, n) => {
    for (let m = 0; m < count; m++) all[m] = m === n ? Number.POSITIVE_INFINITY : distance(rows, n, m);
    return (
      all
        .slice()
        .sort()
        .subarray(0, k)
        .reduce((sum, d) => sum + d, 0) / k
    );
  });
  const least = 1e-3 * (means.reduce((sum, d) => sum + d, 0) / count) || 1e-6;
  return means.map((mean) => Math.max(mean, least));
}

function distance({ data, width }: RowMatrix, n: number, m: number): number {
  let sum = 0;
  for (let j = 0; j < width; j++) sum += ((data[n * width + j] as number) - (data[m * width + j] as number)) ** 2;
  return Math.sqrt(sum);
}

/** (N, E) → (N) */
function nearest(x: tf.Tensor2D, { data, width }: RowMatrix, density: Float32Array): tf.Tensor {
  const count = data.length / width;
  const references = tf.tensor2d(data, [count, width]);
  const products = tf.matMul(x, references, false, true);
  const squares = tf.sub(
    tf.add(squaredNorms(x), tf.reshape(squaredNorms(references), [1, count])),
    tf.mul(products, 2),
  );
  return tf.min(tf.div(tf.sqrt(tf.maximum(squares, 0)), vector(density)), 1);
}
