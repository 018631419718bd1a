import { type HostTensor, openTrainLoop } from '../../src/engine/index.js';
import { jointStep } from '../../src/scorers/training-steps.js';
import { flatNetworks, ROWS, WIDTH } from './flat-dagmm.js';
import { medianMs, normals } from './numbers.js';

const STEPS = 64;

/**
 * Milliseconds of one joint training step (median of `runs` native calls of `STEPS` steps, divided by them):
 * forward, energy, penalty, backward, Adam, on a batch of 1,024 rows.
 */
export async function trainFlatStep(threads = 1, runs = 7): Promise<number> {
  const { settings, shape, autoencoder, estimator, size } = flatNetworks();
  const vector = (data: Float32Array): HostTensor => ({ data, shape: [data.length] });
  const scalar = (): HostTensor => ({ data: new Float32Array(1), shape: [] });
  const parameters = vector(Float32Array.from([...autoencoder, ...estimator]));
  const loop = await openTrainLoop(
    {
      step: jointStep(shape, settings),
      state: [parameters, vector(new Float32Array(size)), vector(new Float32Array(size)), scalar(), scalar()],
      data: [{ data: normals(ROWS * WIDTH, 3), shape: [ROWS, WIDTH] }],
      batchRows: ROWS,
      metricNames: ['loss'],
    },
    { threads },
  );
  const indices = BigInt64Array.from({ length: STEPS * ROWS }, (_, i) => BigInt(i % ROWS));
  const milliseconds = await medianMs(() => loop.run(indices), 1, runs);
  const skipped = loop.state()[4]?.data[0];
  await loop.close();
  // A skipped step does the same work, but a benchmark of a training that does not train means nothing.
  if (skipped !== 0) throw new Error(`train-flat-step: expected no skipped steps, got ${skipped}`);
  return milliseconds / STEPS;
}
