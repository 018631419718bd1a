/**
 * The one binary message: log-mel frames of a feed, a byte a value. Pure, so that the page decodes with the same file.
 *
 * Little-endian header of 16 bytes: type 1 (u8), 0 (u8), feed index (u16), frames (u16), bands (u16), time of the
 * first frame in UTC ms (f64); then frames × bands bytes, frame after frame, lowest band first.
 */

const TYPE = 1;
const HEADER_BYTES = 16;

/** Byte 0 is MIN_DB or below, every step is STEP_DB, byte 255 is 27.5 dB or above. */
export const MIN_DB = -100;
export const STEP_DB = 0.5;

export interface SpectrogramMessage {
  readonly feedIndex: number;
  readonly frames: number;
  readonly bands: number;
  readonly startMs: number;
  /** (frames, bands) levels 0…255 */
  readonly levels: Uint8Array;
}

/** dB → level. A value that is not a number counts as silence. */
export function quantiseDb(db: number): number {
  const level = Math.round((db - MIN_DB) / STEP_DB);
  return level > 0 ? Math.min(level, 255) : 0;
}

/** The bytes of one message: a header, then a byte for each level. */
export function encodeSpectrogram(message: SpectrogramMessage): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + message.levels.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, TYPE);
  view.setUint16(2, message.feedIndex, true);
  view.setUint16(4, message.frames, true);
  view.setUint16(6, message.bands, true);
  view.setFloat64(8, message.startMs, true);
  bytes.set(message.levels, HEADER_BYTES);
  return bytes;
}

/** null when the bytes are no spectrogram of this layout. */
export function decodeSpectrogram(buffer: ArrayBuffer): SpectrogramMessage | null {
  if (buffer.byteLength < HEADER_BYTES) return null;
  const view = new DataView(buffer);
  const frames = view.getUint16(4, true);
  const bands = view.getUint16(6, true);
  if (view.getUint8(0) !== TYPE || buffer.byteLength !== HEADER_BYTES + frames * bands) return null;
  return {
    feedIndex: view.getUint16(2, true),
    frames,
    bands,
    startMs: view.getFloat64(8, true),
    levels: new Uint8Array(buffer, HEADER_BYTES),
  };
}
