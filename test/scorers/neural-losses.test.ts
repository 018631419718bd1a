import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openTrainLoop } from '../../src/engine/index.js';
import { mixtureEnergy } from '../../src/scorers/mixture.js';
import { fitByEm, kMeansMemberships } from '../../src/scorers/mixture-fit.js';
import { layerWidths, parameterCounts } from '../../src/scorers/network-shape.js';
import { initialAutoencoder, initialEstimator } from '../../src/scorers/networks.js';
import { dcnStep } from '../../src/scorers/neural/dcn-step.js';
import { dsebmStep } from '../../src/scorers/neural/dsebm.js';
import {
  initialEnergyNetwork,
  reconstruct,
  structuredEnergy,
  unpackEnergyNetwork,
} from '../../src/scorers/neural/dsebm-network.js';
import { evidenceBound } from '../../src/scorers/neural/evidence-bound.js';
import { layerStep } from '../../src/scorers/neural/layer-phases.js';
import { layered } from '../../src/scorers/neural/settings.js';
import { openRandom } from '../../src/scorers/random.js';
import { mixtureWeights, networkShape, settingsFor } from '../../src/scorers/recipes.js';
import { estimatorStep, jointStep, pretrainStep, type Step } from '../../src/scorers/training-steps.js';
import {
  average,
  dense,
  type Layer,
  layersAt,
  type Matrix,
  memberships,
  mixtureLoss,
  network,
  type Parameters,
  paperLatent,
  slope,
  squaredDistance,
  structuredEnergyOf,
} from './neural-losses.js';

const ROWS = 12;
const settings = {
  ...settingsFor('table', 'paper', 100, 4),
  hidden: [5, 3],
  code: 2,
  estimatorHidden: 4,
  epsilon: 1e-3,
};
const shape = networkShape(settings, 4, false);
const counts = parameterCounts(shape);
const random = openRandom(1, 'losses');
const matrix = (rows: number, width: number, scale = 1): number[][] =>
  Array.from({ length: rows }, () => Array.from({ length: width }, () => scale * random.normal()));
const x = matrix(ROWS, 4);
const mask = matrix(ROWS, 4).map((row) => row.map((v) => (v > 0 ? 2 : 0)));
const both = Float32Array.from([
  ...initialAutoencoder(shape, openRandom(1, 'a')),
  ...initialEstimator(shape, openRandom(1, 'e')),
]).map((v) => v + 0.1 * random.normal());

beforeAll(async () => {
  await tf.setBackend('cpu');
});

interface Case {
  readonly step: Step;
  readonly parameters: Float32Array;
  readonly batch: Matrix;
  readonly perStep?: Matrix;
  readonly extra?: readonly Matrix[];
  readonly loss: (parameters: Parameters) => number;
}

const hostOf = (rows: Matrix) => ({
  data: Float32Array.from(rows.flat()),
  shape: [rows.length, (rows[0] ?? []).length],
});

/** State after the first step, by op and as an ONNX loop, and the loss. Adam's first moment is then a tenth of the gradient. */
async function firstStep({ step, parameters, batch, perStep, extra = [] }: Case) {
  const zeros = () => ({ data: new Float32Array(parameters.length), shape: [parameters.length] });
  const zero = () => ({ data: new Float32Array(1), shape: [] });
  const first = { data: parameters, shape: [parameters.length] };
  const state = [first, zeros(), zeros(), zero(), zero(), ...extra.map(hostOf)];
  const eager = step(
    state.map(({ data, shape: sizes }) => tf.tensor(data, sizes)),
    [tf.tensor2d(hostOf(batch).data, [batch.length, (batch[0] ?? []).length])],
    perStep ? [tf.tensor(hostOf(perStep).data, hostOf(perStep).shape)] : [],
  );
  const inputs = perStep ? [hostOf(perStep)] : [];
  const loop = await openTrainLoop({
    step,
    state,
    data: [hostOf(batch)],
    batchRows: batch.length,
    perStep: inputs.map(({ shape: sizes }) => ({ shape: sizes })),
    metricNames: ['loss'],
  });
  const order = BigInt64Array.from(batch, (_, i) => BigInt(i));
  const metrics = await loop.run(
    order,
    inputs.map(({ data, shape: sizes }) => ({ data, shape: [1, ...sizes] })),
  );
  const after = loop.state();
  await loop.close();
  return [
    { loss: eager.metrics[0]?.dataSync()[0] as number, moment: [...(eager.state[1] as tf.Tensor).dataSync()] },
    { loss: metrics.loss?.[0] ?? Number.NaN, moment: Array.from((after[1] ?? first).data, Number) },
  ];
}

async function expectLossAndGradient(own: Case): Promise<void> {
  const expected = own.loss(own.parameters);
  const gradient = slope(own.loss, own.parameters);
  const largest = Math.max(...gradient.map(Math.abs));
  for (const { loss, moment } of await firstStep(own)) {
    expect(Math.abs(loss - expected)).toBeLessThan(1e-4 * (1 + Math.abs(expected)));
    const apart = moment.map((m, i) => Math.abs(10 * m - (gradient[i] as number)));
    expect(Math.max(...apart) / largest).toBeLessThan(2e-3);
  }
}

