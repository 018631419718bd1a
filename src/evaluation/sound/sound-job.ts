/** What goes to a thread that reads clips, learns and judges, and what comes back. */
import type { AudioFeatureSpec, MelSpec } from '../../contracts.js';
import type { CheckpointPlace } from '../../scorers/checkpoint.js';
import type { Hyperparameters } from '../../scorers/method.js';
import type { Clip } from './dataset.js';

/** Given once to every thread. */
export interface SoundWorkerData {
  /** Folder of the clips' pictures. */
  readonly store: string;
  /** Digest of the code that makes pictures: those of other code are not found. */
  readonly code: string;
  /** One number; not 0 asks the running work to end. */
  readonly cancel: Int32Array<SharedArrayBuffer>;
}

/** A clip whose content is known. */
export interface KnownClip extends Clip {
  /** SHA-256 of the file's bytes. */
  readonly digest: string;
  /** The chosen channel at each rate that was asked for. */
  readonly at: Readonly<Record<number, SoundFacts>>;
}

export interface SoundFacts {
  readonly samples: number;
  /** RMS level of what the clip's frames cover, dBFS. */
  readonly levelDb: number;
}

export interface ReadJob {
  readonly clips: readonly (Clip & { readonly digest: string | null })[];
  readonly mels: readonly MelSpec[];
}

export interface ReadClip {
  readonly known: KnownClip | null;
  /** Why it cannot be judged. */
  readonly error: string | null;
  /** True when its pictures were on disk already. */
  readonly reused: boolean;
}

/** One method on one machine at one level with one seed. */
export interface SoundTrialJob {
  readonly train: readonly KnownClip[];
  readonly test: readonly (KnownClip & { readonly anomalous: boolean })[];
  /** Its level policy is `keep`: what loudness is matched to is `referenceLevelDb`. */
  readonly spec: AudioFeatureSpec;
  /** Every clip is scaled to this level, dBFS; null: as recorded. */
  readonly referenceLevelDb: number | null;
  readonly method: string;
  readonly recipe: string;
  readonly settings: Hyperparameters;
  readonly seed: number;
  readonly threads: number;
  /** Bytes of training rows, at most: beyond it they are thinned evenly. */
  readonly mostRowBytes: number;
  /** Also explain the best and the worst clips. */
  readonly explain: boolean;
  readonly checkpoint: CheckpointPlace;
}

/** A clip with what of it the energy comes from. */
export interface ExplainedClip {
  /** Place among the test clips. */
  readonly test: number;
  /** `found`: the anomaly that stands out most; `missed`: least; `false-alarm`: the normal that stands out most. */
  readonly kind: 'found' | 'missed' | 'false-alarm';
  /** Start of each window, seconds, and its energy. */
  readonly seconds: readonly number[];
  readonly energies: readonly number[];
  /**
   * How far the energy of each window falls when one band is put back to the training mean: [window][band], the lowest
   * band first; null where rows have no bands.
   */
  readonly bands: readonly (readonly number[])[] | null;
}

/** Everything that is kept of a trial; figures are made of it without running it again. */
export interface SoundTrialResult {
  /** One energy a test clip, in the model's unit. */
  readonly testScores: readonly number[];
  /** One a training clip; null where it was not needed. */
  readonly trainScores: readonly (number | null)[];
  /** Training clips that were not learnt from, as a whole. */
  readonly heldOut: readonly number[];
  readonly width: number;
  /** Rows that were learnt, and how many there were. */
  readonly rows: number;
  readonly rowsFound: number;
  /** Clips shorter than a window, which were repeated. */
  readonly repeated: number;
  readonly fitSeconds: number;
  readonly scoreSeconds: number;
  readonly hyperparameters: Hyperparameters;
  readonly epochs: number;
  readonly skippedSteps: number;
  readonly singularRetries: number;
  readonly finalLoss: number | null;
  /** What the fit had to say. */
  readonly notes: readonly string[];
  readonly explained: readonly ExplainedClip[];
}

export type SoundRequest =
  | { readonly kind: 'read'; readonly job: ReadJob }
  | { readonly kind: 'trial'; readonly job: SoundTrialJob };

export type SoundAnswer =
  | { readonly kind: 'read'; readonly clips: readonly ReadClip[] }
  | { readonly kind: 'trial'; readonly result: SoundTrialResult };
