import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AudioObservation } from '../../../src/contracts.js';
import { ClipPool } from '../../../src/evaluation/compose/clip-pool.js';
import {
  type Composition,
  composedSource,
  fadeSamples,
  type Label,
} from '../../../src/evaluation/compose/composed-source.js';
import { openRandom } from '../../../src/scorers/random.js';
import { concatenate } from '../../../src/sources/audio/concatenate.js';
import { encodeWav } from '../../../src/sources/wav-encode.js';

const rate = 4_000;
const folder = mkdtempSync(join(tmpdir(), 'auscult-compose-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Noise of a given level; each name another noise. */
function noise(name: string, seconds: number, rms: number): string {
  const random = openRandom(1, name);
  const path = join(folder, `${name}.wav`);
  writeFileSync(
    path,
    encodeWav(
      Float32Array.from({ length: seconds * rate }, () => random.normal() * rms),
      rate,
    ),
  );
  return path;
}

let normals: ClipPool;
let faults: ClipPool;
let background: ClipPool;
beforeAll(async () => {
  const open = (what: string, files: string[]) => ClipPool.open(what, files, { sampleRateHz: rate });
  normals = await open('normals', [noise('n0', 7, 0.02), noise('n1', 11, 0.02), noise('n2', 5.5, 0.02)]);
  faults = await open('faults', [noise('f0', 3, 0.08), noise('f1', 30, 0.08)]);
  background = await open('background', [noise('b0', 5, 0.3), noise('b1', 4, 0.001)]);
});

const composition = (change: Partial<Composition> = {}): Composition => ({
  ...{ normals, faults, background: null, snrDb: 0, backgroundShare: 1, level: 'keep' },
  ...{ hours: 0.1, faultSeconds: 10, everySeconds: 40, seed: 3, sampleRateHz: rate },
  ...change,
});

async function made(
  wanted: Composition,
): Promise<{ samples: Float32Array; labels: Label[]; heard: AudioObservation[] }> {
  const labels: Label[] = [];
  const heard: AudioObservation[] = [];
  const source = composedSource(wanted, { feed: 'f', machine: 'm', onLabel: (label) => labels.push(label) });
  for await (const item of source.stream(new AbortController().signal)) if (item.kind === 'audio') heard.push(item);
  const samples = concatenate(heard.map((one) => one.samples));
  return { samples, labels, heard };
}

const same = (a?: { samples: Float32Array }, b?: { samples: Float32Array }) =>
  a?.samples.every((x, i) => x === b?.samples[i]);
const rmsOf = (samples: Float32Array) => Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length);
const db = (ratio: number) => 20 * Math.log10(ratio);

/** Samples of the machine's stretches of one label, without their cross-fades. */
function stretches(samples: Float32Array, labels: readonly Label[], label: Label['label']): Float32Array {
  const fade = fadeSamples(rate);
  const parts = labels.filter((one) => one.label === label && one.start < samples.length);
  return concatenate(parts.map(({ start, end }) => samples.subarray(start + fade, end - fade)));
}

describe('a composed stream', () => {
  it('is the same for the same seed, to the sample, and another for another', async () => {
    const [a, b, c] = await Promise.all([3, 3, 4].map((seed) => made(composition({ seed, background }))));
    expect(a?.samples.length).toBe(360 * rate);
    expect(same(a, b)).toBe(true);
    expect(a?.labels).toEqual(b?.labels);
    expect(same(a, c)).toBe(false);
  });

  it('comes in time without a gap, one observation a second', async () => {
    const { heard } = await made(composition({ hours: 0.0101 }));
    expect(heard[0]).toMatchObject({ startMs: 0, gap: true, sampleRateHz: rate });
    expect(heard.slice(1).every(({ gap }) => !gap)).toBe(true);
    expect(heard.slice(1).every(({ startMs }, i) => Math.abs(startMs - (heard[i]?.endMs ?? 0)) < 1e-6)).toBe(true);
    expect(heard.at(-1)?.endMs).toBeCloseTo(36_360, 6);
  });

  it('puts faults of the wanted length at the wanted distance, and says where', async () => {
    const { labels } = await made(composition({ hours: 0.5 }));
    const fault = labels.filter(({ label }) => label === 'fault');
    const runs: { start: number; end: number }[] = [];
    for (const { start, end } of fault) {
      const last = runs.at(-1);
      if (last && start < last.end) last.end = end;
      else runs.push({ start, end });
    }
    expect(runs.length).toBeGreaterThan(40);
    for (const { start, end } of runs) expect((end - start) / rate).toBeCloseTo(10, 6);
    const distances = runs.slice(1).map(({ start }, i) => (start - (runs[i]?.start ?? 0)) / rate);
    for (const distance of distances) {
      expect(distance).toBeGreaterThan(28);
      expect(distance).toBeLessThan(51);
    }
  });

  it('is at every place the recording that its label names', async () => {
    const { samples, labels } = await made(composition());
    const fade = fadeSamples(rate);
    for (const { start, end, path, label } of labels.filter((one) => one.end <= samples.length)) {
      const pool = label === 'fault' ? faults : normals;
      const clip = pool.clips.find((one) => one.path === path);
      const recorded = clip ? [...(await pool.samples(clip))] : [];
      const middle = samples.subarray(start + fade, end - fade);
      const at = recorded.findIndex((x, i) => x === middle[0] && recorded[i + 9] === middle[9]);
      expect(at).toBeGreaterThanOrEqual(0);
      expect(middle.every((x, i) => x === recorded[at + i])).toBe(true);
    }
  });

  it('keeps the level through a joint', async () => {
    const files = Array.from({ length: 100 }, (_, i) => noise(`joint${i}`, 1, 0.02));
    const many = await ClipPool.open('normals', files, { sampleRateHz: rate });
    const { samples, labels } = await made(composition({ normals: many, faults: null }));
    const fade = fadeSamples(rate);
    const joints = labels.slice(1).filter(({ start }) => start + fade <= samples.length);
    expect(joints.length).toBeGreaterThan(300);
    const inJoints = concatenate(joints.map(({ start }) => samples.subarray(start, start + fade)));
    expect(Math.abs(db(rmsOf(inJoints) / 0.02))).toBeLessThan(0.1);
  });

  it('scales every background sound to the SNR below the normals, in normal and fault time alike', async () => {
    const still = await made(composition());
    for (const snrDb of [0, 12]) {
      const { samples, labels } = await made(composition({ background, snrDb }));
      const added = samples.map((x, i) => x - (still.samples[i] ?? 0));
      expect(Math.abs(db(0.02 / rmsOf(added)) - snrDb)).toBeLessThan(0.2);
      for (const label of ['normal', 'fault'] as const)
        expect(db(0.02 / rmsOf(stretches(added, labels, label)))).toBeCloseTo(snrDb, 0);
      expect(labels.filter(({ label }) => label === 'background').length).toBeGreaterThan(70);
    }
  });

  it('has background in episodes for the wanted share of the time', async () => {
    const still = await made(composition({ hours: 0.5 }));
    const { samples } = await made(composition({ hours: 0.5, background, backgroundShare: 0.4 }));
    const tenths = Array.from({ length: samples.length / 400 }, (_, i) => samples.subarray(i * 400, i * 400 + 400));
    const noisy = tenths.filter((part, i) => part.some((x, j) => x !== still.samples[i * 400 + j])).length;
    expect(noisy / tenths.length).toBeGreaterThan(0.35);
    expect(noisy / tenths.length).toBeLessThan(0.45);
  });

  it('brings faults to the level of the normals when asked to', async () => {
    const kept = await made(composition());
    expect(db(rmsOf(stretches(kept.samples, kept.labels, 'fault')) / 0.02)).toBeCloseTo(12, 0);
    const matched = await made(composition({ level: 'match' }));
    expect(db(rmsOf(stretches(matched.samples, matched.labels, 'fault')) / 0.02)).toBeCloseTo(0, 0);
  });
});

describe('recordings to compose from', () => {
  it('that are broken, silent or too short are named and skipped', async () => {
    const broken = join(folder, 'broken.wav');
    writeFileSync(broken, 'RIFF....not a wave');
    const lines: string[] = [];
    const files = [broken, noise('silent', 1, 0), noise('short', 0.01, 0.1), noise('good', 1, 0.1)];
    const options = { sampleRateHz: 16_000, shortest: 1_600, onSkip: (line: string) => lines.push(line) };
    const pool = await ClipPool.open('--normal', files, options);
    expect(pool.clips.map(({ path, length }) => [path, length])).toEqual([[files[3], 16_000]]);
    expect(lines.map((line) => line.split('/').at(-1)?.split(':')[0])).toEqual([
      'broken.wav',
      'silent.wav',
      'short.wav',
    ]);
    await expect(ClipPool.open('--normal', [broken], options)).rejects.toThrow(
      `--normal: expected recordings, found none in 1 files: ${lines[0]}`,
    );
  });

  it('beyond the memory they may have are read again', async () => {
    const files = [noise('m0', 1, 0.1), noise('m1', 1, 0.1)];
    const small = await ClipPool.open('normals', files, { sampleRateHz: rate, keepSamples: 0 });
    const large = await ClipPool.open('normals', files, { sampleRateHz: rate });
    for (const [i, clip] of small.clips.entries()) {
      expect(await small.samples(clip)).toEqual(await large.samples(large.clips[i] ?? clip));
    }
  });
});
