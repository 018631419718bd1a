import { openSession } from '../../src/engine/index.js';
import { openRandom } from '../../src/scorers/random.js';
import type { RowMatrix } from '../../src/scorers/row-matrix.js';

/** Pictures of waves whose phase and height two hidden numbers give, with noise; odd ones have shorter waves. */
export function waves(
  count: number,
  [height, width, channels]: readonly [number, number, number],
  seed: number,
  odd = false,
): RowMatrix {
  const random = openRandom(seed, 'waves');
  const size = height * width * channels;
  const data = new Float32Array(count * size);
  for (let n = 0; n < count; n++) {
    const [phase, gain] = [random.normal(), 1 + 0.2 * random.normal()];
    for (let at = 0; at < size; at++) {
      const [line, column] = [Math.floor(at / (width * channels)), Math.floor(at / channels) % width];
      const wave = gain * Math.sin((odd ? 1.1 : 0.4) * line + 0.3 * column + phase + (at % channels));
      data[n * size + at] = column + wave + 0.1 * random.normal();
    }
  }
  return { data, width: size };
}

/** Energies by the recorded graph. */
export async function energiesOf(onnx: Uint8Array, { data, width }: RowMatrix): Promise<number[]> {
  const session = await openSession(onnx);
  try {
    const { energy } = await session.run({ rows: { data, shape: [data.length / width, width] } });
    return Array.from(energy?.data as Float32Array);
  } finally {
    await session.close();
  }
}
