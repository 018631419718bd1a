import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ModelError } from '../../src/contracts.js';
import { defaultMel } from '../../src/features/default-specs.js';
import { loadFft } from '../../src/features/fft.js';
import { createLogMel } from '../../src/features/log-mel.js';
import {
  bandCentresHz,
  bandLabels,
  hzToMel,
  melCornersHz,
  melFilters,
  melToHz,
} from '../../src/features/mel-filters.js';
import { demoClip, referenceNoise } from './sound.js';

interface Reference {
  readonly signal: string;
  readonly bands: number;
  readonly centred: boolean;
  readonly frames: number;
  readonly db: readonly number[];
}

const references: Reference[] = JSON.parse(
  readFileSync(join(import.meta.dirname, '../data/log-mel-reference.json'), 'utf8'),
);

/** The signals of test/data/log_mel_reference.py. */
const signals: Record<string, () => Float32Array> = {
  'pump-00-normal': () => demoClip('pump-00-normal').slice(16_000, 20_096),
  'pump-00-abnormal': () => demoClip('pump-00-abnormal').slice(0, 5_000),
  'pump-04-normal': () => demoClip('pump-04-normal').slice(-4_096),
  'pump-04-abnormal': () => demoClip('pump-04-abnormal').slice(80_000, 84_096),
  noise: () => Float32Array.from(referenceNoise(4_096), (x) => 0.1 * x),
  tone: () => wave((t) => 0.5 * Math.sin(2 * Math.PI * 440 * t)),
  chirp: () => wave((t) => 0.8 * Math.sin(2 * Math.PI * (50 * t + 15_000 * t * t))),
  silence: () => new Float32Array(2_048),
};

const wave = (of: (seconds: number) => number) => Float32Array.from({ length: 4_096 }, (_, i) => of(i / 16_000));

describe('log-mel', () => {
  it.each(references)(
    'of $signal, $bands bands, centred: $centred, is within 1e-3 dB of its definition',
    async (reference) => {
      const logMel = await createLogMel({ ...defaultMel(), melBands: reference.bands });
      const samples = signals[reference.signal]?.() ?? new Float32Array(0);
      const picture = reference.centred ? logMel.centred(samples) : logMel.of(samples);
      expect([picture.frames, picture.bands]).toEqual([reference.frames, reference.bands]);
      const worst = picture.data.reduce(
        (max, db, i) => Math.max(max, Math.abs(db - (reference.db[i] ?? Number.NaN))),
        0,
      );
      expect(worst).toBeLessThan(1e-3);
    },
  );

  it('counts whole frames only', async () => {
    const logMel = await createLogMel(defaultMel());
    expect([0, 1_023, 1_024, 1_535, 1_536, 160_000].map((n) => logMel.framesIn(n))).toEqual([0, 0, 1, 1, 2, 311]);
    expect(logMel.centred(new Float32Array(0)).frames).toBe(1);
    expect(logMel.centred(new Float32Array(160_000)).frames).toBe(313);
  });

  it('keeps a frame the same bits wherever it lies among others', async () => {
    const logMel = await createLogMel(defaultMel());
    const samples = demoClip('pump-00-normal');
    const all = logMel.of(samples).data;
    for (const frame of [0, 7, 100, 310]) {
      const alone = logMel.of(samples.slice(frame * 512, frame * 512 + 1_024)).data;
      expect(alone).toEqual(all.slice(frame * 64, (frame + 1) * 64));
    }
  });

  it('goes on where it was when another size has made the memory grow', async () => {
    const small = await createLogMel(defaultMel());
    const samples = demoClip('pump-00-normal').slice(0, 40_000);
    const before = small.of(samples).data;
    const large = await createLogMel({ ...defaultMel(), fftSize: 65_536, hopSamples: 65_536 });
    expect(large.framesIn(200_000)).toBe(3);
    expect(small.of(samples).data).toEqual(before);
  });

  it('does single frames again in double precision, among those that do not need it', async () => {
    const logMel = await createLogMel(defaultMel());
    const samples = Float32Array.from(referenceNoise(70 * 512 + 512), (x) => 0.1 * x);
    const tone = Float32Array.from({ length: 2_048 }, (_, i) => 0.5 * Math.sin((2 * Math.PI * 440 * i) / 16_000));
    samples.set(tone, 40 * 512);
    const all = logMel.of(samples).data;
    for (const frame of [38, 40, 41, 42, 43, 69]) {
      const alone = logMel.of(samples.slice(frame * 512, frame * 512 + 1_024)).data;
      expect(alone).toEqual(all.slice(frame * 64, (frame + 1) * 64));
    }
    const pure = logMel.of(tone).data.slice(64, 128);
    expect(all.slice(41 * 64, 42 * 64)).toEqual(pure);
    expect(Math.max(...pure) - Math.min(...pure)).toBeGreaterThan(80);
  });

  it('of samples beyond all bounds is not finite, and never a usual number', async () => {
    const logMel = await createLogMel(defaultMel());
    const samples = Float32Array.from({ length: 1_024 }, (_, i) => (i % 2 === 0 ? 1 : -0.7) * 1e25);
    expect(logMel.of(samples).data.some((db) => !Number.isFinite(db))).toBe(true);
  });

  it('adds 20·log10(gain) dB to every band that is above the floor', async () => {
    const logMel = await createLogMel(defaultMel());
    const samples = referenceNoise(1_024);
    const quiet = logMel.of(Float32Array.from(samples, (x) => x / 4));
    const loud = logMel.of(Float32Array.from(samples));
    quiet.data.forEach((db, i) => {
      expect((loud.data[i] ?? 0) - db).toBeCloseTo(20 * Math.log10(4), 4);
    });
  });

  it.each([
    { fftSize: 1000 },
    { fftSize: 0 },
    { fftSize: 16 },
    { fftSize: 1024.5 },
    { hopSamples: 0 },
    { melBands: -1 },
  ])('refuses %o by name', async (wrong) => {
    const [name, value] = Object.entries(wrong)[0] ?? ['', 0];
    const created = createLogMel({ ...defaultMel(), ...wrong });
    await expect(created).rejects.toThrow(ModelError);
    await expect(created).rejects.toThrow(new RegExp(`${name}.*expected.*got ${value}`));
  });
});

