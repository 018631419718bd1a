import { ModelError, type Observation, type Window } from '../contracts.js';
import type { DeciderInput } from '../decision/decider.js';
import { smoothedWindows } from '../decision/smoothing.js';
import type { FeedModel } from './feed-model.js';

/** Where one window of sound began, and how far apart they are. */
export interface Grid {
  readonly startMs: number;
  readonly hopMs: number;
}

/**
 * A model that is to take over: it hears what the acting one hears, on the same grid of windows, and judges without being
 * heard, until its decider knows how the machine runs. So no window is lost or judged twice, and nothing must warm up.
 */
export class Understudy {
  /** Resolves when it could take over. */
  readonly ready: Promise<void>;
  readonly #wanted: number;
  #ready: () => void = () => {};
  #judged = 0;

  /** @param grid of the acting model's windows of sound; null when it has had none */
  constructor(
    readonly model: FeedModel,
    private grid: Grid | null,
    atMs: number,
  ) {
    this.ready = new Promise((resolve) => {
      this.#ready = resolve;
    });
    const { manifest } = model;
    this.#wanted = manifest ? smoothedWindows(manifest.calibration.short.smoothing) : 0;
    if (!manifest) this.#ready();
    model.decider.step({ kind: 'learning', on: true, atMs });
  }

  /** What the acting decider was told; first of all what it has been told before. */
  step(input: Exclude<DeciderInput, { kind: 'window' | 'learning' }>): void {
    this.model.decider.step(input);
  }

  async observe(observation: Observation): Promise<void> {
    const own = this.#onGrid(observation);
    if (own === null) return;
    const windows = this.#windowsOf(own);
    const heard = await this.model.hear(windows);
    for (const [i, window] of windows.entries()) {
      const score = this.model.scoreOf(heard[i] ?? { energy: Number.NaN, latents: null });
      const { operating } = this.model.decider.step({ kind: 'window', window: { ...window, score } });
      if (operating === 'off') this.#ready();
      else if (operating === 'running' && ++this.#judged > this.#wanted) this.#ready();
    }
  }

  /** A row that is none of this model's is left out; who acts will say so. */
  #windowsOf(observation: Observation): Window[] {
    try {
      return this.model.features.push(observation);
    } catch (error) {
      if (error instanceof ModelError && observation.kind === 'row') return [];
      throw error;
    }
  }

  /** Sound from the first sample of a window on; null while there is none. */
  #onGrid(observation: Observation): Observation | null {
    const { grid } = this;
    if (grid === null || observation.kind !== 'audio' || observation.gap) {
      this.grid = null;
      return observation;
    }
    const { startMs, samples, sampleRateHz } = observation;
    const hops = Math.ceil((startMs - grid.startMs) / grid.hopMs - 1e-3);
    const firstMs = grid.startMs + Math.max(0, hops) * grid.hopMs;
    const skipped = Math.round(((firstMs - startMs) * sampleRateHz) / 1000);
    if (skipped >= samples.length) return null;
    this.grid = null;
    return { ...observation, samples: samples.slice(Math.max(0, skipped)), startMs: firstMs };
  }
}
