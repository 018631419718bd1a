import type { ByteSource } from './byte-source.js';
import { openFile, openFileBlocking } from './byte-source.js';
import { ChannelDecoder } from './channel-decoder.js';
import { concatenate } from './concatenate.js';
import { Resampler } from './resampler.js';
import { readWavHeader, type WavHeader } from './wav-header.js';

/** Lower-case extensions of the sound that is read. */
export const WAV_EXTENSIONS: readonly string[] = ['.wav', '.wave'];

/** Bytes read at once, at most: one read for a 10-s clip, constant memory for any file. */
const readBytes = 512 * 1024;

/** An open WAV file. Its owner calls `close`. */
export class WavFile {
  private constructor(
    readonly name: string,
    readonly header: WavHeader,
    readonly source: ByteSource,
  ) {}

  /** @throws {SourceError} when it cannot be read or is no WAV file */
  static async open(path: string, bufferBytes = readBytes): Promise<WavFile> {
    return WavFile.from(await openFile(path, bufferBytes), path);
  }

  /** Like `open`, with reads that wait for the disk. @throws {SourceError} */
  static openBlocking(path: string, bufferBytes: number): Promise<WavFile> {
    return WavFile.from(openFileBlocking(path, bufferBytes), path);
  }

  /** Takes over the source, also when it throws. @throws {SourceError} */
  static async from(source: ByteSource, name: string): Promise<WavFile> {
    try {
      return new WavFile(name, await readWavHeader(source, name), source);
    } catch (error) {
      await source.close();
      throw error;
    }
  }

  /**
   * One channel in blocks of `blockFrames` (fewer for files of very many channels, and at the end), from `firstFrame`.
   * Samples are −1…1 and owned by the caller. A file that shrinks meanwhile ends early.
   * @param channel counted from 0   @throws {SourceError} when the file does not have that channel
   */
  async *blocks(channel: number, blockFrames: number, firstFrame = 0): AsyncGenerator<Float32Array> {
    const decoder = new ChannelDecoder(this.header, channel, this.name);
    const { frameBytes } = decoder;
    const step = Math.max(1, Math.min(blockFrames, Math.floor(readBytes / frameBytes)));
    for (let frame = firstFrame; frame < this.header.frames; frame += step) {
      const wanted = Math.min(step, this.header.frames - frame);
      const bytes = await this.source.read(this.header.dataOffset + frame * frameBytes, wanted * frameBytes);
      const frames = Math.floor(bytes.length / frameBytes);
      if (frames > 0) yield decoder.decode(bytes, frames);
      if (frames < wanted) return;
    }
  }

  close(): Promise<void> {
    return this.source.close();
  }
}

/** What a WAV file's header says. @throws {SourceError} */
export async function readWavInfo(path: string): Promise<WavHeader & { readonly seconds: number }> {
  const file = await WavFile.open(path, 4_096);
  await file.close();
  return { ...file.header, seconds: file.header.frames / file.header.sampleRateHz };
}

/**
 * One channel of a whole WAV file in memory, resampled if need be.
 * @param channel counted from 0, default 0   @param targetRateHz default: the file's own   @throws {SourceError}
 */
export async function readWav(
  path: string,
  { channel = 0, targetRateHz }: { channel?: number; targetRateHz?: number } = {},
): Promise<{ samples: Float32Array; sampleRateHz: number }> {
  const file = await WavFile.open(path);
  let resampler: Resampler | null = null;
  try {
    const sampleRateHz = targetRateHz ?? file.header.sampleRateHz;
    if (sampleRateHz !== file.header.sampleRateHz) {
      resampler = await Resampler.open(file.header.sampleRateHz, sampleRateHz, path);
    }
    const parts: Float32Array[] = [];
    for await (const block of file.blocks(channel, readBytes)) parts.push(resampler ? resampler.push(block) : block);
    if (resampler) parts.push(resampler.flush());
    return { samples: concatenate(parts), sampleRateHz };
  } finally {
    resampler?.close();
    await file.close();
  }
}
