import { createHash } from 'node:crypto';
import { AuscultError, SourceError } from '../../contracts.js';
import { measureSignal } from '../../sources/audio/signal-stats.js';
import { readWav } from '../../sources/audio/wav-file.js';

/** One recording of a pool. */
export interface PooledClip {
  readonly path: string;
  /** Samples at the pool's rate. */
  readonly length: number;
  /** Root mean square, 0…1, > 0. */
  readonly rms: number;
  /** SHA-256 of its samples. */
  readonly digest: string;
}

export interface ClipPoolOptions {
  readonly sampleRateHz: number;
  /** Shorter recordings are skipped, samples. Default 1. */
  readonly shortest?: number;
  /** Counted from 0. Default 0. */
  readonly channel?: number;
  /** One line for each file that cannot be used. */
  readonly onSkip?: (line: string) => void;
  /** Samples that are kept in memory; recordings beyond it are read again each time. Default 64 Mi (256 MiB). */
  readonly keepSamples?: number;
}

const KEEP_SAMPLES = 1 << 26;

/** Recordings to compose from, mono at one rate; every file was read once, so that a broken one is known at the start. */
export class ClipPool {
  private constructor(
    readonly clips: readonly PooledClip[],
    private readonly kept: ReadonlyMap<string, Float32Array>,
    private readonly options: ClipPoolOptions,
  ) {}

  /** @param what names the pool in messages   @throws {SourceError} when no file can be used */
  static async open(what: string, files: readonly string[], options: ClipPoolOptions): Promise<ClipPool> {
    const clips: PooledClip[] = [];
    const kept = new Map<string, Float32Array>();
    const skipped: string[] = [];
    const onSkip = (line: string): void => {
      skipped.push(line);
      options.onSkip?.(line);
    };
    let room = options.keepSamples ?? KEEP_SAMPLES;
    for (const path of files) {
      const samples = await readOrSkip(path, { ...options, onSkip });
      if (!samples) continue;
      const { rms } = measureSignal(samples);
      const why = reasonToSkip(samples.length, rms, options);
      if (why) {
        onSkip(`${path}: ${why}`);
        continue;
      }
      clips.push({ path, length: samples.length, rms, digest: digestOf(samples) });
      if (samples.length > room) continue;
      kept.set(path, samples);
      room -= samples.length;
    }
    if (clips.length === 0)
      throw new SourceError(`${what}: expected recordings, found none in ${files.length} files: ${skipped[0]}`);
    return new ClipPool(clips, kept, options);
  }

  /** Root mean square over all samples of all recordings, 0…1. */
  get rms(): number {
    const samples = this.clips.reduce((sum, { length }) => sum + length, 0);
    return Math.sqrt(this.clips.reduce((sum, { length, rms }) => sum + length * rms ** 2, 0) / samples);
  }

  /** The recording's samples; not to be written to. */
  async samples({ path }: PooledClip): Promise<Float32Array> {
    return this.kept.get(path) ?? (await read(path, this.options));
  }
}

function reasonToSkip(length: number, rms: number, { shortest = 1 }: ClipPoolOptions): string | null {
  if (length < shortest) return `expected at least ${shortest} samples, found ${length}`;
  return rms > 0 ? null : `expected sound, found ${length} zeros`;
}

async function readOrSkip(path: string, options: ClipPoolOptions): Promise<Float32Array | null> {
  try {
    return await read(path, options);
  } catch (error) {
    if (!(error instanceof AuscultError)) throw error;
    options.onSkip?.(error.message);
    return null;
  }
}

async function read(path: string, { channel, sampleRateHz }: ClipPoolOptions): Promise<Float32Array> {
  return (await readWav(path, { channel, targetRateHz: sampleRateHz })).samples;
}

function digestOf({ buffer, byteOffset, byteLength }: Float32Array): string {
  return createHash('sha256')
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest('hex');
}
