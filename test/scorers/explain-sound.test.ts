import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Contribution, Scorer, Window } from '../../src/contracts.js';
import { createFeatures } from '../../src/features/create-features.js';
import { openScorer } from '../../src/scorers/package-scorer.js';
import { measureSignal } from '../../src/sources/audio/index.js';
import { demoClip } from '../features/sound.js';

const demo = fileURLToPath(new URL('../../models/pump-00', import.meta.url));
const RATE = 16_000;
let folder: string;
let scorer: Scorer;
let without: Scorer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auscult-explain-'));
  await cp(demo, join(folder, 'without'), { recursive: true });
  await rm(join(folder, 'without', 'normals.json'));
  scorer = await openScorer(demo);
  without = await openScorer(join(folder, 'without'));
});
afterAll(async () => {
  await scorer.close();
  await without.close();
  await rm(folder, { recursive: true, force: true });
});

/** A second of the pump's normal sound that was not learnt from, with a tone in it. */
async function heard(tone: { hz: number; amplitude: number; fromS?: number; toS?: number }): Promise<Window> {
  const { hz, amplitude, fromS = 0, toS = 2 } = tone;
  const samples = demoClip('pump-00-normal').slice(7.5 * RATE, 7.5 * RATE + 16_384);
  for (let i = 0; i < samples.length; i++) {
    const on = i >= fromS * RATE && i < toS * RATE;
    if (on) samples[i] = (samples[i] ?? 0) + amplitude * Math.sin((2 * Math.PI * hz * i) / RATE);
  }
  const origin = { feed: 'f', machine: 'm', sequence: 0, startMs: 0, endMs: 1_024, origin: 'x', gap: false };
  const features = await createFeatures(scorer.manifest.features);
  const signal = measureSignal(samples);
  const [window] = features.push({ kind: 'audio', ...origin, samples, sampleRateHz: RATE, signal });
  if (!window) throw new Error('expected a window');
  return window;
}

const bandBlamed = ({ axes }: Contribution): string => {
  const axis = axes.find((candidate) => candidate.axis === 'band');
  return axis?.labels[axis.values.indexOf(Math.max(...axis.values))] ?? '';
};

describe('an explanation of sound', () => {
  it.each([310, 900, 2_500, 6_000])('names the band of a tone of %i Hz that was put into normal sound', async (hz) => {
    const { bands, times } = await scorer.explain(await heard({ hz, amplitude: 0.02 }));
    expect(bands?.[0]?.fromHz).toBeLessThan(hz);
    expect(bands?.[0]?.toHz).toBeGreaterThan(hz);
    expect(bands?.[0]?.changeDb).toBeGreaterThan(3);
    expect(times).toEqual([]);
  });

  it('names when it was, in the time of the window', async () => {
    const { times = [] } = await scorer.explain(await heard({ hz: 2_500, amplitude: 0.05, fromS: 0.4, toS: 0.6 }));
    expect(times).toHaveLength(1);
    expect(times[0]?.fromMs).toBeGreaterThan(250);
    expect(times[0]?.toMs).toBeLessThan(800);
  });

  it('gives each second its own rows exactly: with the usual energy they sum to the energy', async () => {
    const window = await heard({ hz: 900, amplitude: 0.01 });
    const { energy, axes } = await scorer.explain(window);
    const seconds = axes.find(({ axis }) => axis === 'second')?.values ?? [];
    const { sorted } = scorer.manifest.calibration.short;
    const usual = sorted[sorted.length >> 1] ?? 0;
    expect(seconds.reduce((sum, value) => sum + value, usual)).toBeCloseTo(energy, 6);
    expect(energy).toBe((await scorer.score([window]))[0]);
  });

  it('names the normal sound to compare with, which the package gives out', async () => {
    const { nearestNormal } = await scorer.explain(await heard({ hz: 900, amplitude: 0.02 }));
    expect(nearestNormal?.distanceDb).toBeLessThan(3);
    const wav = await scorer.normalClip?.(nearestNormal?.clip ?? '');
    expect(Buffer.from(wav ?? []).toString('latin1', 0, 4)).toBe('RIFF');
  });

  it('of a package without normal sound is made by the mean of what it learnt, and names none', async () => {
    const window = await heard({ hz: 2_500, amplitude: 0.02 });
    const found = await without.explain(window);
    expect(found.nearestNormal).toBeUndefined();
    expect(found.bands?.length).toBeGreaterThan(0);
    expect(bandBlamed(found)).toMatch(/Hz$/);
    expect(found.energy).toBe((await scorer.explain(window)).energy);
    await expect(without.normalClip?.('0'.repeat(64))).rejects.toThrow('which keeps none');
  });

  it('of a window without a picture is made without comparing', async () => {
    const { logMel: _, ...window } = await heard({ hz: 900, amplitude: 0.02 });
    expect((await scorer.explain(window)).nearestNormal).toBeUndefined();
  });
});
