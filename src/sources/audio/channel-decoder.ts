import { decode } from 'wav-decoder';
import { SourceError } from '../../contracts.js';
import { scaleWords } from './pcm-kernel.js';
import type { PcmLayout } from './wav-header.js';

const headerBytes = 44;

/**
 * Decodes one channel of interleaved PCM, in blocks: int n bits x / 2^(n−1), float as it is.
 *
 * All values come from `wav-decoder`, which is handed what it decodes rightly: a canonical mono header and at most one
 * block (so no header can make it allocate), `symmetric`, 24-bit samples as 32-bit (it maps the lowest 24-bit value to +1) and
 * 8-bit, A-law and µ-law samples as 16-bit (its 8-bit silence is not 0). It takes 8.6 ns a sample, so 16-bit values,
 * which nearly every recording has, are decoded once, into a table of 65,536 values, and scaled as the table says.
 */
export class ChannelDecoder {
  readonly frameBytes: number;
  readonly #decode: (bytes: Uint8Array, frames: number) => Float32Array;

  /** @param channel counted from 0   @throws {SourceError} when the layout does not have that channel */
  constructor(layout: PcmLayout, channel: number, name: string) {
    if (!Number.isInteger(channel) || channel < 0 || channel >= layout.channels) {
      const range =
        layout.channels === 1 ? 'one channel (0)' : `${layout.channels} channels (0 to ${layout.channels - 1})`;
      throw new SourceError(`${name}: channel ${channel}: expected one of its ${range}`);
    }
    this.frameBytes = layout.channels * layout.sampleBytes;
    this.#decode = decoderFor(layout, channel * layout.sampleBytes, this.frameBytes);
  }

  /** @param bytes at least `frames` whole frames   @returns new Float32Array(frames), owned by the caller */
  decode(bytes: Uint8Array, frames: number): Float32Array {
    return this.#decode(bytes, frames);
  }
}

type Decode = (bytes: Uint8Array, frames: number) => Float32Array;

function decoderFor(layout: PcmLayout, offset: number, stride: number): Decode {
  const { encoding, sampleBytes } = layout;
  if (sampleBytes === 1) return lookUpBytes(byteTable(encoding), offset, stride);
  if (encoding === 'int' && sampleBytes === 2) return scale16(int16Table(), offset, stride);
  const wide = encoding === 'int' ? 4 : sampleBytes;
  const tag = encoding === 'int' ? 1 : 3;
  return (bytes, frames) => {
    const block = canonicalWav(tag, wide, frames);
    gather(bytes, offset, stride, sampleBytes, new Uint8Array(block, headerBytes), wide, frames);
    return decodeBlock(block);
  };
}

function lookUpBytes(table: Float32Array, offset: number, stride: number): Decode {
  return (bytes, frames) => {
    const samples = new Float32Array(frames);
    for (let i = 0, at = offset; i < frames; i++, at += stride) samples[i] = table[bytes[at] ?? 0] ?? 0;
    return samples;
  };
}

function scale16(table: Float32Array, offset: number, stride: number): Decode {
  // A power of two, so the product is what the table says, to the bit.
  const unit = table[1] as number;
  return (bytes, frames) => {
    const samples = new Float32Array(frames);
    if (stride === 2) scaleWords(bytes, samples, unit);
    else scaleEvery(wordsOf(bytes, frames * stride), offset / 2, stride / 2, unit, samples);
    return samples;
  };
}

function wordsOf(bytes: Uint8Array, length: number): Int16Array {
  // Not slice, which copies nothing of a Buffer.
  const { buffer, byteOffset } = bytes.byteOffset % 2 === 0 ? bytes : new Uint8Array(bytes.subarray(0, length));
  return new Int16Array(buffer, byteOffset, length / 2);
}

