import { openSession } from '../../src/engine/index.js';
import { recordModel } from '../../src/scorers/train-dagmm.js';
import { flatNetworks, WIDTH } from './flat-dagmm.js';
import { medianMs, normals } from './numbers.js';

/** Milliseconds of scoring so many raw rows (median of `runs`) under a fixed mixture, from host memory and back. */
export async function scoreRows(count: number, threads = 1, runs = 60): Promise<number> {
  const session = await openSession(scoringModel(), { threads });
  const rows = { data: normals(count * WIDTH, 3), shape: [count, WIDTH] };
  const milliseconds = await medianMs(() => session.run({ rows }), 10, runs);
  await session.close();
  return milliseconds;
}

function scoringModel(): Uint8Array {
  const { settings, shape, autoencoder, estimator } = flatNetworks();
  const [components, size] = [4, 3];
  const identity = Float64Array.from({ length: components * size * size }, (_, i) => Number((i % 9) % 4 === 0));
  const transform = {
    width: WIDTH,
    shift: new Float32Array(WIDTH),
    scale: new Float32Array(WIDTH).fill(1),
    clip: 10,
    curves: null,
    whitening: null,
  };
  const mixture = {
    components,
    size,
    phi: new Float64Array(components).fill(1 / components),
    mean: Float64Array.from({ length: components * size }, (_, i) => Math.sin(i)),
    covariance: identity,
    inverse: identity,
    offset: new Float64Array(components).fill(Math.log(1 / components) - 1.5 * Math.log(2 * Math.PI)),
    singularRetries: 0,
  };
  const latentScale = { mean: new Float64Array(size), scale: new Float64Array(size).fill(1) };
  return recordModel({ settings, shape, autoencoder, estimator, transform, mixture, latentScale });
}
