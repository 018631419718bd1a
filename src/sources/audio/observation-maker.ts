import type { AudioObservation } from '../../contracts.js';
import { SampleClock } from '../sample-clock.js';
import { Resampler } from './resampler.js';
import { SignalMeter } from './signal-stats.js';

export interface ObservationMakerOptions {
  readonly feed: string;
  readonly machine: string;
  /** Rate of the observations; null: each input's own. */
  readonly targetRateHz: number | null;
}

/**
 * Raw samples of one feed → observations: measures them, resamples them and puts them in time. It outlives the inputs
 * (files, runs of a recorder), so that the sequence goes on and time never moves back. Its owner calls `close`.
 */
export class ObservationMaker {
  readonly #options: ObservationMakerOptions;
  readonly #meter = new SignalMeter();
  #resampler: Resampler | null = null;
  #clock: SampleClock | null = null;
  #inputRateHz = 0;
  #origin = '';
  #sequence = 0;
  #gap = true;

  constructor(options: ObservationMakerOptions) {
    this.#options = options;
  }

  /** End of the last observation, UTC milliseconds; null before the first. */
  get lastEndMs(): number | null {
    return this.#clock?.nowMs ?? null;
  }

  /** Starts a new input whose first sample is at `startMs` (or at the end of the last one, if that is later). */
  async open(input: { origin: string; rateHz: number; startMs: number }): Promise<void> {
    this.close();
    const rateHz = this.#options.targetRateHz ?? input.rateHz;
    if (rateHz !== input.rateHz) this.#resampler = await Resampler.open(input.rateHz, rateHz, input.origin);
    if (this.#clock?.sampleRateHz === rateHz) this.#clock.restart(input.startMs);
    else this.#clock = new SampleClock(rateHz, Math.max(input.startMs, this.#clock?.nowMs ?? input.startMs));
    this.#inputRateHz = input.rateHz;
    this.#origin = input.origin;
    this.#meter.take();
    this.#gap = true;
  }

  /** Raw samples were lost: the next one was taken at `startMs`. */
  lost(startMs: number): void {
    this.#clock?.restart(startMs);
    this.#gap = true;
  }

  /**
   * @param raw at the input's rate; taken over   @param arrivedMs when a device delivered its last sample
   * @returns null while the resampler fills
   */
  push(raw: Float32Array, arrivedMs?: number): AudioObservation | null {
    this.#meter.add(raw);
    const samples = this.#resampler ? this.#resampler.push(raw) : raw;
    return this.#observation(samples, arrivedMs);
  }

  /** The rest of this input, when the resampler still holds some. */
  finish(): AudioObservation | null {
    return this.#resampler ? this.#observation(this.#resampler.flush()) : null;
  }

  close(): void {
    this.#resampler?.close();
    this.#resampler = null;
  }

  /** Raw samples that make `samples` at the rate of the observations. */
  rawFrames(samples: number): number {
    const rateHz = this.#clock?.sampleRateHz ?? this.#inputRateHz;
    return Math.max(1, Math.round((samples * this.#inputRateHz) / rateHz));
  }

  #observation(samples: Float32Array, arrivedMs?: number): AudioObservation | null {
    if (samples.length === 0 || this.#clock === null) return null;
    if (arrivedMs !== undefined) this.#clock.arrived(samples.length, arrivedMs);
    const gap = this.#gap;
    this.#gap = false;
    return {
      kind: 'audio',
      feed: this.#options.feed,
      machine: this.#options.machine,
      sequence: this.#sequence++,
      ...this.#clock.take(samples.length),
      origin: this.#origin,
      gap,
      samples,
      sampleRateHz: this.#clock.sampleRateHz,
      signal: this.#meter.take(),
    };
  }
}
