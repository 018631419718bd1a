import Meyda from 'meyda';
import type { Window } from '../contracts.js';
import { DoubleFft } from './double-fft.js';
import { SILENCE_DB } from './level.js';

/** Named measures of a sound, as an engineer knows them. All are finite; of silence, all but levelDb are 0. */
export type Descriptors = Readonly<Record<DescriptorName, number>>;

export type DescriptorName =
  /** RMS level, dBFS, and the same as a number 0…1. */
  | 'levelDb'
  | 'rms'
  /** Centre of the spectrum (by magnitude). */
  | 'centroidHz'
  /** Below this lies 99 % of the spectrum. */
  | 'rolloffHz'
  /** 0 for a tone … 1 for white noise. */
  | 'flatness'
  /** Strongest bin beside the RMS of all: high when a tone stands out. */
  | 'crest'
  /** How peaked the spectrum is around its centre: 1.8 where it is flat, more the more it is one peak. */
  | 'kurtosis'
  /** Sum over the Bark bands, arbitrary unit. */
  | 'loudness'
  /** Changes of sign a second. */
  | 'zeroCrossingsHz';

/** The part of meyda that is pure: its `extract` reads a global buffer size, sample rate and a slow FFT. */
interface Extractors {
  rms(of: { signal: Float32Array }): number;
  zcr(of: { signal: Float32Array }): number;
  spectralCentroid(of: { ampSpectrum: Float32Array }): number;
  spectralRolloff(of: { ampSpectrum: Float32Array; sampleRate: number }): number;
  spectralFlatness(of: { ampSpectrum: Float32Array }): number;
  spectralCrest(of: { ampSpectrum: Float32Array }): number;
  spectralSpread(of: { ampSpectrum: Float32Array }): number;
  loudness(of: { ampSpectrum: Float32Array; barkScale: Float32Array }): { total: number };
}

const extractors = (Meyda as unknown as { featureExtractors: Extractors }).featureExtractors;
const FFT_SIZE = 1024;
const fft = new DoubleFft(FFT_SIZE);

/** Descriptors of a window of sound, from the mean power spectrum of its frames of 1,024 samples, side by side. */
export function describeSound(samples: Float32Array, sampleRateHz: number): Descriptors {
  const ampSpectrum = meanMagnitudes(samples);
  const rms = samples.length === 0 ? 0 : extractors.rms({ signal: samples });
  const descriptors: Record<DescriptorName, number> = {
    levelDb: Math.max(20 * Math.log10(rms), SILENCE_DB),
    rms,
    centroidHz: (extractors.spectralCentroid({ ampSpectrum }) * sampleRateHz) / FFT_SIZE,
    rolloffHz: extractors.spectralRolloff({ ampSpectrum, sampleRate: sampleRateHz }),
    flatness: extractors.spectralFlatness({ ampSpectrum }),
    crest: extractors.spectralCrest({ ampSpectrum }),
    kurtosis: kurtosis(ampSpectrum),
    loudness: extractors.loudness({ ampSpectrum, barkScale: barkScale(sampleRateHz) }).total,
    zeroCrossingsHz: (extractors.zcr({ signal: samples }) * sampleRateHz) / samples.length,
  };
  // Silence divides nothing by nothing.
  for (const name of Object.keys(descriptors) as DescriptorName[]) {
    if (!Number.isFinite(descriptors[name])) descriptors[name] = 0;
  }
  return descriptors;
}

/** Descriptors of a window while its samples are valid; none of a window without sound. */
export function describe({ samples, startMs, endMs }: Window): Readonly<Record<string, number>> {
  if (samples === undefined || endMs <= startMs) return {};
  return describeSound(samples, Math.round((samples.length * 1000) / (endMs - startMs)));
}

/** (513) root of the mean power of each bin; a last incomplete frame is left out unless it is the only one. */
function meanMagnitudes(samples: Float32Array): Float32Array {
  const frames = Math.max(1, Math.floor(samples.length / FFT_SIZE));
  const padded = samples.length >= FFT_SIZE ? samples : new Float32Array(FFT_SIZE);
  if (padded !== samples) padded.set(samples);
  const power = new Float64Array(FFT_SIZE / 2 + 1);
  for (let frame = 0; frame < frames; frame++) {
    const spectrum = fft.spectrum(padded, frame * FFT_SIZE);
    for (let bin = 0; bin < power.length; bin++) {
      power[bin] = (power[bin] ?? 0) + (spectrum[2 * bin] ?? 0) ** 2 + (spectrum[2 * bin + 1] ?? 0) ** 2;
    }
  }
  return Float32Array.from(power, (sum) => Math.sqrt(sum / frames));
}

/**
 * Σ m·(k − μ)⁴ / (σ⁴ Σ m) over the bins k of magnitude m. meyda's own spectralKurtosis has 6·μ₁·μ₂ where the fourth central
 * moment has 6·μ₁²·μ₂, and comes out negative; its centroid μ and spread σ are right.
 */
function kurtosis(ampSpectrum: Float32Array): number {
  const centre = extractors.spectralCentroid({ ampSpectrum });
  const spread = extractors.spectralSpread({ ampSpectrum });
  let [fourth, total] = [0, 0];
  ampSpectrum.forEach((magnitude, bin) => {
    fourth += magnitude * (bin - centre) ** 4;
    total += magnitude;
  });
  return fourth / (total * spread ** 4);
}

/** Bark of each bin, 13·atan(f / 1315.8) + 3.5·atan((f / 7518)²), as meyda's own scale. Zwicker's formula. */
function barkScale(sampleRateHz: number): Float32Array {
  return Float32Array.from({ length: FFT_SIZE / 2 + 1 }, (_, bin) => {
    const hz = (bin * sampleRateHz) / FFT_SIZE;
    return 13 * Math.atan(hz / 1315.8) + 3.5 * Math.atan((hz / 7518) ** 2);
  });
}
