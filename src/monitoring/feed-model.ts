/** What judges a feed: features, scorer and decider, opened together from one package, or none of it yet. */
import type { FeatureSpec, Features, Manifest, Scorer, Window } from '../contracts.js';
import { createDecider, type Decider, type Resume } from '../decision/decider.js';
import type { DeciderSettings } from '../decision/settings.js';
import { createFeatures } from '../features/create-features.js';
import { packageIsThere } from '../scorers/package-places.js';
import { openScorer, type ScorerOptions } from '../scorers/package-scorer.js';
import { deafCalibration } from './deaf.js';

export type FeedSettings = Pick<DeciderSettings, 'feed' | 'machine' | 'budget'> & Partial<DeciderSettings>;

export class FeedModel {
  private constructor(
    readonly features: Features,
    /** null while there is no package: nothing is scored. */
    readonly scorer: Scorer | null,
    readonly decider: Decider,
  ) {}

  /** @throws {ModelError} when the package is broken or does not fit */
  static async open(
    folder: string,
    settings: FeedSettings,
    resume: Resume,
    options: ScorerOptions,
  ): Promise<FeedModel> {
    const scorer = await openScorer(folder, options);
    const { features: spec, calibration } = scorer.manifest;
    const judgeLevel = 'level' in spec && spec.level.policy === 'match';
    const decider = createDecider(calibration, { ...settings, judgeLevel }, resume);
    return new FeedModel(await createFeatures(spec), scorer, decider);
  }

  /** Before commissioning: windows are made (to show and to check the sensor) but not scored. */
  static async without(spec: FeatureSpec, settings: FeedSettings, resume: Resume): Promise<FeedModel> {
    const decider = createDecider(deafCalibration(1000, 500), settings, resume);
    return new FeedModel(await createFeatures(spec), null, decider);
  }

  static isThere(folder: string): boolean {
    return packageIsThere(folder);
  }

  /** The same with another decider in place of its own. */
  decidedBy(decider: Decider): FeedModel {
    return new FeedModel(this.features, this.scorer, decider);
  }

  get manifest(): Manifest | null {
    return this.scorer?.manifest ?? null;
  }

  /** SHA-256 of the network; '' while there is none. */
  get digest(): string {
    return this.scorer?.manifest.modelDigest ?? '';
  }

  /** One energy a window; 0 while there is no scorer. */
  score(windows: readonly Window[]): Promise<Float64Array> {
    return this.scorer && windows.length > 0
      ? this.scorer.score(windows)
      : Promise.resolve(new Float64Array(windows.length));
  }

  async close(): Promise<void> {
    await this.scorer?.close();
  }
}
