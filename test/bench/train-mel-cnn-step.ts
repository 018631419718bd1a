import { type HostTensor, openTrainLoop } from '../../src/engine/index.js';
import { initialPictureAutoencoder, initialPictureEstimator } from '../../src/scorers/convolutional/network.js';
import type { PictureShape } from '../../src/scorers/convolutional/picture-shape.js';
import { pictureSettings } from '../../src/scorers/convolutional/settings.js';
import { jointStep } from '../../src/scorers/convolutional/steps.js';
import { openRandom } from '../../src/scorers/random.js';
import { medianMs, normals } from './numbers.js';

/** Pictures of a batch: 10·K·D for K = 2 and D = 8 + 2. */
const BATCH = 200;
const SIDE = 64;
const STEPS = 2;

/**
 * Milliseconds of one joint training step of `mel-cnn` (median of `runs`): autoencoder 1-32-64-128-256 with a code of 8,
 * energy, penalty, backward, clipped Adam, on 200 pictures of 64 frames × 64 bands; `STEPS` of them are one native call.
 */
export async function trainMelCnnStep(threads = 1, runs = 3): Promise<number> {
  const settings = { ...pictureSettings('mel-flat', 10_000), dropout: 0 };
  const shape: PictureShape = { ...settings, framework: 'plain', height: SIDE, width: SIDE, channels: 1 };
  const random = openRandom(1);
  const networks = [initialPictureAutoencoder(shape, random), initialPictureEstimator(shape, random)];
  const parameters = Float32Array.from(networks.flatMap((values) => [...values]));
  const vector = (data: Float32Array): HostTensor => ({ data, shape: [data.length] });
  const zeros = (): HostTensor => vector(new Float32Array(parameters.length));
  const scalar = (): HostTensor => ({ data: new Float32Array(1), shape: [] });
  const loop = await openTrainLoop(
    {
      step: jointStep(shape, settings),
      state: [vector(parameters), zeros(), zeros(), scalar(), scalar()],
      data: [{ data: normals(BATCH * SIDE * SIDE, 3), shape: [BATCH, SIDE, SIDE, 1] }],
      batchRows: BATCH,
      metricNames: ['loss'],
    },
    { threads },
  );
  const indices = BigInt64Array.from({ length: STEPS * BATCH }, (_, i) => BigInt(i % BATCH));
  const milliseconds = await medianMs(() => loop.run(indices), 1, runs);
  const skipped = loop.state()[4]?.data[0];
  await loop.close();
  if (skipped !== 0) throw new Error(`train-mel-cnn-step: expected no skipped steps, got ${skipped}`);
  return milliseconds / STEPS;
}
