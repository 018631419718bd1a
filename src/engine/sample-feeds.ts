import type { Execution } from './execution.js';
import { type HostData, type HostTensor, sizeOf } from './host-tensor.js';

/** What a symbolic size becomes in made-up inputs. */
const SAMPLE_BATCH = 16;

/** Made-up inputs of the right shapes: 0.5 where real numbers go, 0 elsewhere. */
export function sampleFeeds(execution: Execution): Record<string, HostTensor> {
  return Object.fromEntries(
    execution.inputs.map(({ name, type, shape }) => {
      const sizes = shape.map((size) => (typeof size === 'number' ? size : SAMPLE_BATCH));
      return [name, { data: sampleData(type, sizeOf(sizes)), shape: sizes }];
    }),
  );
}

function sampleData(type: string, size: number): HostData {
  if (type === 'int64') return new BigInt64Array(size);
  if (type === 'int32') return new Int32Array(size);
  if (type === 'bool') return new Uint8Array(size);
  return new Float32Array(size).fill(0.5);
}
