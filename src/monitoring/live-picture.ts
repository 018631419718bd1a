import type { Window } from '../contracts.js';

/** Where a feed's log-mel frames are shown. */
export interface Spectrogram {
  spectrogram(feed: string, frames: { data: Float32Array; frames: number; bands: number; startMs: number }): void;
}

/** Shows every log-mel frame of a feed once, though its windows overlap. */
export class LivePicture {
  #shownUntilMs = Number.NEGATIVE_INFINITY;

  /** @param spectrogram null: nobody looks */
  constructor(
    private readonly feed: string,
    private readonly spectrogram: Spectrogram | null,
  ) {}

  /** The frames of a window that no earlier window has shown. */
  show({ logMel, startMs, endMs }: Window): void {
    if (!logMel || !this.spectrogram) return;
    const frameMs = (endMs - startMs) / logMel.frames;
    const first = Math.max(0, Math.min(logMel.frames, Math.ceil((this.#shownUntilMs - startMs) / frameMs - 0.5)));
    const data = logMel.data.subarray(first * logMel.bands);
    const { bands } = logMel;
    const frames = logMel.frames - first;
    if (frames > 0)
      this.spectrogram.spectrogram(this.feed, { data, frames, bands, startMs: startMs + first * frameMs });
    this.#shownUntilMs = endMs;
  }
}
