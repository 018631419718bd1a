import { encodeSpectrogram, quantiseDb } from './spectrogram-frame.js';
import type { SpectrogramFrames } from './types.js';

interface Chunk {
  readonly frames: number;
  readonly bytes: Uint8Array;
}

/** The last stretch of one feed's spectrogram, ready to send, so that a page that starts watching is not empty. */
export class SpectrogramHistory {
  private readonly chunks: Chunk[] = [];
  private frames = 0;

  /** @param keepFrames frames to remember, at least; whole chunks are dropped. */
  constructor(
    private readonly feedIndex: number,
    private readonly keepFrames: number,
  ) {}

  /** Quantises, remembers and returns the message for the frames. */
  add({ data, frames, bands, startMs }: SpectrogramFrames): Uint8Array {
    const levels = Uint8Array.from(data.subarray(0, frames * bands), quantiseDb);
    const bytes = encodeSpectrogram({ feedIndex: this.feedIndex, frames, bands, startMs, levels });
    this.chunks.push({ frames, bytes });
    this.frames += frames;
    this.forgetOld();
    return bytes;
  }

  messages(): readonly Uint8Array[] {
    return this.chunks.map((chunk) => chunk.bytes);
  }

  private forgetOld(): void {
    for (let first = this.chunks[0]; first && this.frames - first.frames >= this.keepFrames; first = this.chunks[0]) {
      this.frames -= first.frames;
      this.chunks.shift();
    }
  }
}
