import * as tf from '@tensorflow/tfjs-core';
import type { HostTensor } from '../../engine/index.js';
import { planOf, randomAutoencoder, reconstructionPhase } from '../dagmm-phases.js';
import { fitMemberships, kMeansMemberships } from '../mixture-fit.js';
import type { NetworkShape } from '../network-shape.js';
import { autoencode, unpackAutoencoder } from '../networks.js';
import { type Phase, runPhases } from '../phases.js';
import { dataOf, type PreparedRows, prepareRows } from '../prepared-rows.js';
import { openRandom } from '../random.js';
import { floats, mapRows, type Recorded, recordScoring } from '../recorded.js';
import { transformInGraph, vector } from '../transform-graph.js';
import { dcnStep, squaredDistances } from './dcn-step.js';
import { fittedModel } from './fitted.js';
import { layerPhases } from './layer-phases.js';
import type { NeuralFit } from './neural-fit.js';
import type { ClusterSettings } from './settings.js';

/** Deep clustering network: the autoencoder of `pae`, then codes and centres in turn. Energy: distance to the nearest centre. */
export const fit: NeuralFit<ClusterSettings> = async (rows, settings, options) => {
  const prepared = prepareRows(rows, settings);
  const { seed } = options;
  const { shape, transform } = prepared;
  const autoencoder = [...layerPhases(prepared, seed), ...reconstructionPhase(prepared, seed)];
  const phases = [...autoencoder, clusterPhase(prepared, seed, options.threads)];
  const trained = await runPhases(phases, randomAutoencoder(prepared, seed), options);
  const centres = floats(trained.extra[0]);
  const score: Recorded = ([raw]) => {
    const [x] = transformInGraph(raw as tf.Tensor2D, transform);
    const [code] = encode(trained.parameters, shape)([x as tf.Tensor]) as [tf.Tensor2D];
    const squares = squaredDistances(code, tf.tensor2d(centres, [shape.components, shape.code]));
    return [code, tf.sqrt(tf.min(squares, 1))];
  };
  return fittedModel(prepared, trained, recordScoring('dcn', transform.width, score));
};

const encode =
  (parameters: Float32Array, shape: NetworkShape): Recorded =>
  ([x]) => [autoencode(x as tf.Tensor2D, unpackAutoencoder(vector(parameters), shape)).code];

function clusterPhase(prepared: PreparedRows<ClusterSettings>, seed: number, threads?: number): Phase {
  const { settings, shape, x } = prepared;
  const plan = planOf(prepared, { seed, phase: 'joint', epochs: settings.jointEpochs, mask: null, noise: null });
  const begin: Phase['begin'] = async (parameters) => {
    const data = dataOf(x).slice(0, 1);
    const codes = Float64Array.from(await mapRows(data, encode(parameters, shape), shape.code, threads));
    return { parameters, data, extra: clusters(codes, shape, seed) };
  };
  return { name: 'joint', shown: 'joint', plan, step: dcnStep(shape, settings), begin };
}

/** Centres (K, D) and the rows of each (K), by k-means. */
function clusters(codes: Float64Array, { code: size, components: k }: NetworkShape, seed: number): HostTensor[] {
  const rows = { data: codes, size };
  const memberships = kMeansMemberships(rows, k, openRandom(seed, 'k-means', k));
  const { mean, phi } = fitMemberships(rows, memberships, k, { epsilon: 1e-6, shrink: false });
  const count = codes.length / size;
  return [
    { data: Float32Array.from(mean), shape: [k, size] },
    { data: Float32Array.from(phi, (share) => share * count), shape: [k] },
  ];
}
