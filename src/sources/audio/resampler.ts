import libsamplerate from '@alexanderolsen/libsamplerate-js';
import { SourceError } from '../../contracts.js';
import { concatenate } from './concatenate.js';

/** A CommonJS package: Node sees its default export alone. */
const { ConverterType, create } = libsamplerate;

/** libsamplerate's own limit, both ways. */
const maxRatio = 256;
/** Samples handed over at once: the library falls back to another, rate-dependent way of splitting above a million. */
const maxBlock = 65_536;

/** Passes 90 % of the target's half rate, with noise at −121 dB. */
const converterType = ConverterType.SRC_SINC_MEDIUM_QUALITY;

/**
 * Converts a stream of mono samples to another rate with an anti-alias filter (libsamplerate, compiled to WebAssembly).
 * Blocks of any length give the same samples as the whole at once; `flush` brings the rest, so that n samples become
 * round(n · to / from). The first sample out is at the time of the first sample in. Its owner calls `close`.
 */
export class Resampler {
  readonly #ratio: number;
  readonly #converter: Awaited<ReturnType<typeof create>>;
  #taken = 0;
  #given = 0;

  private constructor(ratio: number, converter: Awaited<ReturnType<typeof create>>) {
    this.#ratio = ratio;
    this.#converter = converter;
  }

  /** @param name what is converted, for messages   @throws {SourceError} when the rates are more than 256 : 1 apart */
  static async open(fromHz: number, toHz: number, name?: string): Promise<Resampler> {
    const ratio = toHz / fromHz;
    const refused = `${name === undefined ? '' : `${name}: `}sample rate ${fromHz} Hz: cannot be converted to ${toHz} Hz`;
    if (!(ratio >= 1 / maxRatio && ratio <= maxRatio)) {
      throw new SourceError(`${refused}, at most ${maxRatio} : 1`);
    }
    // The library accepts rates to 192 kHz, and only their ratio matters.
    const divisor = greatestCommonDivisor(fromHz, toHz);
    const [from, to] = [fromHz / divisor, toHz / divisor];
    if (Math.max(from, to) > 192_000) throw new SourceError(refused);
    return new Resampler(ratio, await create(1, from, to, { converterType }));
  }

  /** @param samples not kept   @returns the samples that are complete, owned by the caller; may be empty */
  push(samples: Float32Array): Float32Array {
    this.#taken += samples.length;
    return this.#convert(samples);
  }

  /** The samples that were still in the filter. Nothing may be pushed afterwards. */
  flush(): Float32Array {
    const total = Math.round(this.#taken * this.#ratio);
    const parts: Float32Array[] = [];
    const silence = new Float32Array(Math.ceil(256 / Math.min(1, this.#ratio)));
    // The filter is a few hundred samples long; the bound is for a library that would never give them.
    for (let n = 0; n < 100 && this.#given < total; n++) parts.push(this.#convert(silence));
    const surplus = Math.max(0, this.#given - total);
    const rest = concatenate(parts);
    this.#given -= surplus;
    return rest.subarray(0, Math.max(0, rest.length - surplus));
  }

  close(): void {
    if (!this.#converter.isDestroyed) this.#converter.destroy();
  }

  #convert(samples: Float32Array): Float32Array {
    const step = Math.max(1, Math.floor(maxBlock / Math.max(1, this.#ratio)));
    const parts: Float32Array[] = [];
    for (let at = 0; at < samples.length; at += step) {
      parts.push(this.#converter.full(samples.subarray(at, at + step)));
    }
    const out = concatenate(parts);
    this.#given += out.length;
    return out;
  }
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
