/** Folders as the published data sets unpack, with tiny WAV files. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';
import type { SoundDataset, SoundDatasetOptions } from '../../../src/evaluation/sound/dataset.js';
import { soundLayoutNamed } from '../../../src/evaluation/sound/layouts/index.js';
import { encodeWav } from '../../../src/sources/wav-encode.js';

const roots: string[] = [];
afterAll(() => {
  for (const root of roots) rmSync(root, { recursive: true, force: true });
});

/** A new folder of that name with these files; those that end in .wav hold a few samples in so many channels. */
export function tree(name: string, paths: readonly string[], channels = 1): string {
  const root = mkdtempSync(join(tmpdir(), 'auscult-tree-'));
  roots.push(root);
  const folder = join(root, name);
  mkdirSync(folder, { recursive: true });
  for (const path of paths) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), wav(channels));
  }
  return folder;
}

function wav(channels: number): Buffer {
  const bytes = encodeWav(new Float32Array(8 * channels), 16_000);
  bytes.writeUInt16LE(channels, 22);
  bytes.writeUInt32LE(16_000 * 2 * channels, 28);
  bytes.writeUInt16LE(2 * channels, 32);
  return bytes;
}

/** `count` names with a running number of so many digits in place of #. */
export function numbered(pattern: string, count: number, digits = 8): string[] {
  return Array.from({ length: count }, (_, i) => pattern.replace('#', String(i).padStart(digits, '0')));
}

export function load(layout: string, data: string, options: Partial<SoundDatasetOptions> = {}): Promise<SoundDataset> {
  return soundLayoutNamed(layout).load({ data, splitSeed: 0, signal: new AbortController().signal, ...options });
}

/** Clips to learn from, normals and anomalies to judge, of each machine by name. */
export function sizes({ machines }: SoundDataset): Record<string, [number, number, number]> {
  return Object.fromEntries(
    machines.map(({ name, train, test }) => {
      const anomalies = test.filter(({ anomalous }) => anomalous).length;
      return [name, [train.length, test.length - anomalies, anomalies]];
    }),
  );
}
