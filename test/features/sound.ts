import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AudioObservation, SignalStats } from '../../src/contracts.js';

/** Ten seconds of a real pump, 16 kHz mono, −1…1. */
export function demoClip(name: string): Float32Array {
  const file = readFileSync(join(import.meta.dirname, '../../models/demo-sound', `${name}.wav`));
  const at = file.indexOf('data') + 8;
  return Float32Array.from({ length: (file.length - at) / 2 }, (_, i) => file.readInt16LE(at + 2 * i) / 32_768);
}

/** −1…1, the same numbers as in log_mel_reference.py: x' = (1103515245 x + 12345) mod 2³¹, from 1. */
export function referenceNoise(count: number): Float64Array {
  let state = 1;
  return Float64Array.from({ length: count }, () => {
    state = Number((1_103_515_245n * BigInt(state) + 12_345n) % 2_147_483_648n);
    return state / 2 ** 30 - 1;
  });
}

export const healthy: SignalStats = { rms: 0.1, peak: 0.5, dc: 0, clippedShare: 0, stuckShare: 0, nonFinite: 0 };

/** The samples as observations of the given sizes (the last size repeats), times by the sample count. */
export function blocks(samples: Float32Array, sizes: readonly number[], signal = healthy): AudioObservation[] {
  const found: AudioObservation[] = [];
  for (let from = 0; from < samples.length; ) {
    const size = sizes[Math.min(found.length, sizes.length - 1)] ?? samples.length;
    const to = Math.min(samples.length, from + size);
    found.push(block(samples.slice(from, to), { startMs: startMs + from / 16, sequence: found.length, signal }));
    from = to;
  }
  return found;
}

export const startMs = 1_700_000_000_000;

export function block(samples: Float32Array, change: Partial<AudioObservation> = {}): AudioObservation {
  const from = change.startMs ?? startMs;
  return {
    kind: 'audio',
    feed: 'pump',
    machine: 'pump-1',
    sequence: 0,
    startMs: from,
    endMs: from + samples.length / 16,
    origin: 'test sound',
    gap: change.sequence === undefined || change.sequence === 0,
    samples,
    sampleRateHz: 16_000,
    signal: healthy,
    ...change,
  };
}
