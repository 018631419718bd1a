import { type MelSpec, ModelError } from '../contracts.js';
import { DoubleFft } from './double-fft.js';
import { type Fft, loadFft } from './fft.js';
import { type MelFilters, melFilters } from './mel-filters.js';
import { KERNEL_FRAMES, MelKernel } from './mel-kernel.js';

/** Power below which everything is equally silent: 10·log10(1e-10) = −100 dB. */
export const FLOOR_DB = -100;

/** A picture of sound: row-major (frames, bands), dB. */
export interface LogMelPicture {
  readonly data: Float32Array;
  readonly frames: number;
  readonly bands: number;
}

/**
 * Single-precision rounding spoils a band by 1e-3 dB when its bins lie 86 dB below the power of the whole frame
 * (measured on tones in noise, recordings and chirps). Beyond this ratio, 76 dB, a frame is done in double precision.
 */
const SINGLE_PRECISION_RANGE = 10 ** 7.6;

/**
 * Log-mel spectra: periodic Hann window, power spectrum, Slaney mel bands, 10·log10(max(S, 1e-10)).
 * Pure and synchronous once made; a frame's bits depend on its own samples alone. No allocation a frame.
 */
export class LogMel {
  private readonly filters: MelFilters;
  private readonly kernel: MelKernel;
  private readonly double: DoubleFft;
  private readonly powers: Float64Array;

  constructor(
    readonly mel: MelSpec,
    fft: Fft,
  ) {
    this.filters = melFilters(mel);
    // A triangle of unit area gathers 1 / binWidthHz of the power of a bin.
    this.kernel = new MelKernel(fft, mel, this.filters, this.filters.binWidthHz * SINGLE_PRECISION_RANGE);
    this.double = new DoubleFft(mel.fftSize);
    this.powers = new Float64Array(mel.melBands);
  }

  /** Whole uncentred frames in this many samples. */
  framesIn(samples: number): number {
    const { fftSize, hopSamples } = this.mel;
    return samples < fftSize ? 0 : 1 + Math.floor((samples - fftSize) / hopSamples);
  }

  /**
   * Writes `frames` frames into `out` at `outAt`, the first beginning at sample `from`, **without the floor**: digital
   * silence is −Infinity, so that a later change of level moves what lies under the floor too. Floor with `floorDb`.
   */
  writeRaw(samples: Float32Array, from: number, frames: number, out: Float32Array, outAt: number): void {
    const { hopSamples, melBands } = this.mel;
    for (let frame = 0; frame < frames; frame += KERNEL_FRAMES) {
      const count = Math.min(KERNEL_FRAMES, frames - frame);
      const start = from + frame * hopSamples;
      const at = outAt + frame * melBands;
      const inexact = this.kernel.write(samples, start, count, out, at);
      for (let f = 0; inexact >>> f !== 0 && f < count; f++) {
        if ((inexact >>> f) & 1) this.writeDouble(samples, start + f * hopSamples, out, at + f * melBands);
      }
    }
  }

  /** Every whole frame of the samples, uncentred, floored. */
  of(samples: Float32Array): LogMelPicture {
    const frames = this.framesIn(samples.length);
    const data = new Float32Array(frames * this.mel.melBands);
    this.writeRaw(samples, 0, frames, data, 0);
    floorDb(data, 0);
    return { data, frames, bands: this.mel.melBands };
  }

  /**
   * librosa ≥ 0.10's `power_to_db(melspectrogram(center=True), ref=1, top_db=None)`: half a window of zeros on both
   * sides, 1 + ⌊samples / hop⌋ frames. For comparison with other tools; the live path is uncentred.
   */
  centred(samples: Float32Array): LogMelPicture {
    const { fftSize, hopSamples } = this.mel;
    const frames = 1 + Math.floor(samples.length / hopSamples);
    const padded = new Float32Array((frames - 1) * hopSamples + fftSize);
    padded.set(samples.subarray(0, padded.length - fftSize / 2), fftSize / 2);
    return this.of(padded);
  }

  private writeDouble(samples: Float32Array, from: number, out: Float32Array, at: number): void {
    bandPowers(this.double.spectrum(samples, from), this.filters, this.powers);
    for (let band = 0; band < this.powers.length; band++) out[at + band] = 10 * Math.log10(this.powers[band] as number);
  }
}

const bySpec = new Map<string, LogMel>();

/**
 * The log-mel of these parameters, shared by everyone in this thread who asks for the same: it holds no state but the
 * scratch of a call. @throws {ModelError} when a length makes no sense, naming it
 */
export async function createLogMel(mel: MelSpec): Promise<LogMel> {
  const { sampleRateHz, fftSize, hopSamples, melBands } = mel;
  for (const [name, value] of Object.entries({ sampleRateHz, hopSamples, melBands })) {
    if (!Number.isInteger(value) || value < 1)
      throw new ModelError(`${name}: expected a whole number ≥ 1, got ${value}`);
  }
  const fft = await loadFft();
  const key = [sampleRateHz, fftSize, hopSamples, melBands].join();
  const logMel = bySpec.get(key) ?? new LogMel({ sampleRateHz, fftSize, hopSamples, melBands }, fft);
  bySpec.set(key, logMel);
  return logMel;
}

/**
 * Adds `offsetDb`, then raises everything below the floor to it, in place or `into` as many numbers.
 * @returns whether all of them are finite: here is a fifth of the numbers that the stacks of frames have
 */
export function floorDb(data: Float32Array, offsetDb: number, into = data): boolean {
  let finite = true;
  for (let i = 0; i < data.length; i++) {
    const dB = (data[i] as number) + offsetDb;
    // Not a choice of one of the two by ?:, for which every number was boxed.
    into[i] = Math.max(dB, FLOOR_DB);
    if (!(dB < Number.POSITIVE_INFINITY)) finite = false;
  }
  return finite;
}

/**
 * Powers of the bins gathered into bands in one pass: what falls in this stretch belongs to the band that rose in the
 * last. `spectrum` is interleaved re, im; bin 0 and the Nyquist bin are not read.
 */
function bandPowers(spectrum: Float64Array, filters: MelFilters, powers: Float64Array): void {
  const { rise, fall, stretchEnd } = filters;
  let risen = 0;
  let bin = 1;
  for (let stretch = 0; stretch < stretchEnd.length; stretch++) {
    const end = stretchEnd[stretch] as number;
    let rising = 0;
    let falling = 0;
    for (; bin < end; bin++) {
      const re = spectrum[2 * bin] as number;
      const im = spectrum[2 * bin + 1] as number;
      const power = re * re + im * im;
      rising += power * (rise[bin] as number);
      falling += power * (fall[bin] as number);
    }
    if (stretch > 0) powers[stretch - 1] = risen + falling;
    risen = rising;
  }
}
