import { VIRIDIS } from './colour-map.js';

/** Fewest levels (half decibels) between the darkest and the brightest colour, so that quiet noise stays quiet. */
const MIN_SPAN = 60;

/** The newest frames of one feed as a picture: time to the right, frequency upwards. */
export class SpectrogramRing {
  private readonly levels: Uint8Array;
  private readonly image: ImageData;
  private readonly pixels: Uint32Array;
  private low = 0;
  private high = MIN_SPAN;
  /** Frames received so far, lost ones included. */
  total = 0;
  private nextMs: number | null = null;

  constructor(
    readonly frames: number,
    readonly bands: number,
    private readonly frameMs: number,
  ) {
    this.levels = new Uint8Array(frames * bands);
    this.image = new ImageData(frames, bands);
    this.pixels = new Uint32Array(this.image.data.buffer);
  }

  /** Appends frames; missing time before them is left blank. */
  push(levels: Uint8Array, frames: number, startMs: number): void {
    const missing = this.nextMs === null ? 0 : Math.round((startMs - this.nextMs) / this.frameMs);
    if (missing > 4) this.append(new Uint8Array(Math.min(missing, this.frames) * this.bands));
    this.append(levels.length > this.levels.length ? levels.subarray(levels.length - this.levels.length) : levels);
    this.nextMs = startMs + frames * this.frameMs;
  }

  private append(levels: Uint8Array): void {
    this.levels.copyWithin(0, levels.length);
    this.levels.set(levels, this.levels.length - levels.length);
    this.total += levels.length / this.bands;
  }

  /** Colours all frames over the range that they mostly fill, which follows the sound slowly. */
  paint(): ImageData {
    this.followRange();
    const scale = 255 / (this.high - this.low);
    for (let frame = 0; frame < this.frames; frame++) {
      for (let band = 0; band < this.bands; band++) {
        const level = this.levels[frame * this.bands + band] ?? 0;
        const brightness = Math.min(255, Math.max(0, Math.round((level - this.low) * scale)));
        this.pixels[(this.bands - 1 - band) * this.frames + frame] = level === 0 ? 0 : (VIRIDIS[brightness] ?? 0);
      }
    }
    return this.image;
  }

  /** The colours' ends, as levels. */
  get range(): readonly [number, number] {
    return [this.low, this.high];
  }

  /** Band with the highest level in the newest frames, for words. */
  loudestBand(frames: number): number {
    const sums = new Float64Array(this.bands);
    const from = Math.max(0, this.frames - frames) * this.bands;
    this.levels.subarray(from).forEach((level, index) => {
      const band = index % this.bands;
      sums[band] = (sums[band] ?? 0) + level;
    });
    return sums.indexOf(Math.max(...sums));
  }

  private followRange(): void {
    const counts = new Uint32Array(256);
    for (const level of this.levels) counts[level] = (counts[level] ?? 0) + 1;
    counts[0] = 0;
    const filled = counts.reduce((sum, count) => sum + count, 0);
    if (filled === 0) return;
    const low = quantile(counts, filled * 0.03);
    const high = Math.max(quantile(counts, filled * 0.998), low + MIN_SPAN);
    const pace = this.total <= this.frames ? 1 : 0.15;
    this.low += (low - this.low) * pace;
    this.high += (high - this.high) * pace;
  }
}

function quantile(counts: Uint32Array, rank: number): number {
  let seen = 0;
  return counts.findIndex((count) => {
    seen += count;
    return seen >= rank;
  });
}
