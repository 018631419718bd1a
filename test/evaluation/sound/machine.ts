/** A synthetic machine: a hum that breathes, noise, and in an anomaly a whine; and a folder of its clips. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { encodeWav } from '../../../src/sources/wav-encode.js';

export interface ClipOptions {
  readonly seed: number;
  readonly seconds?: number;
  readonly rateHz?: number;
  readonly anomalous?: boolean;
  readonly gain?: number;
}

export function clipSamples({ seed, seconds = 2.1, rateHz = 16_000, anomalous = false, gain = 1 }: ClipOptions) {
  const random = noise(seed + 1);
  const phase = 6.28 * random();
  return Float32Array.from({ length: Math.round(seconds * rateHz) }, (_, i) => {
    const t = i / rateHz;
    const hum = 0.1 * Math.sin(2 * Math.PI * 120 * t + phase) * (1 + 0.3 * Math.sin(2 * Math.PI * 3 * t + phase));
    const whine = anomalous ? 0.02 * Math.sin(2 * Math.PI * 2_800 * t) : 0;
    return gain * (hum + 0.05 * Math.sin(2 * Math.PI * 360 * t) + whine + 0.04 * (random() - 0.5));
  });
}

/** Uniform 0…1 (mulberry32). */
function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function writeClip(path: string, options: ClipOptions): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, encodeWav(clipSamples(options), options.rateHz ?? 16_000));
  return path;
}

/** The same samples in two channels; the second is silent. */
export function writeStereo(path: string, options: ClipOptions): void {
  const samples = clipSamples(options);
  const both = new Float32Array(2 * samples.length);
  for (let i = 0; i < samples.length; i++) both[2 * i] = samples[i] as number;
  const bytes = encodeWav(both, 16_000);
  bytes.writeUInt16LE(2, 22);
  bytes.writeUInt32LE(64_000, 28);
  bytes.writeUInt16LE(4, 32);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
}

export interface MachineOptions {
  readonly train?: number;
  readonly normals?: number;
  readonly anomalies?: number;
  readonly clip?: Partial<ClipOptions>;
}

/** `DIR/train/normal_*.wav` and `DIR/test/{normal,abnormal}_*.wav` in a new folder. */
export function writeMachine({ train = 12, normals = 4, anomalies = 4, clip = {} }: MachineOptions = {}): string {
  const folder = join(mkdtempSync(join(tmpdir(), 'auscult-machine-')), 'rig');
  const number = (i: number) => String(i).padStart(4, '0');
  for (let i = 0; i < train; i++) writeClip(join(folder, 'train', `normal_${number(i)}.wav`), { seed: i, ...clip });
  for (let i = 0; i < normals; i++)
    writeClip(join(folder, 'test', `normal_${number(i)}.wav`), { seed: 5_000 + i, ...clip });
  for (let i = 0; i < anomalies; i++)
    writeClip(join(folder, 'test', `abnormal_${number(i)}.wav`), { seed: 9_000 + i, anomalous: true, ...clip });
  return folder;
}
