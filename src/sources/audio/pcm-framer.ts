import { ChannelDecoder } from './channel-decoder.js';
import type { PcmLayout } from './wav-header.js';

/** Bytes in pieces of any length → blocks of one channel's samples. */
export class PcmFramer {
  readonly #decoder: ChannelDecoder;
  readonly #blockBytes: number;
  #parts: Buffer[] = [];
  #bytes = 0;

  /** @param channel counted from 0   @throws {SourceError} when the layout does not have that channel */
  constructor(layout: PcmLayout, channel: number, blockFrames: number, name: string) {
    this.#decoder = new ChannelDecoder(layout, channel, name);
    this.#blockBytes = blockFrames * this.#decoder.frameBytes;
  }

  /** Whole frames that wait for their block to fill. */
  get pendingFrames(): number {
    return Math.floor(this.#bytes / this.#decoder.frameBytes);
  }

  /** Adds bytes, which are kept until their block is complete, and yields the blocks that are. */
  *push(bytes: Buffer): Generator<Float32Array> {
    this.#parts.push(bytes);
    this.#bytes += bytes.length;
    while (this.#bytes >= this.#blockBytes) yield this.#decode(this.#blockBytes);
  }

  /** What is left: a shorter block, or null. A frame that is not complete is dropped. */
  rest(): Float32Array | null {
    const frames = this.pendingFrames;
    const block = frames > 0 ? this.#decode(frames * this.#decoder.frameBytes) : null;
    this.drop();
    return block;
  }

  drop(): void {
    this.#parts = [];
    this.#bytes = 0;
  }

  #decode(length: number): Float32Array {
    const [only] = this.#parts;
    const all = this.#parts.length === 1 && only ? only : Buffer.concat(this.#parts);
    this.#parts = all.length > length ? [all.subarray(length)] : [];
    this.#bytes = all.length - length;
    return this.#decoder.decode(all, length / this.#decoder.frameBytes);
  }
}
