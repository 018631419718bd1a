import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NormalStretches } from '../../src/commissioning/normal-stretches.js';
import { type AudioObservation, ModelError, type Window } from '../../src/contracts.js';
import { createFeatures } from '../../src/features/create-features.js';
import { defaultMelFlat, defaultMelFrames } from '../../src/features/default-specs.js';
import { NORMALS_FILE, NormalClips } from '../../src/scorers/normal-clips.js';
import { sha256 } from '../../src/scorers/package-files.js';
import { measureSignal } from '../../src/sources/audio/index.js';

const RATE = 16_000;
const spec = defaultMelFrames();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auscult-normals-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Noise below a hum of this frequency. */
const hum = (hz: number, seconds: number, gain = 1): Float32Array => {
  let state = 1;
  return Float32Array.from({ length: seconds * RATE }, (_, i) => {
    state = (state * 48_271) % 2_147_483_647;
    return gain * (0.02 * (state / 2 ** 30 - 1) + 0.1 * Math.sin((2 * Math.PI * hz * i) / RATE));
  });
};

const observed = (samples: Float32Array, origin: string, gap = true): AudioObservation => ({
  ...{
    kind: 'audio',
    feed: 'f',
    machine: 'm',
    sequence: 0,
    startMs: 0,
    endMs: (1000 * samples.length) / RATE,
    origin,
    gap,
  },
  ...{ samples, sampleRateHz: RATE, signal: measureSignal(samples) },
});

async function stretchesOf(sounds: readonly Float32Array[], of = spec as Parameters<typeof NormalStretches.open>[0]) {
  const stretches = await NormalStretches.open(of);
  const features = await createFeatures(of);
  for (const [i, sound] of sounds.entries())
    for (const window of features.push(observed(sound, `/recordings/${i}.wav`))) stretches.add(window);
  return stretches.files();
}

async function packageOf(name: string, files: ReadonlyMap<string, Uint8Array>): Promise<string> {
  const place = join(folder, name);
  await mkdir(join(place, 'normals'), { recursive: true });
  for (const [file, bytes] of files) await writeFile(join(place, file), bytes);
  return place;
}

async function windowOf(samples: Float32Array, of = spec as typeof spec): Promise<Window> {
  const [window] = (await createFeatures(of)).push(observed(samples, 'event'));
  if (!window) throw new Error('too short');
  return window;
}

const list = (files: ReadonlyMap<string, Uint8Array>) =>
  JSON.parse(Buffer.from(files.get(NORMALS_FILE) ?? []).toString()).clips as { origin: string; startMs: number }[];

describe('the normal stretches of a package', () => {
  it('are of 6 s, the same samples as heard, with what they are compared by', async () => {
    const sound = hum(500, 10);
    const files = await stretchesOf([sound]);
    expect(list(files)).toHaveLength(2);
    expect(list(files)[0]).toMatchObject({ file: 'normals/00.wav', origin: '0.wav', levelDb: expect.closeTo(-23, 0) });
    const wav = Buffer.from(files.get('normals/00.wav') ?? []);
    expect(wav.length).toBe(44 + 2 * 6 * RATE);
    const from = Math.round((RATE * (list(files)[0]?.startMs ?? 0)) / 1000);
    const heard = Array.from(sound.slice(from, from + 1_000), (x) => Math.round(32_768 * x));
    expect(heard.map((_, i) => wav.readInt16LE(44 + 2 * i))).toEqual(heard);
  });

  it('hold the rare kind of running too, of much of the usual, and stay below 5 MB', async () => {
    const usual = Array.from({ length: 60 }, (_, i) => hum(500, 10, 1 + 0.002 * i));
    const files = await stretchesOf([...usual.slice(0, 30), hum(2_000, 7), ...usual.slice(30)]);
    expect(list(files).map(({ origin }) => origin)).toContain('30.wav');
    expect([...files.values()].reduce((sum, { length }) => sum + length, 0)).toBeLessThan(5.1e6);
    expect(list(files).length).toBeGreaterThan(20);
  });

  it('are whole recordings where these are shorter, at least a window long, and none of windows without samples', async () => {
    const files = await stretchesOf([hum(500, 2), hum(500, 0.5), hum(700, 3)]);
    expect(list(files).map(({ origin }) => origin)).toEqual(['0.wav', '2.wav']);
    expect((await stretchesOf([hum(500, 8)], defaultMelFlat())).size).toBe(2);
    expect((await NormalStretches.open(spec)).files().size).toBe(0);
  });

  it('are found by their spectrum, although a fault is loud in some bands', async () => {
    const place = await packageOf('found', await stretchesOf([hum(500, 7), hum(2_000, 7)]));
    const normals = await NormalClips.open(place, spec);
    const fault = hum(2_000, 2).map((x, i) => x + 0.3 * Math.sin((2 * Math.PI * 5_000 * i) / RATE));
    const nearest = await normals?.nearest(await windowOf(fault));
    expect(nearest?.clip.origin).toBe('1.wav');
    expect(nearest?.distanceDb).toBeGreaterThan(1);
    const same = await normals?.nearest(await windowOf(hum(500, 2)));
    expect(same?.clip.origin).toBe('0.wav');
    expect(same?.distanceDb).toBeLessThan(0.5);
    expect(same?.window.data).toHaveLength((await windowOf(hum(500, 2))).data.length);
    const wav = await normals?.wav(same?.clip.sha256 ?? '');
    expect(sha256(wav ?? new Uint8Array())).toBe(same?.clip.sha256);
  });

  it('are compared at one loudness where the features are', async () => {
    const matched = defaultMelFrames({ policy: 'match', referenceLevelDb: -23 });
    const place = await packageOf('matched', await stretchesOf([hum(500, 7, 0.1), hum(2_000, 7)], matched));
    const nearest = await (await NormalClips.open(place, matched))?.nearest(await windowOf(hum(500, 2), matched));
    expect(nearest?.clip.origin).toBe('0.wav');
    expect(nearest?.distanceDb).toBeLessThan(0.5);
  });

  it('are refused when the list is none, of other bands, or names another place', async () => {
    const place = await packageOf('broken', await stretchesOf([hum(500, 7)]));
    const path = join(place, NORMALS_FILE);
    const text = await readFile(path, 'utf8');
    const wide = { ...spec, mel: { ...spec.mel, melBands: 32 } };
    await expect(NormalClips.open(place, wide)).rejects.toThrow('expected 32 bands of normals/00.wav, found 64');
    for (const bad of [
      'no list',
      text.replace('normals/00', '../secret/00'),
      text.replace('"format":1', '"format":2'),
    ]) {
      await writeFile(path, bad);
      await expect(NormalClips.open(place, spec)).rejects.toThrow(ModelError);
    }
    expect(await NormalClips.open(folder, spec)).toBeNull();
  });

  it('are not taken for others that lie in their place, and need not be there to explain', async () => {
    const place = await packageOf('gone', await stretchesOf([hum(500, 7)]));
    const normals = await NormalClips.open(place, spec);
    const digest = normals?.clips[0]?.sha256 ?? '';
    await writeFile(join(place, 'normals/00.wav'), 'another');
    await expect(normals?.wav(digest)).rejects.toThrow(`expected SHA-256 ${digest}`);
    await expect(normals?.wav('0'.repeat(64))).rejects.toThrow('expected one of the package');
    expect(await normals?.nearest(await windowOf(hum(500, 2)))).toBeNull();
  });
});
