import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  batchStatistics,
  initialStack,
  type StackNetwork,
  throughStack,
  unitCount,
  unpackStack,
} from '../../src/scorers/neural/stack-network.js';
import { openRandom } from '../../src/scorers/random.js';

const network: StackNetwork = { inputs: 4, hidden: [6, 5], code: 3, outputs: 2, batchNorm: true };

describe('a network with batch normalisation', () => {
  beforeAll(() => tf.setBackend('cpu'));

  it('answers with the statistics of a batch as it does while it learns from that batch', () => {
    const random = openRandom(1, 'test');
    const x = tf.tensor2d(
      Float32Array.from({ length: 40 }, () => random.normal()),
      [10, 4],
    );
    const tensors = unpackStack(tf.tensor1d(initialStack(network, random)), network);
    const statistics = batchStatistics(x, tensors, network);
    expect(statistics[0].shape).toEqual([unitCount(network)]);
    const learning = throughStack(x, tensors, network, null).dataSync();
    const scoring = throughStack(x, tensors, network, statistics).dataSync();
    scoring.forEach((value, i) => {
      expect(value).toBeCloseTo(learning[i] as number, 4);
    });
    expect(new Set(learning).size).toBeGreaterThan(10);
  });

  it('begins with scales of 1 and shifts of 0', () => {
    const parameters = initialStack(network, openRandom(1, 'test'));
    const behind = parameters.slice(-2 * unitCount(network));
    expect(unitCount(network)).toBe(6 + 5 + 3 + 5 + 6);
    expect([...behind.slice(0, 25)]).toEqual(new Array(25).fill(1));
    expect([...behind.slice(25)]).toEqual(new Array(25).fill(0));
  });
});
