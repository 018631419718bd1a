import { spawnSync } from 'node:child_process';
import { chmod, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AudioObservation, Observation, Source, Trouble } from '../../../src/contracts.js';

export const pumpFile = new URL('../../../models/demo-sound/pump-00-normal.wav', import.meta.url).pathname;

/** The samples of the recorded pump: 16-bit mono, 16 kHz, 10 s, and their bytes. */
export async function pumpSound(): Promise<{ bytes: Buffer; samples: Float32Array }> {
  const bytes = (await readFile(pumpFile)).subarray(44);
  const samples = Float32Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readInt16LE(i * 2) / 32_768);
  return { bytes, samples };
}

/** Equal to the bit; a thousand times quicker than comparing element by element. */
export function sameSamples(a: Iterable<number>, b: Iterable<number>): boolean {
  const bytes = (samples: Iterable<number>) => Buffer.from(Float32Array.from(samples).buffer);
  return bytes(a).equals(bytes(b));
}

export function installed(program: string): boolean {
  return spawnSync(program, ['--version']).error === undefined;
}

export function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'auscult-audio-'));
}

/** A program of the given name whose body is a shell script, in a folder that belongs on the PATH. */
export async function fakeProgram(folder: string, name: string, body: string): Promise<void> {
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\n${body}\n`);
  await chmod(path, 0o755);
}

/** Reads a source until `enough` says so, or 20 s have passed. */
export async function collect(source: Source, enough: (items: (Observation | Trouble)[]) => boolean) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), 20_000);
  const items: (Observation | Trouble)[] = [];
  try {
    for await (const item of source.stream(abort.signal)) {
      items.push(item);
      if (enough(items)) break;
    }
  } finally {
    clearTimeout(timer);
  }
  const sounds = items.filter((item): item is AudioObservation => item.kind === 'audio');
  const troubles = items.filter((item): item is Trouble => item.kind === 'trouble');
  return { items, sounds, troubles, samples: sounds.flatMap(({ samples }) => [...samples]) };
}
export const soundsAtLeast = (count: number) => (items: (Observation | Trouble)[]) =>
  items.filter(({ kind }) => kind === 'audio').length >= count;
export const troublesAtLeast = (count: number) => (items: (Observation | Trouble)[]) =>
  items.filter(({ kind }) => kind === 'trouble').length >= count;

/** True while a process with this id is there and is not a zombie. */
export async function alive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  return stat !== null && !/\) Z /.test(stat);
}
