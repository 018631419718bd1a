import { type HostTensor, openSession, serialise, traceBatched } from '../../engine/index.js';
import { floats } from '../recorded.js';
import { errorFunction } from './model.js';
import { autoencoderSize, normsOf } from './network.js';
import type { PictureShape } from './picture-shape.js';

/** Pictures of one native call. */
const CALL = 64;

/** How well parameters reconstruct pictures that they have not learnt from. Its owner closes it. */
export interface HeldOutErrors {
  /** Mean square of a pixel's error. @param running statistics of batch normalisations */
  of(parameters: HostTensor, running?: HostTensor): Promise<number>;
  close(): Promise<void>;
}

/** @param pictures (N, H, W, C), standardised */
export async function openHeldOutErrors(
  shape: PictureShape,
  pictures: HostTensor,
  threads: number,
): Promise<HeldOutErrors> {
  const size = autoencoderSize(shape);
  const norms = 2 * normsOf(shape).reduce((sum, channels) => sum + channels, 0);
  const sides = pictures.shape.slice(1);
  const inputs = [
    { name: 'parameters', shape: [size], dtype: 'float32' as const },
    { name: 'pictures', shape: [-1, ...sides], dtype: 'float32' as const },
    ...(norms > 0 ? [{ name: 'running', shape: [norms], dtype: 'float32' as const }] : []),
  ];
  const graph = traceBatched(errorFunction(shape), inputs, ['errors']);
  const session = await openSession(serialise(graph), { device: 'cpu', threads });
  const calls = inCalls(pictures);
  return {
    async of(parameters, running) {
      const own = { data: floats(parameters).subarray(0, size), shape: [size] };
      let sum = 0;
      for (const call of calls) {
        const { errors } = await session.run({
          parameters: own,
          pictures: call,
          ...(norms > 0 && running ? { running } : {}),
        });
        sum += floats(errors).reduce((total, error) => total + error, 0);
      }
      return sum / (pictures.shape[0] as number);
    },
    close: () => session.close(),
  };
}

function inCalls({ data, shape }: HostTensor): HostTensor[] {
  const [rows = 0, ...sides] = shape;
  const width = sides.reduce((product, side) => product * side, 1);
  const all = data as Float32Array;
  return Array.from({ length: Math.ceil(rows / CALL) }, (_, i) => {
    const count = Math.min(CALL, rows - i * CALL);
    return { data: all.subarray(i * CALL * width, (i * CALL + count) * width), shape: [count, ...sides] };
  });
}
