import * as tf from '@tensorflow/tfjs-core';
import type { FittedModel } from '../method.js';
import { autoencode, unpackAutoencoder } from '../networks.js';
import type { TrainedPhases } from '../phases.js';
import type { PreparedRows } from '../prepared-rows.js';
import { type Recorded, recordScoring } from '../recorded.js';
import { transformInGraph, vector } from '../transform-graph.js';
import { fittedModel } from './fitted.js';

/** An autoencoder whose energy is ‖x − x'‖² of the row as it sees it. */
export function fittedAutoencoder(scorer: string, prepared: PreparedRows, trained: TrainedPhases): FittedModel {
  const { transform, shape } = prepared;
  const score: Recorded = ([rows]) => {
    const [x] = transformInGraph(rows as tf.Tensor2D, transform);
    const layers = unpackAutoencoder(vector(trained.parameters), shape);
    const { code, reconstruction } = autoencode(x as tf.Tensor2D, layers);
    return [code, tf.sum(tf.square(tf.sub(x as tf.Tensor, reconstruction)), 1)];
  };
  return fittedModel(prepared, trained, recordScoring(scorer, transform.width, score));
}
