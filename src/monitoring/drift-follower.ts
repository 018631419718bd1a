/** Follows slow changes of one feed's normal: which windows teach, when it stops, and what is kept over a restart. */
import type { Manifest, Verdict } from '../contracts.js';
import { FEWEST_FOR_CALM, isCalm } from '../decision/calm.js';
import { smoothedWindows } from '../decision/smoothing.js';
import { FollowedMixture } from '../scorers/drift.js';
import type { DriftRecord } from '../store/types.js';

export interface DriftFollowerOptions {
  readonly feed: string;
  readonly anchor: number;
  readonly cap: number;
  readonly manifest: Manifest;
  /** What was kept of this feed, of whatever package. */
  readonly kept: DriftRecord | null;
  readonly keep: (record: DriftRecord) => void;
  readonly onNote: (line: string) => void;
}

const keepEveryMs = 60_000;

export class DriftFollower {
  readonly #options: DriftFollowerOptions;
  readonly #mixture: FollowedMixture;
  /** Calm windows that teach once as many more were calm: those before a fault are not learnt. */
  #waiting: Float64Array[] = [];
  readonly #patience: number;
  #keptMs: number | null = null;

  private constructor(options: DriftFollowerOptions, mixture: FollowedMixture) {
    this.#options = options;
    this.#mixture = mixture;
    this.#patience = smoothedWindows(options.manifest.calibration.short.smoothing);
    const { kept, manifest } = options;
    if (kept && kept.model === modelOf(manifest)) this.#restore(kept.state);
    if (mixture.capped) this.#say();
  }

  /** null, and a note that says why, where the package does not allow it. */
  static open(options: DriftFollowerOptions): DriftFollower | null {
    const { manifest, feed, onNote, anchor, cap } = options;
    const { mixture, training, features, calibration } = manifest;
    const refuse = (line: string): null => {
      onNote(`${feed}: drift is not followed: ${line}`);
      return null;
    };
    if (!mixture)
      return refuse(
        `expected a package with the parameters of one mixture, found ${manifest.scorer} of preset ${training.preset} without (several DAGMMs, another method, or an older package): preset mel-frames has them`,
      );
    if (calibration.short.independent < FEWEST_FOR_CALM)
      return refuse(
        `expected at least ${FEWEST_FOR_CALM} independent windows of held-out normals, found ${calibration.short.independent}: learn for longer`,
      );
    const windows = training.rows / (features.kind === 'mel-frames' ? features.hopFrames : 1);
    return new DriftFollower(options, new FollowedMixture(mixture, { anchor, cap, windows }));
  }

  /** One line while it does not follow any more; null while it does. */
  get note(): string | null {
    const { cap } = this.#options;
    return this.#mixture.capped
      ? `what is normal now is ${cap} nats from what was commissioned and is not followed any farther: commission again (learn)`
      : null;
  }

  get divergence(): number {
    return this.#mixture.divergence;
  }

  /** @param z (rows · D) latents of a window   @returns its mean energy as followed so far, nats */
  score(z: Float64Array): number {
    return this.#mixture.score(z);
  }

  /** Learns from a window that has been judged, or does not. */
  look(z: Float64Array, verdict: Verdict): void {
    if (!isCalm(verdict, this.#options.manifest.calibration)) {
      this.#waiting = [];
      return;
    }
    this.#waiting.push(z);
    if (this.#waiting.length <= this.#patience) return;
    const before = this.#mixture.capped;
    this.#mixture.follow(this.#waiting.shift() as Float64Array);
    if (this.#mixture.capped && !before) this.#say();
    this.#keptMs ??= verdict.endMs;
    if (Math.abs(verdict.endMs - this.#keptMs) < keepEveryMs) return;
    this.#keptMs = verdict.endMs;
    this.keep();
  }

  /** Stores what it has come to. */
  keep(): void {
    const state = this.#mixture.state();
    const waiting = this.#waiting.flatMap((z) => [z.length, ...z]);
    const { manifest, feed, keep } = this.#options;
    keep({ feed, model: modelOf(manifest), state: Float64Array.of(state.length, ...state, ...waiting) });
  }

  #restore(kept: Float64Array): void {
    const [length = 0] = kept;
    if (!this.#mixture.restore(kept.slice(1, 1 + length))) return;
    for (let at = 1 + length; at < kept.length; ) {
      const size = kept[at] as number;
      this.#waiting.push(kept.slice(at + 1, at + 1 + size));
      at += 1 + size;
    }
  }

  #say(): void {
    this.#options.onNote(`${this.#options.feed}: drift: ${this.note}`);
  }
}

/** A new commissioning is another model, even from the same data. */
const modelOf = ({ modelDigest, createdAt }: Manifest): string => `${modelDigest} ${createdAt}`;
