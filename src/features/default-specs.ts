import type { ImageFlatSpec, LevelPolicy, MelFlatSpec, MelFramesSpec, MelSpec } from '../contracts.js';

/** 16 kHz, windows of 64 ms every 32 ms, 64 bands. */
export function defaultMel(): MelSpec {
  return { sampleRateHz: 16_000, fftSize: 1024, hopSamples: 512, melBands: 64 };
}

const asRecorded: LevelPolicy = { policy: 'keep', referenceLevelDb: 0 };

/** Stacks of 5 frames; a window is 31 frames (1.024 s), a new one every 15 (0.48 s). */
export function defaultMelFrames(level: LevelPolicy = asRecorded): MelFramesSpec {
  return { kind: 'mel-frames', mel: defaultMel(), level, stackFrames: 5, windowFrames: 31, hopFrames: 15 };
}

/** One picture of 156 frames (5.024 s), a new one every 31 (0.992 s). */
export function defaultMelFlat(level: LevelPolicy = asRecorded): MelFlatSpec {
  return { kind: 'mel-flat', mel: defaultMel(), level, windowFrames: 156, hopFrames: 31 };
}

/** 64 × 64 pixels in colour. */
export function defaultImageFlat(): ImageFlatSpec {
  return { kind: 'image-flat', width: 64, height: 64, channels: 3 };
}
