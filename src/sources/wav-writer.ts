import { closeSync, openSync, writeSync } from 'node:fs';
import { encodeWav, wavHeaderBytes } from './wav-encode.js';

/** A mono 16-bit WAV file that grows block by block; its header is right once `close` was called. */
export class WavWriter {
  #dataBytes = 0;

  private constructor(
    private readonly file: number,
    private readonly sampleRateHz: number,
  ) {
    writeSync(file, this.#header());
  }

  static open(path: string, sampleRateHz: number): WavWriter {
    return new WavWriter(openSync(path, 'w'), sampleRateHz);
  }

  /** @param samples −1…1 */
  write(samples: Float32Array): void {
    const data = encodeWav(samples, this.sampleRateHz).subarray(wavHeaderBytes);
    writeSync(this.file, data);
    this.#dataBytes += data.length;
  }

  close(): void {
    writeSync(this.file, this.#header(), 0, wavHeaderBytes, 0);
    closeSync(this.file);
  }

  #header(): Buffer {
    const header = encodeWav(new Float32Array(0), this.sampleRateHz);
    header.writeUInt32LE(wavHeaderBytes - 8 + this.#dataBytes, 4);
    header.writeUInt32LE(this.#dataBytes, 40);
    return header;
  }
}
