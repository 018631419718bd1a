import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ExecutionDevice, openExecution } from './execution.js';
import type { HostTensor } from './host-tensor.js';

interface ProfileEvent {
  readonly name?: string;
  readonly args?: { readonly provider?: string };
}

/** How many operators a GPU provider leaves to the CPU: ONNX Runtime tells only in the profile of a run. */
export async function countCpuNodes(
  model: Uint8Array | string,
  device: ExecutionDevice,
  threads: number,
  feeds: Readonly<Record<string, HostTensor>>,
): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'auscult-profile-'));
  try {
    const execution = await openExecution(model, { device, threads, profilePrefix: join(folder, 'run') });
    try {
      await execution.run(feeds);
      execution.endProfiling();
    } finally {
      await execution.close();
    }
    return cpuNodesIn(await readProfile(folder));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function readProfile(folder: string): Promise<ProfileEvent[]> {
  const [file] = await readdir(folder);
  return file ? (JSON.parse(await readFile(join(folder, file), 'utf8')) as ProfileEvent[]) : [];
}

function cpuNodesIn(events: readonly ProfileEvent[]): number {
  const onCpu = events.filter((event) => event.args?.provider === 'CPUExecutionProvider');
  return new Set(onCpu.map((event) => event.name)).size;
}