describe('the FFT', () => {
  it('equals the discrete Fourier transform', async () => {
    const { memory, transform, plan, allocate } = await loadFft();
    const at = allocate(3 * 256);
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 64, maxLength: 64 }), (x) => {
        new Float32Array(memory.buffer, at, 64).set(x);
        transform(plan(64), at, at + 256, at + 512, 0);
        const output = new Float32Array(memory.buffer, at + 256, 64);
        for (const bin of [1, 2, 17, 31]) {
          const angles = x.map((_, n) => (-2 * Math.PI * bin * n) / 64);
          const re = x.reduce((sum, value, n) => sum + value * Math.cos(angles[n] ?? 0), 0);
          const im = x.reduce((sum, value, n) => sum + value * Math.sin(angles[n] ?? 0), 0);
          expect(Math.abs((output[2 * bin] ?? 0) - re)).toBeLessThan(1e-5);
          expect(Math.abs((output[2 * bin + 1] ?? 0) - im)).toBeLessThan(1e-5);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('is one instance a thread, and one plan a size', async () => {
    const fft = await loadFft();
    expect(await loadFft()).toBe(fft);
    expect(fft.plan(1024)).toBe(fft.plan(1024));
    expect(fft.plan(512)).not.toBe(fft.plan(1024));
  });
});

describe('the mel filters', () => {
  it("follow Slaney's scale: linear to 1 kHz, then 27 steps a factor of 6.4", () => {
    expect(hzToMel(200)).toBeCloseTo(3, 12);
    expect(hzToMel(1_000)).toBeCloseTo(15, 12);
    expect(hzToMel(6_400)).toBeCloseTo(42, 12);
    fc.assert(
      fc.property(fc.double({ min: 0, max: 24_000, noNaN: true }), (hz) => Math.abs(melToHz(hzToMel(hz)) - hz) < 1e-6),
    );
  });

  it('give each bin at most a rising and a falling band, whose shares make one', () => {
    const mel = defaultMel();
    const { rise, fall, stretchEnd } = melFilters(mel);
    const corners = melCornersHz(mel);
    const width = (band: number) => (corners[band + 2] ?? 0) - (corners[band] ?? 0);
    let stretch = 0;
    for (let bin = 1; bin < 512; bin++) {
      while (bin >= (stretchEnd[stretch] ?? 0)) stretch++;
      if (stretch === 0 || stretch === 64) continue;
      const shares = ((rise[bin] ?? 0) * width(stretch)) / 2 + ((fall[bin] ?? 0) * width(stretch - 1)) / 2;
      expect(shares).toBeCloseTo(1, 5);
    }
    expect(stretchEnd[64]).toBe(512);
  });

  it('name their bands', () => {
    const labels = bandLabels(defaultMel());
    expect(labels).toHaveLength(64);
    expect(labels[0]).toBe('0–93 Hz');
    expect(labels[63]).toMatch(/–8000 Hz$/);
    expect(bandCentresHz(defaultMel())[0]).toBeCloseTo(46.4, 1);
  });
});