/** Code and reconstruction of every row. */
function autoencoded(parameters: Parameters) {
  const { encoder, decoder } = layerWidths(shape);
  const first = layersAt(parameters, encoder);
  const second = layersAt(parameters, decoder, first.next);
  return x.map((row) => {
    const code = network(row, first.layers);
    return { row, code, back: network(code, second.layers) };
  });
}

function jointLoss(parameters: Parameters, reconstruction: boolean, bound: boolean): number {
  const rows = autoencoded(parameters);
  const z = rows.map(({ row, code, back }) => paperLatent(row, code, back));
  const { layers } = layersAt(parameters, layerWidths(shape).estimator, counts.autoencoder);
  const gamma = z.map((row, n) => memberships(row, layers, mask[n] ?? []));
  const first = reconstruction ? average(rows.map(({ row, back }) => squaredDistance(row, back))) : 0;
  return first + mixtureLoss(z, gamma, mixtureWeights(settings, shape), bound);
}

describe('a training step has the loss and the gradient that float64 finds, by op and as a graph', () => {
  it('of a reconstruction', () =>
    expectLossAndGradient({
      step: pretrainStep(shape, settings),
      parameters: both.slice(0, counts.autoencoder),
      batch: x,
      loss: (p) => average(autoencoded(p).map(({ row, back }) => squaredDistance(row, back))),
    }));

  it.each([
    ['dagmm', {}, true, false],
    ['gmm-en: no reconstruction', { reconstruction: false }, false, false],
    ['dagmm-nvi: the bound for the energy', { mixture: evidenceBound }, true, true],
  ])('of %s', (_, objective, reconstruction, bound) =>
    expectLossAndGradient({
      step: jointStep(shape, settings, objective),
      parameters: both,
      batch: x,
      perStep: mask,
      loss: (p) => jointLoss(p, reconstruction, bound),
    }),
  );

  it('of pae-gmm: the estimator alone', () => {
    const z = matrix(ROWS, 4);
    return expectLossAndGradient({
      step: estimatorStep(shape, settings),
      parameters: both,
      batch: z,
      perStep: mask,
      loss: (p) => {
        const { layers } = layersAt(p, layerWidths(shape).estimator, counts.autoencoder);
        const gamma = z.map((row, n) => memberships(row, layers, mask[n] ?? []));
        return mixtureLoss(z, gamma, mixtureWeights(settings, shape));
      },
    });
  });

  it.each([0, 1, 2])('of pae: layer %i, from a part of its inputs', (layer) => {
    const { encoder, decoder } = layerWidths(shape);
    const kept = matrix(ROWS, encoder[layer] as number).map((row) => row.map((v) => (v > -1 ? 1.1 : 0)));
    const parameters = both.slice(0, counts.autoencoder);
    const frozen = layersAt(parameters, encoder).layers.slice(0, layer);
    return expectLossAndGradient({
      step: layerStep(shape, settings, layer),
      parameters,
      batch: x,
      perStep: kept,
      loss: (p) => {
        const down = layersAt(p, encoder);
        const up = layersAt(p, decoder, down.next).layers[2 - layer] as Layer;
        const losses = x.map((row, n) => {
          const h = frozen.reduce<number[]>((v, each) => dense(v, each).map(Math.tanh), row);
          const seen = h.map((v, i) => v * (kept[n]?.[i] as number));
          const linear = dense(seen, down.layers[layer] as Layer);
          const back = dense(layer === 2 ? linear : linear.map(Math.tanh), up);
          return squaredDistance(h, layer === 0 ? back : back.map(Math.tanh));
        });
        return average(losses);
      },
    });
  });

  it('of dcn: reconstruction and the distance to centres that are held', () => {
    const centres = matrix(2, 2, 0.3);
    const parameters = both.slice(0, counts.autoencoder);
    const nearest = autoencoded(parameters).map(({ code }) => {
      const [a, b] = centres.map((centre) => squaredDistance(code, centre)) as [number, number];
      return centres[a <= b ? 0 : 1] as number[];
    });
    return expectLossAndGradient({
      step: withVectorCounts(dcnStep(shape, { ...layered(settings), clusterWeight: 0.8 })),
      parameters,
      batch: x,
      extra: [centres, [[6, 6]]],
      loss: (p) =>
        average(
          autoencoded(p).map(
            ({ row, code, back }, n) => squaredDistance(row, back) + 0.4 * squaredDistance(code, nearest[n] ?? []),
          ),
        ),
    });
  });

  it('of dsebm: one step down the energy from a noisy row leads back to the row', () => {
    const widths = [4, 5, 3];
    const noise = matrix(ROWS, 4);
    const parameters = initialEnergyNetwork(widths, openRandom(1, 'd')).map((v) => v + 0.2 * random.normal());
    return expectLossAndGradient({
      step: dsebmStep(widths, settings),
      parameters,
      batch: x,
      perStep: noise,
      loss: (p) =>
        average(
          x.map((row, n) => {
            const seen = row.map((v, i) => v + (noise[n]?.[i] as number));
            const gradient = slope((at) => structuredEnergyOf([...at], p, widths), seen, 1e-4);
            return squaredDistance(
              row,
              seen.map((v, i) => v - (gradient[i] as number)),
            );
          }),
        ),
    });
  });
});

