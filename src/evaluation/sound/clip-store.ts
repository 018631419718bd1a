/** Log-mel pictures of clips on disk, by content: a second method or run reads no WAV file again. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { MelSpec } from '../../contracts.js';
import { FileBytes } from './read-clip.js';

/** One channel of a clip, seen as log-mel without floor and before any level policy. */
export interface ClipPicture {
  /** (frames, bands) dB; digital silence is −Infinity. */
  readonly raw: Float32Array;
  readonly frames: number;
  /** RMS level of what the frames cover, at that rate, dBFS; of all of it where there is no frame. */
  readonly levelDb: number;
  /** Samples at the picture's rate. */
  readonly samples: number;
}

const HEADER_BYTES = 32;
const DIGEST_BYTES = 16;

/** Owned by one thread; several may share the folder: a file that is still being written fails its own digest. */
export class ClipStore {
  readonly #file = new FileBytes();
  #written = Buffer.alloc(0);
  #writable = true;

  /** @param code digest of the code that makes pictures */
  constructor(
    private readonly folder: string,
    private readonly code: string,
  ) {}

  /** Valid until the next call; null when it is not there, torn, or made by other code. */
  read(digest: string, channel: number, mel: MelSpec): ClipPicture | null {
    try {
      const path = this.#pathOf(digest, channel, mel);
      return decode(this.#file.read(path) ?? readFileSync(path), mel.melBands);
    } catch {
      return null;
    }
  }

  /** A full or read-only disk costs time, no figures: then pictures are made anew when they are needed. */
  write(digest: string, channel: number, mel: MelSpec, picture: ClipPicture): void {
    if (!this.#writable) return;
    const path = this.#pathOf(digest, channel, mel);
    const bytes = this.#encode(picture);
    try {
      writeFileSync(path, bytes);
    } catch {
      this.#writeFirst(path, bytes);
    }
  }

  /** Also where its folder is not there yet. */
  #writeFirst(path: string, bytes: Buffer): void {
    try {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, bytes);
    } catch {
      this.#writable = false;
      removeTorn(path);
    }
  }

  /** Level (float64), samples, frames (float64 too), padding; the picture; the first half of a SHA-256 of it all. */
  #encode({ raw, frames, levelDb, samples }: ClipPicture): Buffer {
    const length = HEADER_BYTES + raw.byteLength + DIGEST_BYTES;
    if (length > this.#written.length) this.#written = Buffer.allocUnsafeSlow(length);
    const bytes = this.#written.subarray(0, length);
    new Float64Array(bytes.buffer, 0, HEADER_BYTES / 8).set([levelDb, samples, frames, 0]);
    new Float32Array(bytes.buffer, HEADER_BYTES, raw.length).set(raw);
    const end = length - DIGEST_BYTES;
    digestOf(bytes.subarray(0, end)).copy(bytes, end);
    return bytes;
  }

  #pathOf(digest: string, channel: number, { sampleRateHz, fftSize, hopSamples, melBands }: MelSpec): string {
    const key = [digest, channel, sampleRateHz, fftSize, hopSamples, melBands, this.code].join();
    const name = createHash('sha256').update(key).digest('hex').slice(0, 32);
    return join(this.folder, name.slice(0, 1), `${name}.mel`);
  }
}

/** Of a full disk; where nothing can be written nothing need be removed. */
function removeTorn(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // what is torn fails its own digest
  }
}

/** A view of the file's bytes, which begin their buffer. */
function decode(file: Buffer, bands: number): ClipPicture | null {
  const end = Math.max(0, file.length - DIGEST_BYTES);
  if (!digestOf(file.subarray(0, end)).equals(file.subarray(end))) return null;
  const { buffer, byteOffset } = file;
  const [levelDb = 0, samples = 0, frames = 0] = new Float64Array(buffer, byteOffset, HEADER_BYTES / 8);
  const raw = new Float32Array(buffer, byteOffset + HEADER_BYTES, (end - HEADER_BYTES) / 4);
  return raw.length === frames * bands ? { raw, frames, levelDb, samples } : null;
}

const digestOf = (body: Uint8Array): Buffer => createHash('sha256').update(body).digest().subarray(0, DIGEST_BYTES);
