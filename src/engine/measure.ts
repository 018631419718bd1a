import { ModelError } from '../contracts.js';
import { type Execution, type ExecutionDevice, messageOf, openExecution } from './execution.js';
import type { HostTensor } from './host-tensor.js';
import { sampleFeeds } from './sample-feeds.js';

/** How a model did on a device: milliseconds of a run (median), or why it does not work there. */
export interface Measurement {
  readonly device: ExecutionDevice;
  readonly milliseconds: number | null;
  readonly error: string | null;
}

const CANDIDATES: readonly ExecutionDevice[] = ['cpu', 'webgpu', 'cuda'];
const RUNS = 5;

/** Opens a model on every device that works, measures it there, and keeps the fastest open. @throws {ModelError} when none does */
export async function openFastest(
  model: Uint8Array | string,
  threads: number,
  sample?: Readonly<Record<string, HostTensor>>,
): Promise<{ execution: Execution; measurements: Measurement[] }> {
  const measurements: Measurement[] = [];
  let best: { execution: Execution; milliseconds: number } | undefined;
  for (const device of CANDIDATES) {
    const { execution, ...measurement } = await tryDevice(model, device, threads, sample);
    measurements.push(measurement);
    if (!execution || measurement.milliseconds === null) continue;
    const isBest = best === undefined || measurement.milliseconds < best.milliseconds;
    await (isBest ? best?.execution : execution)?.close();
    if (isBest) best = { execution, milliseconds: measurement.milliseconds };
  }
  if (!best) throw new ModelError(`model: works on no device (${measurements.map((m) => `${m.device}: ${m.error}`)})`);
  return { execution: best.execution, measurements };
}

async function tryDevice(
  model: Uint8Array | string,
  device: ExecutionDevice,
  threads: number,
  sample?: Readonly<Record<string, HostTensor>>,
): Promise<Measurement & { execution: Execution | null }> {
  let execution: Execution | null = null;
  try {
    execution = await openExecution(model, { device, threads });
    const milliseconds = await medianRun(execution, sample ?? sampleFeeds(execution));
    return { device, milliseconds, error: null, execution };
  } catch (error) {
    await execution?.close();
    return { device, milliseconds: null, error: messageOf(error), execution: null };
  }
}

/** The first run, which compiles and allocates, does not count. */
async function medianRun(execution: Execution, feeds: Readonly<Record<string, HostTensor>>): Promise<number> {
  await execution.run(feeds);
  const times: number[] = [];
  for (let i = 0; i < RUNS; i++) {
    const start = performance.now();
    await execution.run(feeds);
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return times[RUNS >> 1] ?? 0;
}