/** One channel of several. Four a step, which takes half the time. */
function scaleEvery(words: Int16Array, first: number, step: number, unit: number, samples: Float32Array): void {
  const whole = samples.length - (samples.length % 4);
  let at = first;
  for (let i = 0; i < whole; i += 4, at += 4 * step) {
    samples[i] = (words[at] as number) * unit;
    samples[i + 1] = (words[at + step] as number) * unit;
    samples[i + 2] = (words[at + 2 * step] as number) * unit;
    samples[i + 3] = (words[at + 3 * step] as number) * unit;
  }
  for (let i = whole; i < samples.length; i++, at += step) samples[i] = (words[at] as number) * unit;
}

/** Copies one channel's samples, each to the high end of `wide` bytes (a shorter integer is scaled up by whole bytes). */
function gather(
  from: Uint8Array,
  offset: number,
  stride: number,
  sampleBytes: number,
  to: Uint8Array,
  wide: number,
  frames: number,
): void {
  const pad = wide - sampleBytes;
  for (let i = 0; i < frames; i++) {
    const source = offset + i * stride;
    const target = i * wide + pad;
    for (let b = 0; b < sampleBytes; b++) to[target + b] = from[source + b] ?? 0;
  }
}

/** A mono WAV file in memory whose samples are yet to be filled in. */
function canonicalWav(tag: 1 | 3, sampleBytes: number, frames: number): ArrayBuffer {
  const dataBytes = frames * sampleBytes;
  const wav = new ArrayBuffer(headerBytes + dataBytes);
  const view = new DataView(wav);
  const id = (at: number, text: string) => {
    for (let i = 0; i < 4; i++) view.setUint8(at + i, text.charCodeAt(i));
  };
  id(0, 'RIFF');
  view.setUint32(4, headerBytes - 8 + dataBytes, true);
  id(8, 'WAVE');
  id(12, 'fmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, tag, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, 16_000, true);
  view.setUint32(28, 16_000 * sampleBytes, true);
  view.setUint16(32, sampleBytes, true);
  view.setUint16(34, sampleBytes * 8, true);
  id(36, 'data');
  view.setUint32(40, dataBytes, true);
  return wav;
}

function decodeBlock(wav: ArrayBuffer): Float32Array {
  return decode.sync(wav, { symmetric: true }).channelData[0] ?? new Float32Array(0);
}

let words: Float32Array | undefined;

/** Value of each 16-bit word, decoded by `wav-decoder`: 256 KB, made at the first use. */
function int16Table(): Float32Array {
  if (words === undefined) {
    const wav = canonicalWav(1, 2, 65_536);
    const view = new DataView(wav, headerBytes);
    for (let word = 0; word < 65_536; word++) view.setUint16(word * 2, word, true);
    words = decodeBlock(wav);
  }
  return words;
}

function byteTable(encoding: PcmLayout['encoding']): Float32Array {
  const linear = { 'a-law': fromALaw, 'mu-law': fromMuLaw, int: fromUnsigned, float: fromUnsigned }[encoding];
  return Float32Array.from({ length: 256 }, (_, code) => int16Table()[linear(code) & 0xffff] ?? 0);
}

const fromUnsigned = (code: number) => (code - 128) << 8;

/** ITU-T G.711, A-law: bits inverted by 0x55, sign, 3-bit exponent, 4-bit mantissa. */
function fromALaw(code: number): number {
  const bits = code ^ 0x55;
  const exponent = (bits >> 4) & 7;
  const mantissa = ((bits & 15) << 4) + 8;
  const magnitude = exponent === 0 ? mantissa : (mantissa + 0x100) << (exponent - 1);
  return bits & 0x80 ? magnitude : -magnitude;
}

/** ITU-T G.711, µ-law: all bits inverted, sign, 3-bit exponent, 4-bit mantissa, bias 132. */
function fromMuLaw(code: number): number {
  const bits = ~code & 0xff;
  const magnitude = ((((bits & 15) << 3) + 132) << ((bits >> 4) & 7)) - 132;
  return bits & 0x80 ? -magnitude : magnitude;
}
