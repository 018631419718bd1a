import { createRequire } from 'node:module';
import { join } from 'node:path';
import { openSession } from '../engine/session.js';
import type { Check } from './checks.js';
import { packageRoot } from './version.js';

/** What each device of the engine does with the demo's model, and whether an eager TensorFlow is installed. */
export async function engineChecks(): Promise<Check[]> {
  const session = await openSession(join(packageRoot, 'models', 'pump-00', 'model.onnx'), { device: 'auto' });
  const { measurements, device: fastest, cpuNodes } = session;
  await session.close();
  const leaving = cpuNodes > 0 ? `, which leaves ${cpuNodes} operators to the CPU` : '';
  return [
    ...measurements.map(({ device, milliseconds, error }): Check => {
      const note = device === fastest ? `, the fastest here${leaving}` : '';
      return milliseconds === null
        ? { what: `engine on ${device}`, result: 'missing', detail: error ?? 'does not work here' }
        : {
            what: `engine on ${device}`,
            result: 'fine',
            detail: `${milliseconds.toFixed(2)} ms for the demo's model${note}`,
          };
    }),
    tensorflow(),
  ];
}

function tensorflow(): Check {
  const what = 'engine on tensorflow';
  const require = createRequire(import.meta.url);
  const found = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'].find((name) => {
    try {
      return require.resolve(name);
    } catch {
      return null;
    }
  });
  if (found) return { what, result: 'fine', detail: `${found} is installed` };
  return { what, result: 'missing', detail: 'optional: @tensorflow/tfjs-node-gpu is not installed' };
}
