/** A file of sound → one channel's samples, and what its bytes are. */
import { createHash, type Hash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { SourceError } from '../../contracts.js';
import { memoryBytes } from '../../sources/audio/byte-source.js';
import { concatenate } from '../../sources/audio/concatenate.js';
import { Resampler, WavFile } from '../../sources/audio/index.js';

/** A larger file is read in pieces. */
const WHOLE_BYTES = 64 << 20;
const PIECE_BYTES = 4 << 20;

/** One second: arrays of this size are handed out again, where those of whole clips come fresh from the kernel. */
const BLOCK_FRAMES = 16_000;

/** The samples of one clip after the other, in one piece of memory. */
export class SampleBuffer {
  #held = new Float32Array();
  #length = 0;

  start(atMost: number): void {
    this.#length = 0;
    if (atMost > this.#held.length) this.#held = new Float32Array(atMost);
  }

  add(block: Float32Array): void {
    this.#held.set(block, this.#length);
    this.#length += block.length;
  }

  /** A view that is valid until the next `start`. */
  get samples(): Float32Array {
    return this.#held.subarray(0, this.#length);
  }
}

export interface ReadSound {
  readonly path: string;
  /** −1…1, what is not finite as 0; a view of the buffer that was given. */
  readonly samples: Float32Array;
  readonly sampleRateHz: number;
}

/**
 * The channel as training and scoring hear it. A truncated file is refused: what is left of it is not the clip that was
 * published.
 * @throws {SourceError} when it cannot be read, is no WAV file, is truncated, holds no sound (or what is none), or has no
 * such channel
 */
export async function readSound(
  path: string,
  channel: number,
  bytes?: Uint8Array,
  into = new SampleBuffer(),
): Promise<ReadSound> {
  const file = await (bytes ? WavFile.from(memoryBytes(bytes), path) : WavFile.openBlocking(path, PIECE_BYTES));
  try {
    const { frames, missingBytes, sampleRateHz, encoding } = file.header;
    if (missingBytes > 0)
      throw new SourceError(`${path}: truncated: ${missingBytes} bytes of sound are missing at its end`);
    if (frames === 0) throw new SourceError(`${path}: holds no sound`);
    into.start(frames);
    for await (const block of file.blocks(channel, BLOCK_FRAMES)) into.add(block);
    const { samples } = into;
    if (encoding === 'float') checkFloats(samples, path);
    return { path, samples, sampleRateHz };
  } finally {
    await file.close();
  }
}

/** @returns the samples themselves when they have that rate already   @throws {SourceError} for a rate too far from it */
export async function atRate({ path, samples, sampleRateHz }: ReadSound, rateHz: number): Promise<Float32Array> {
  if (sampleRateHz === rateHz) return samples;
  const resampler = await Resampler.open(sampleRateHz, rateHz, path);
  try {
    return concatenate([resampler.push(samples), resampler.flush()]);
  } finally {
    resampler.close();
  }
}

/** Reads files of common size into one buffer, which spares the garbage collector a third of a megabyte a clip. */
export class FileBytes {
  #buffer = Buffer.alloc(0);

  /** All bytes, a view that is valid until the next call; null of a large file. @throws {SourceError} */
  read(path: string): Buffer | null {
    let file: number | undefined;
    try {
      file = openSync(path, 'r');
      const { size } = fstatSync(file);
      if (size > WHOLE_BYTES) return null;
      if (size > this.#buffer.length) this.#buffer = Buffer.allocUnsafeSlow(size);
      let held = 0;
      for (let n = 1; n > 0 && held < size; held += n) n = readSync(file, this.#buffer, held, size - held, held);
      return this.#buffer.subarray(0, held);
    } catch (error) {
      throw unreadable(path, error);
    } finally {
      if (file !== undefined) closeSync(file);
    }
  }
}

/** SHA-256 of a file's bytes. @throws {SourceError} */
export function digestOfFile(path: string, bytes: Uint8Array | null): string {
  const hash = createHash('sha256');
  if (bytes) return hash.update(bytes).digest('hex');
  try {
    addPieces(hash, path);
    return hash.digest('hex');
  } catch (error) {
    throw unreadable(path, error);
  }
}

function addPieces(hash: Hash, path: string): void {
  const file = openSync(path, 'r');
  try {
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    for (let n = readSync(file, piece); n > 0; n = readSync(file, piece)) hash.update(piece.subarray(0, n));
  } finally {
    closeSync(file);
  }
}

function unreadable(path: string, error: unknown): SourceError {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  const why =
    code === 'ENOENT' ? 'does not exist' : `cannot be read: ${error instanceof Error ? error.message : error}`;
  return new SourceError(`${path}: ${why}`, { cause: error });
}

/** Its square and the sum of many have room in single precision; 240 dB over full scale is no recording. */
const MOST_SAMPLE = 1e12;

/** What is not finite becomes 0. @throws {SourceError} for a number whose power would be none, as damaged files have */
function checkFloats(samples: Float32Array, path: string): void {
  for (let i = 0; i < samples.length; i++) {
    const sample = samples[i] as number;
    if (!Number.isFinite(sample)) samples[i] = 0;
    else if (Math.abs(sample) > MOST_SAMPLE)
      throw new SourceError(`${path}: sample ${i}: expected −1…1, found ${sample.toPrecision(3)}`);
  }
}