/** The test's extra state has two axes; the counts of a step have one. */
const withVectorCounts =
  (step: Step): Step =>
  (state, batch, perStep) => {
    const seen = tf.reshape(state[6] as tf.Tensor, [-1]);
    const after = step([...state.slice(0, 6), seen], batch, perStep);
    const counted = tf.reshape(after.state[6] as tf.Tensor, [1, -1]);
    return { state: [...after.state.slice(0, 6), counted], metrics: after.metrics };
  };

describe('the energy of a dsebm', () => {
  it('has the slope that its reconstruction takes a step down', () => {
    const widths = [4, 6, 5, 3];
    const parameters = tf.tensor1d(initialEnergyNetwork(widths, openRandom(2, 'd')));
    const rows = tf.tensor2d(matrix(7, 4));
    const unpacked = unpackEnergyNetwork(parameters, widths);
    const slopes = tf.grad((at) => tf.sum(structuredEnergy(at as tf.Tensor2D, unpacked)))(rows);
    const apart = tf.sub(tf.sub(rows, slopes), reconstruct(rows, unpacked));
    expect(tf.max(tf.abs(apart)).dataSync()[0]).toBeLessThan(1e-5);
    const [first] = rows.arraySync();
    expect(structuredEnergy(rows, unpacked).dataSync()[0]).toBeCloseTo(
      structuredEnergyOf(first ?? [], parameters.dataSync(), widths),
      4,
    );
  });
});

describe('the centres of a dcn', () => {
  it('move to the running mean of the codes that are theirs, and a centre without any stays', () => {
    // An encoder whose only layer is the identity: codes are the rows.
    const plain = { ...layered({ ...settings, hidden: [], code: 1 }), clusterWeight: 1, learningRate: 0 };
    const step = dcnStep({ ...shape, width: 1, hidden: [], code: 1 }, plain);
    const parameters = tf.tensor1d([1, 0, 1, 0]);
    const zeros = () => tf.zeros([4]);
    const centres = tf.tensor2d([[0], [100]]);
    const state = [parameters, zeros(), zeros(), tf.scalar(0), tf.scalar(0), centres, tf.tensor1d([2, 5])];
    const { state: after, metrics } = step(state, [tf.tensor2d([[1], [3], [4]])], []);
    // (2·0 + 1 + 3 + 4) / 5
    expect([...(after[5] as tf.Tensor).dataSync()]).toEqual([expect.closeTo(1.6, 6), 100]);
    expect([...(after[6] as tf.Tensor).dataSync()]).toEqual([5, 5]);
    // Mean of ½‖h − m‖²: (1 + 9 + 16) / 6.
    expect(metrics[0]?.dataSync()[0]).toBeCloseTo(26 / 6, 5);
  });
});

describe('the bound of dagmm-nvi', () => {
  it('is the energy where memberships are the posterior, and above it elsewhere', () => {
    const z = [...matrix(6, 2, 0.1), ...matrix(6, 2, 0.1).map((row) => row.map((v) => v + 100))];
    const hard = z.map((_, n) => (n < 6 ? [1, 0] : [0, 1]));
    const weights = { energy: 1, penalty: 0, epsilon: 1e-3 };
    const boundOf = (gamma: number[][]) =>
      evidenceBound(tf.tensor2d(z), tf.tensor2d(gamma), weights).dataSync()[0] as number;
    expect(boundOf(hard)).toBeCloseTo(mixtureLoss(z, hard, weights), 3);
    const soft = z.map((_, n) => (n % 3 === 0 ? [0.3, 0.7] : [0.6, 0.4]));
    expect(boundOf(soft)).toBeGreaterThan(mixtureLoss(z, soft, weights));
  });
});

describe('the energy of a mixture', () => {
  it('is finite, and above that of normals, at ‖z‖ = 1e6 in any direction', () => {
    const z = Float64Array.from(matrix(200, 3).flat());
    const rows = { data: z, size: 3 };
    const start = kMeansMemberships(rows, 2, openRandom(1, 'k-means'));
    const mixture = fitByEm(rows, start, 2, { epsilon: 1e-6, shrink: false });
    const far = matrix(50, 3).map((row) => row.map((v) => (v * 1e6) / Math.hypot(...row)));
    const energyOf = (points: number[][]) =>
      mixtureEnergy(
        tf.tensor2d(points),
        tf.tensor2d(Float32Array.from(mixture.mean), [2, 3]),
        tf.tensor3d(Float32Array.from(mixture.inverse), [2, 3, 3]),
        tf.tensor1d(Float32Array.from(mixture.offset)),
      ).dataSync();
    const energies = energyOf(far);
    expect(energies.every(Number.isFinite)).toBe(true);
    expect(Math.min(...energies)).toBeGreaterThan(Math.max(...energyOf(matrix(50, 3))));
  });
});
