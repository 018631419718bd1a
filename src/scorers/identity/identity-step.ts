import * as tf from '@tensorflow/tfjs-core';
import { mixtureObjective } from '../mixture.js';
import { type NetworkShape, parameterCounts } from '../network-shape.js';
import { autoencode, estimate, latent, standardiseBatch, unpackAutoencoder, unpackEstimator } from '../networks.js';
import type { AdamState } from '../optimiser.js';
import { mixtureWeights } from '../recipes.js';
import { advance, type Step } from '../training-steps.js';
import { arcFaceLoss, cosines } from './arc-face.js';
import type { IdentitySettings } from './settings.js';

/**
 * J of the machine's own rows, and λ3 times the cross-entropy of telling them from the pseudo-classes by their codes.
 * Parameters: both networks', then the classes' directions (C, code), the machine's own first.
 * batch: own rows (N, P), [outside (N, 1)], and the same rows as each pseudo-class (N, (C − 1)·P); perStep: [mask].
 */
export function identityStep(shape: NetworkShape, settings: IdentitySettings, classes: number): Step {
  const counts = parameterCounts(shape);
  const weights = mixtureWeights(settings, shape);
  const head = classes * shape.code;
  return (state, batch, [mask]) => {
    const [x, outside] = [batch[0] as tf.Tensor2D, shape.outside ? (batch[1] as tf.Tensor) : null];
    const pseudo = tf.reshape(batch.at(-1) as tf.Tensor, [x.shape[0] * (classes - 1), shape.width]) as tf.Tensor2D;
    const own = labels(x.shape[0], classes);
    const [first, second, third] = tf.split(state[0] as tf.Tensor, [counts.autoencoder, counts.estimator, head]) as [
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
    ];
    const autoencoder = unpackAutoencoder(first, shape);
    const estimator = unpackEstimator(second, shape);
    const { value, grads } = tf.valueAndGrads((...tensors: tf.Tensor[]) => {
      const layers = tensors.slice(0, autoencoder.length);
      const { moments, z } = latent(x, layers, settings.residual, outside);
      const standard = standardiseBatch(z);
      const gamma = estimate(standard, tensors.slice(autoencoder.length, -1), mask);
      const codes = tf.slice(z, [0, 0], [-1, shape.code]) as tf.Tensor2D;
      const others = autoencode(pseudo, layers).code;
      const cosine = cosines(tf.concat([codes, others], 0) as tf.Tensor2D, tensors.at(-1) as tf.Tensor2D);
      const told = tf.mul(arcFaceLoss(cosine, own, settings.arcScale, settings.arcMargin), settings.lambdaIdentity);
      const reconstruction = tf.mean(tf.slice(moments, [0, 0], [-1, 1]));
      return tf.add(tf.add(reconstruction, mixtureObjective(standard, gamma, weights)), told) as tf.Scalar;
    })([...autoencoder, ...estimator, tf.reshape(third, [classes, shape.code])]);
    return advance(state as AdamState, grads, value as tf.Scalar, settings);
  };
}

/** One-hot (N·C, C): N times class 0, then 1 … C−1 for each row. */
function labels(rows: number, classes: number): tf.Tensor2D {
  const index = [
    ...new Array<number>(rows).fill(0),
    ...Array.from({ length: rows * (classes - 1) }, (_, i) => 1 + (i % (classes - 1))),
  ];
  const hot = Float32Array.from({ length: index.length * classes }, (_, at) =>
    index[Math.floor(at / classes)] === at % classes ? 1 : 0,
  );
  return tf.tensor2d(hot, [index.length, classes]);
}
