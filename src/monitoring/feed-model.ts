/** What judges a feed: features, scorer and decider, opened together from one package, or none of it yet. */
import type { FeatureSpec, Features, Manifest, Scorer, Verdict, Window } from '../contracts.js';
import { createDecider, type Decider, type Resume } from '../decision/decider.js';
import type { DeciderSettings } from '../decision/settings.js';
import type { SessionOptions } from '../engine/session.js';
import { createFeatures } from '../features/create-features.js';
import { openScorer } from '../scorers/package-scorer.js';
import type { DriftFollower } from './drift-follower.js';
import { calibrationWithoutModel } from './without-model.js';

export type FeedSettings = Pick<DeciderSettings, 'feed' | 'machine' | 'budget'> & Partial<DeciderSettings>;

/** One window as the network sees it. */
export interface HeardWindow {
  /** Of the model as commissioned, nats. */
  readonly energy: number;
  /** (rows · D) where drift is followed. */
  readonly latents: Float64Array | null;
}

export class FeedModel {
  private constructor(
    readonly features: Features,
    /** null while there is no package: nothing is scored. */
    readonly scorer: Scorer | null,
    readonly decider: Decider,
    /** null where drift is not followed. */
    readonly drift: DriftFollower | null = null,
    /** Why its package cannot be used; null: it can, or there is none yet. */
    readonly broken: string | null = null,
  ) {}

  /**
   * @param follow makes what follows the package's drift, where that is asked for
   * @throws {ModelError} when the package is broken or does not fit
   */
  static async open(
    folder: string,
    settings: FeedSettings,
    resume: Resume,
    options: SessionOptions,
    follow: (manifest: Manifest) => DriftFollower | null = () => null,
  ): Promise<FeedModel> {
    const scorer = await openScorer(folder, options);
    const { features: spec, calibration } = scorer.manifest;
    const judgeLevel = 'level' in spec && spec.level.policy === 'match';
    const steady = spec.kind !== 'image-flat';
    const decider = createDecider(calibration, { ...settings, judgeLevel, steady }, resume);
    return new FeedModel(await createFeatures(spec), scorer, decider, follow(scorer.manifest));
  }

  /** Before commissioning: windows are made (to show and to check the sensor) but not scored. */
  static async without(spec: FeatureSpec, settings: FeedSettings, resume: Resume): Promise<FeedModel> {
    const decider = createDecider(calibrationWithoutModel(1000, 500), settings, resume);
    return new FeedModel(await createFeatures(spec), null, decider);
  }

  /** The same with another decider in place of its own. */
  decidedBy(decider: Decider): FeedModel {
    return new FeedModel(this.features, this.scorer, decider, this.drift, this.broken);
  }

  /** The same, for want of a package that can be used. */
  brokenBy(why: string): FeedModel {
    return new FeedModel(this.features, this.scorer, this.decider, this.drift, why);
  }

  get manifest(): Manifest | null {
    return this.scorer?.manifest ?? null;
  }

  /** SHA-256 of the network; '' while there is none. */
  get digest(): string {
    return this.scorer?.manifest.modelDigest ?? '';
  }

  /** What the network says of each window; an energy of 0 while there is none. */
  async hear(windows: readonly Window[]): Promise<readonly HeardWindow[]> {
    if (windows.length === 0) return [];
    if (!this.scorer) return windows.map(() => ({ energy: 0, latents: null }));
    if (!this.drift) return Array.from(await this.scorer.score(windows), (energy) => ({ energy, latents: null }));
    const { energies, latents } = await this.scorer.latents(windows);
    return windows.map((_, i) => ({ energy: energies[i] ?? Number.NaN, latents: latents[i] ?? null }));
  }

  /** The score that is judged: the energy, or that of the mixture that follows drift. */
  scoreOf({ energy, latents }: HeardWindow): number {
    return this.drift && latents ? this.drift.score(latents) : energy;
  }

  /** A verdict with the commissioned score beside it, where drift is followed; which learns from it. */
  follow(verdict: Verdict, { energy, latents }: HeardWindow): Verdict {
    if (!this.drift || !latents) return verdict;
    this.drift.look(latents, verdict);
    return { ...verdict, frozenScore: energy };
  }

  async close(): Promise<void> {
    this.drift?.keep();
    await this.scorer?.close();
  }
}
