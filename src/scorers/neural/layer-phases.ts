/** Layer by layer pretraining of an autoencoder: stacked denoising autoencoders, Vincent et al., JMLR 2010. */
import * as tf from '@tensorflow/tfjs-core';
import { planOf } from '../dagmm-phases.js';
import { layerWidths, type NetworkShape } from '../network-shape.js';
import { unpackAutoencoder } from '../networks.js';
import type { AdamState } from '../optimiser.js';
import type { Phase } from '../phases.js';
import { dataOf, type PreparedRows } from '../prepared-rows.js';
import type { DagmmSettings } from '../recipes.js';
import { advance, type Step } from '../training-steps.js';
import type { LayeredSettings } from './settings.js';

/** One phase a layer of the encoder, the first layer first; none where `layerEpochs` is 0. */
export function layerPhases(prepared: PreparedRows<LayeredSettings>, seed: number): Phase[] {
  const { settings, shape, x } = prepared;
  const { batchRows, corruption, layerEpochs } = settings;
  if (layerEpochs === 0) return [];
  return layerWidths(shape)
    .encoder.slice(0, -1)
    .map((width, layer) => {
      const name = `layer-${layer + 1}`;
      const mask = corruption > 0 ? { shape: [batchRows, width] as const, keep: 1 - corruption } : null;
      const plan = planOf(prepared, { seed, phase: name, epochs: layerEpochs, mask, noise: null });
      const begin: Phase['begin'] = (parameters) => ({ parameters, data: dataOf(x).slice(0, 1) });
      return { name, shown: 'pretrain', plan, step: layerStep(shape, settings, layer), begin };
    });
}

/**
 * The encoder's layer and the decoder's that mirrors it learn to give back what the layers before made of x, from a
 * part of it: (1/N) Σ‖h − h'‖². All other parameters stay. perStep: [mask (N, layer's width)] where there is corruption.
 */
export function layerStep(shape: NetworkShape, settings: DagmmSettings, layer: number): Step {
  return (state, [x], [mask]) => {
    const tensors = unpackAutoencoder(state[0] as tf.Tensor, shape);
    const last = tensors.length / 4 - 1;
    const [down, up] = [2 * layer, tensors.length / 2 + 2 * (last - layer)];
    const own = [down, down + 1, up, up + 1];
    const h = encodedBy(x as tf.Tensor, tensors.slice(0, down));
    const seen = mask ? tf.mul(h, mask) : h;
    const { value, grads } = tf.valueAndGrads((...[w, b, v, c]: tf.Tensor[]) => {
      const linear = tf.add(tf.matMul(seen as tf.Tensor2D, w as tf.Tensor2D), b as tf.Tensor);
      const code = layer === last ? linear : tf.tanh(linear);
      const back = tf.add(tf.matMul(code as tf.Tensor2D, v as tf.Tensor2D), c as tf.Tensor);
      const difference = tf.sub(h, layer === 0 ? back : tf.tanh(back));
      return tf.mean(tf.sum(tf.square(difference), 1)) as tf.Scalar;
    })(own.map((at) => tensors[at] as tf.Tensor));
    const gradients = tensors.map((tensor, at) => grads[own.indexOf(at)] ?? tf.zerosLike(tensor));
    return advance(state as AdamState, gradients, value as tf.Scalar, { ...settings, weightDecay: 0 });
  };
}

/** What layers with tanh after each make of x. */
function encodedBy(x: tf.Tensor, tensors: readonly tf.Tensor[]): tf.Tensor {
  let h = x;
  for (let i = 0; i < tensors.length; i += 2)
    h = tf.tanh(tf.add(tf.matMul(h as tf.Tensor2D, tensors[i] as tf.Tensor2D), tensors[i + 1] as tf.Tensor));
  return h;
}
