/** Canonical 16-bit mono WAV: what `encodeWav` writes before the samples. */
export const wavHeaderBytes = 44;

/**
 * Samples (−1…1, beyond it clipped, NaN as 0) as a mono 16-bit PCM WAV file: x · 32768 rounded, so that 16-bit samples
 * that were read are written back bit for bit.
 */
export function encodeWav(samples: Float32Array, sampleRateHz: number): Buffer {
  const wav = Buffer.alloc(wavHeaderBytes + samples.length * 2);
  wav.write('RIFF', 0, 'latin1');
  wav.writeUInt32LE(wav.length - 8, 4);
  wav.write('WAVEfmt ', 8, 'latin1');
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(sampleRateHz, 24);
  wav.writeUInt32LE(sampleRateHz * 2, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36, 'latin1');
  wav.writeUInt32LE(samples.length * 2, 40);
  for (let i = 0; i < samples.length; i++) {
    const x = Math.round((samples[i] ?? 0) * 32_768);
    wav.writeInt16LE(Number.isNaN(x) ? 0 : Math.max(-32_768, Math.min(32_767, x)), wavHeaderBytes + i * 2);
  }
  return wav;
}
