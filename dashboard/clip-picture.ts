import { DoubleFft } from '../src/features/double-fft.js';
import { melFilters } from '../src/features/mel-filters.js';
import { VIRIDIS } from './colour-map.js';

const FFT_SIZE = 1024;
const BANDS = 64;
const FRAME_SECONDS = 0.032;
const FLOOR_DB = -100;
/** Where stored clips, which are canonical WAV, hold their rate and their samples. */
const RATE_AT = 24;
const HEADER_BYTES = 44;

/** A stored clip as the page draws it. */
export interface ClipPicture {
  readonly seconds: number;
  readonly sampleRateHz: number;
  readonly frames: number;
  readonly bands: number;
  /** (frames, bands) dB. */
  readonly levels: Float32Array;
  /** When it was recorded, UTC ms; null when the server does not say. */
  readonly startMs: number | null;
}

/** @throws {Error} with a line to show when the clip is not there, or no sound */
export async function loadClip(url: string, signal: AbortSignal): Promise<ClipPicture> {
  const response = await fetch(url, { credentials: 'same-origin', signal });
  if (response.status === 404) throw new Error('This recording is not stored any more.');
  if (!response.ok) throw new Error(`The recording could not be loaded (${response.status}).`);
  const start = Number(response.headers.get('x-clip-start-ms') ?? Number.NaN);
  return { ...pictureOf(await response.arrayBuffer()), startMs: Number.isFinite(start) ? start : null };
}

/** 16-bit mono WAV, as clips are stored → log-mel by the features' filterbank. @throws {Error} when it holds no samples */
export function pictureOf(wav: ArrayBuffer): Omit<ClipPicture, 'startMs'> {
  if (wav.byteLength <= HEADER_BYTES) throw new Error('The recording is empty.');
  const view = new DataView(wav);
  const sampleRateHz = view.getUint32(RATE_AT, true);
  const samples = Float32Array.from(
    { length: (wav.byteLength - HEADER_BYTES) >> 1 },
    (_, i) => view.getInt16(HEADER_BYTES + 2 * i, true) / 32_768,
  );
  const hop = Math.max(1, Math.round(FRAME_SECONDS * sampleRateHz));
  const frames = samples.length < FFT_SIZE ? 0 : 1 + Math.floor((samples.length - FFT_SIZE) / hop);
  const levels = logMel(samples, frames, hop, sampleRateHz);
  return { seconds: samples.length / sampleRateHz, sampleRateHz, frames, bands: BANDS, levels };
}

function logMel(samples: Float32Array, frames: number, hop: number, sampleRateHz: number): Float32Array {
  const fft = new DoubleFft(FFT_SIZE);
  const { rise, fall, stretchEnd } = melFilters({ sampleRateHz, fftSize: FFT_SIZE, hopSamples: hop, melBands: BANDS });
  const powers = new Float64Array(frames * BANDS);
  for (let frame = 0; frame < frames; frame++) {
    const spectrum = fft.spectrum(samples, frame * hop);
    let bin = 1;
    for (let stretch = 0; stretch <= BANDS; stretch++) {
      const rising = frame * BANDS + stretch;
      for (; bin < (stretchEnd[stretch] ?? 0); bin++) {
        const power = (spectrum[2 * bin] ?? 0) ** 2 + (spectrum[2 * bin + 1] ?? 0) ** 2;
        if (stretch < BANDS) powers[rising] = (powers[rising] ?? 0) + power * (rise[bin] ?? 0);
        if (stretch > 0) powers[rising - 1] = (powers[rising - 1] ?? 0) + power * (fall[bin] ?? 0);
      }
    }
  }
  return Float32Array.from(powers, (power) => Math.max(FLOOR_DB, 10 * Math.log10(power)));
}

/** Ends of the colours for pictures that are to be compared, dB: all but the quietest 2 % and the loudest 0.2 %. */
export function sharedRange(pictures: readonly Pick<ClipPicture, 'levels'>[]): readonly [number, number] {
  const all = Float32Array.from(pictures.flatMap(({ levels }) => [...levels.filter((_, i) => i % 4 === 0)])).sort();
  const low = all[Math.floor(0.02 * all.length)] ?? FLOOR_DB;
  return [low, Math.max(low + 12, all[Math.floor(0.998 * all.length)] ?? 0)];
}

/** One pixel a frame and band, low frequencies below; null for a clip shorter than a frame. */
export function paint(
  { levels, frames, bands }: ClipPicture,
  [low, high]: readonly [number, number],
): ImageData | null {
  if (frames === 0) return null;
  const image = new ImageData(frames, bands);
  const pixels = new Uint32Array(image.data.buffer);
  for (let frame = 0; frame < frames; frame++) {
    for (let band = 0; band < bands; band++) {
      const share = ((levels[frame * bands + band] ?? low) - low) / (high - low);
      pixels[(bands - 1 - band) * frames + frame] = VIRIDIS[Math.round(255 * Math.min(1, Math.max(0, share)))] ?? 0;
    }
  }
  return image;
}
