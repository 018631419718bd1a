/**
 * The types that cross from one room to the next. This file imports nothing.
 *
 * Path of a window: Source → Observation → Features → Window → Scorer → energy → decision → Verdict → Event → Sink.
 * Everywhere: times are UTC milliseconds, sound pressure is −1…1, and a higher score is more anomalous.
 */

// ---------------------------------------------------------------- observations

export type Modality = 'audio' | 'image' | 'table';

/** Where and when raw data came from. */
export interface Origin {
  /** Name of the feed in the configuration. */
  readonly feed: string;
  readonly machine: string;
  /** 0-based count of this feed's observations since the source was opened. */
  readonly sequence: number;
  /**
   * First and last instant covered: sample count anchored to the wall clock, so it never moves backwards (but a table's own clock that was set back is followed, with a gap).
   */
  readonly startMs: number;
  readonly endMs: number;
  /** File path, device name or address, for messages and evidence. */
  readonly origin: string;
  /** True when samples were lost since the previous observation (new file, device reopened, overrun): framing restarts. */
  readonly gap: boolean;
}

/** Health of the raw samples of one observation, measured on the device's own samples before any resampling. */
export interface SignalStats {
  /** Root mean square, 0…1. */
  readonly rms: number;
  /** Largest magnitude, 0…1. */
  readonly peak: number;
  /** Mean of the samples, −1…1. */
  readonly dc: number;
  /** Share of samples at full scale, 0…1. */
  readonly clippedShare: number;
  /** Longest run of one identical value, as a share of the observation, 0…1. */
  readonly stuckShare: number;
  /** Samples that were NaN or infinite; they are delivered as 0. */
  readonly nonFinite: number;
}

/** Mono PCM: the source has already chosen the configured channel and resampled to the rate asked of it. */
export interface AudioObservation extends Origin {
  readonly kind: 'audio';
  /** Owned by the receiver, −1…1. */
  readonly samples: Float32Array;
  readonly sampleRateHz: number;
  readonly signal: SignalStats;
}

export interface ImageObservation extends Origin {
  readonly kind: 'image';
  /** Row-major (height, width, channels), 0…1. */
  readonly pixels: Float32Array;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/** One row of a table; a missing cell is null. */
export interface RowObservation extends Origin {
  readonly kind: 'row';
  readonly cells: Readonly<Record<string, string | number | null>>;
  /** 1-based number of the data row in its file (the header does not count). */
  readonly row: number;
}

export type Observation = AudioObservation | ImageObservation | RowObservation;

export type TroubleCode =
  | 'device-gone'
  | 'no-data'
  | 'silence'
  | 'clipping'
  | 'dc-offset'
  | 'stuck'
  | 'not-finite'
  | 'wrong-rate'
  | 'late'
  | 'overrun'
  | 'bad-file'
  | 'bad-row'
  | 'bad-image'
  /** Columns of a table: no values, frozen, moving for the first time. */
  | 'column-missing'
  | 'column-stuck'
  | 'column-changed';

/** Something wrong with the sensor or its data, never with the machine. */
export interface Trouble {
  readonly kind: 'trouble';
  readonly feed: string;
  readonly machine: string;
  readonly code: TroubleCode;
  readonly atMs: number;
  /** One line naming the file, device, key or value, what was expected and what was found. */
  readonly message: string;
  /** True when the feed cannot deliver until it recovers; false when one item was skipped and the feed goes on. */
  readonly down: boolean;
}

/** Something wrong with the sensor as measured on one window, and its limit. */
export interface MeasuredFault {
  readonly code: TroubleCode;
  readonly value: number;
  readonly limit: number;
  /** One line for the engineer. */
  readonly message: string;
}

/** The outside world. One owner opens it by iterating, and ends it by aborting the signal or leaving the loop. */
export interface Source {
  readonly feed: string;
  /**
   * Observations in order, and troubles as they happen. Ends when the input ends (files) or the signal aborts;
   * supervised sources (devices) never end by themselves. Throws SourceError only when nothing can ever be delivered.
   */
  stream(signal: AbortSignal): AsyncIterable<Observation | Trouble>;
}

// ---------------------------------------------------------------- features

/** Log-mel parameters shared by every audio feature. */
export interface MelSpec {
  readonly sampleRateHz: number;
  readonly fftSize: number;
  readonly hopSamples: number;
  readonly melBands: number;
}

/** `keep`: as recorded. `match`: every window is scaled to `referenceLevelDb` before the logarithm. */
export interface LevelPolicy {
  readonly policy: 'keep' | 'match';
  /** Mean RMS level of the training windows, dBFS. */
  readonly referenceLevelDb: number;
}

/** How every kind of sound features cuts a stream into windows, on the grid of the log-mel frames. */
export interface SoundWindowing {
  readonly mel: MelSpec;
  readonly level: LevelPolicy;
  /** Length of a window, and distance from one to the next, in whole frames. */
  readonly windowFrames: number;
  readonly hopFrames: number;
}

/** Rows are stacks of `stackFrames` consecutive frames: data (windowFrames − stackFrames + 1, stackFrames · melBands). */
export interface MelFramesSpec extends SoundWindowing {
  readonly kind: 'mel-frames';
  readonly stackFrames: number;
}

/** One row a window, frames one after the other: data (1, windowFrames · melBands). */
export interface MelFlatSpec extends SoundWindowing {
  readonly kind: 'mel-flat';
}

/**
 * One row a window: statistics of each band over time, one after the other: data (1, statistics · melBands). First the
 * ranked means Σ_j r^j X_(j) / Σ_j r^j of each r of `ranks` (X_(0) ≥ X_(1) ≥ …; r = 1 is the mean, r = 0 the maximum),
 * then the standard deviation where `deviation` is true.
 */
export interface MelPooledSpec extends SoundWindowing {
  readonly kind: 'mel-pooled';
  /** 0…1 each */
  readonly ranks: readonly number[];
  readonly deviation: boolean;
}

/** One row a window, its samples: data (1, (windowFrames − 1) · hopSamples + fftSize). */
export interface RawFlatSpec extends SoundWindowing {
  readonly kind: 'raw-flat';
}

/** One number a window, its RMS level in dBFS to a thousandth: data (1, 1). A control. */
export interface LevelSpec extends SoundWindowing {
  readonly kind: 'level';
}

/** One row a picture: data (1, height · width · channels), 0…1. */
export interface ImageFlatSpec {
  readonly kind: 'image-flat';
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
}

/** Numeric columns are z-scored with the training mean and deviation. */
export interface NumericColumn {
  readonly name: string;
  readonly type: 'numeric';
  readonly mean: number;
  /** Population standard deviation, > 0: a constant column is dropped. */
  readonly deviation: number;
}

/** One-hot over the categories seen in training; an unknown category is all zeros, and counted. */
export interface CategoricalColumn {
  readonly name: string;
  readonly type: 'categorical';
  readonly categories: readonly string[];
}

/** How columns were in the training rows, by which a sensor that is frozen or gone is noticed. */
export interface TableWatch {
  /** Training rows behind it. */
  readonly rows: number;
  readonly columns: readonly {
    readonly name: string;
    /** Longest runs of rows with one value, and with none. */
    readonly constantRows: number;
    readonly missingRows: number;
    /** For so many rows without a value the last one stands: the usual gap between two. None in older packages. */
    readonly heldRows?: number;
  }[];
  /** Columns that were left out because they had one value throughout. */
  readonly constants: readonly { readonly name: string; readonly value: string }[];
}

/** One row a table row: data (1, width). Columns that are not listed are ignored (index, timestamp, labels). */
export interface TableSpec {
  readonly kind: 'table';
  readonly columns: readonly (NumericColumn | CategoricalColumn)[];
  /** Columns of the training file that were left out, each with the reason. */
  readonly dropped: readonly { readonly name: string; readonly reason: string }[];
  /** Column that carries the time of a row, if one was recognised. */
  readonly timeColumn: string | null;
  /** Absent in packages of before, and where nothing is watched. */
  readonly watch?: TableWatch;
}

export type AudioFeatureSpec = MelFramesSpec | MelFlatSpec | MelPooledSpec | RawFlatSpec | LevelSpec;
export type FeatureSpec = AudioFeatureSpec | ImageFlatSpec | TableSpec;
/** What a row that a scorer sees is. */
export type RowKind = FeatureSpec['kind'];

/** What a scorer sees. */
export interface Window extends Origin {
  readonly modality: Modality;
  /** Row-major `shape`; the window's energy is the mean of its rows' energies. Owned by the receiver. */
  readonly data: Float32Array;
  /** Tables: a value is missing that was always there in training. Such a row is not judged: how the others go with it is not known. */
  readonly incomplete?: boolean;
  /** True when every number of `data` is known to be finite, so that the scorer need not look. */
  readonly finite?: boolean;
  /** (rows, width) */
  readonly shape: readonly [number, number];
  /** Audio: RMS level of the window, dBFS (−120 for digital silence). */
  readonly levelDb?: number;
  /** Audio: RMS level of what this window has and the one before had not, dBFS: the first to hear a machine stop. */
  readonly newestDb?: number;
  /** Audio: health of the samples that this window has and the one before had not; of the first after a gap, of all of them. */
  readonly signal?: SignalStats;
  /** Audio: the log-mel picture (frames, bands), dB, for the eye. */
  readonly logMel?: { readonly data: Float32Array; readonly frames: number; readonly bands: number };
  /** Audio: the window's samples, for descriptors. A view that is valid until the next push. */
  readonly samples?: Float32Array;
  /** Table: what is wrong with its columns, each code at most once. */
  readonly faults?: readonly MeasuredFault[];
  /** Table: the row as it came, for evidence. */
  readonly cells?: Readonly<Record<string, string | number | null>>;
}

/** Observation → windows. Pure but for its framing buffer. */
export interface Features {
  readonly spec: FeatureSpec;
  /** Windows completed by this observation, in order. Throws ModelError when the observation cannot be what the spec describes. */
  push(observation: Observation): Window[];
}

// ---------------------------------------------------------------- scorers

/** Share of a window's energy along one axis, in the energy's unit; the values need not sum to the total. */
export interface ContributionAxis {
  readonly axis: 'band' | 'second' | 'pixel' | 'column';
  /** "250–310 Hz", "0.4 s", column names. */
  readonly labels: readonly string[];
  /** How much the energy falls when this part is put back to normal; higher = more to blame. */
  readonly values: readonly number[];
}

/** Neighbouring bands that changed together. */
export interface ChangedBands {
  readonly fromHz: number;
  readonly toHz: number;
  /** Mean level beside normal, after the level policy, dB; null when it is not known. */
  readonly changeDb: number | null;
}

export interface Contribution {
  readonly energy: number;
  readonly axes: readonly ContributionAxis[];
  /** Sound: the bands most to blame, strongest first (at most 3). */
  readonly bands?: readonly ChangedBands[];
  /** Sound: when in the window it was most unusual, UTC ms; empty when throughout. */
  readonly times?: readonly { readonly fromMs: number; readonly toMs: number }[];
  /** Sound: the normal stretch most like the window, as the SHA-256 of its WAV, and how far its mean spectrum is, dB. */
  readonly nearestNormal?: { readonly clip: string; readonly distanceDb: number };
}

export interface Scorer {
  readonly manifest: Manifest;
  /**
   * One energy a window (Float64, higher = more anomalous): nats where mixtures alone judge, else in the scorer's own unit.
   * Throws ModelError when a window's width is not the model's.
   */
  score(windows: readonly Window[]): Promise<Float64Array>;
  /** The same with the rows' latents, one after the other: (rows · D) a window. Throws ModelError where the model has none. */
  latents(windows: readonly Window[]): Promise<{ energies: Float64Array; latents: readonly Float64Array[] }>;
  explain(window: Window): Promise<Contribution>;
  /** The WAV of a normal stretch that an explanation names. Throws ModelError when the package has none such. */
  normalClip?(sha256: string): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** What training did, as stored in the package. */
export interface TrainingRecord {
  readonly preset: string;
  readonly recipe: string;
  readonly seed: number;
  readonly epochs: number;
  /** Everything that repeats the training: layer sizes, K, λ1, λ2, learning rate, batch, … */
  readonly hyperparameters: Readonly<Record<string, number | string | boolean | readonly number[]>>;
  /** SHA-256 over the training rows in order. */
  readonly dataDigest: string;
  readonly files: number;
  readonly rows: number;
  readonly heldOutRows: number;
  /** Steps whose loss or gradient was not finite and that were undone. */
  readonly skippedSteps: number;
  /** Times the covariance had to be loaded with a larger ε before Cholesky succeeded. */
  readonly singularRetries: number;
  readonly seconds: number;
  /** null for methods without a loss. */
  readonly finalLoss: number | null;
}

/** The Gaussian mixture that an energy is of, on the graph's output `latent`, in float64. K components of size D. */
export interface MixtureParameters {
  readonly components: number;
  readonly size: number;
  /** (K) */
  readonly phi: readonly number[];
  /** (K, D) */
  readonly mean: readonly number[];
  /** (K, D, D), without ε. */
  readonly covariance: readonly number[];
  /** On the diagonal of every Σ. */
  readonly epsilon: number;
}

/** Everything that scoring needs beside `model.onnx`, stored as `model.json`. */
export interface Manifest {
  readonly format: 1;
  readonly name: string;
  readonly scorer: string;
  readonly createdAt: string;
  readonly auscultVersion: string;
  readonly modality: Modality;
  readonly features: FeatureSpec;
  /** Width of one row, the fixed number of rows that every scoring call is padded to, and the mean training row. */
  readonly input: { readonly width: number; readonly scoringRows: number; readonly meanRow: readonly number[] };
  readonly engine: { readonly runtime: string; readonly device: string; readonly threads: number };
  readonly training: TrainingRecord;
  readonly calibration: Calibration;
  /** Where the energy is that of one mixture; absent for ensembles and for methods without one. */
  readonly mixture?: MixtureParameters;
  /** SHA-256 of model.onnx. */
  readonly modelDigest: string;
}

// ---------------------------------------------------------------- decision

/** How window scores become the statistic that the alarm sees. One of the two, never both. */
export type Smoothing =
  /** Mean of the last `windows` scores. */
  | { readonly kind: 'mean'; readonly windows: number }
  /** The m-th largest of the last n scores: above a threshold exactly when m of n are. */
  | { readonly kind: 'm-of-n'; readonly m: number; readonly n: number };

/** Generalised Pareto tail of the declustered peaks of the smoothed statistic over t (Siffer et al., KDD 2017). */
export interface TailFit {
  readonly t: number;
  /** Shape ξ and scale σ. */
  readonly shape: number;
  readonly scale: number;
  readonly exceedances: number;
  /** The peaks minus t, descending (at most 1,000): the confidence bound of a threshold is read from their likelihood. */
  readonly excesses: readonly number[];
  /** Time over which the peaks were gathered: values of the statistic times the hop. */
  readonly exposureMs: number;
}

/** What held-out normals look like on one horizon, as the alarm sees them. */
export interface HorizonCalibration {
  readonly smoothing: Smoothing;
  /** Ascending quantiles of the statistic on held-out normals (at most 2,048), for p-values. */
  readonly sorted: readonly number[];
  /** Independent (non-overlapping) windows of the statistic behind it. */
  readonly independent: number;
  readonly maximum: number;
  /**
   * At or below this an alarm may clear: the 90th percentile; the maximum with too little data to know it. Without a tail
   * `thresholdFor` takes the maximum and half of the margin instead.
   */
  readonly clearBelow: number;
  /** null when there were too few peaks to fit. */
  readonly tail: TailFit | null;
  /** Long horizon: what a window weighs at most in its mean, here and in the alarm. Older packages have none. */
  readonly cap?: number;
}

export interface Calibration {
  readonly windowMs: number;
  readonly hopMs: number;
  /** Held-out normal time behind the calibration. */
  readonly observedMs: number;
  readonly short: HorizonCalibration;
  /** Ten-second (or ten-window) horizon for slow faults; null with too little data. */
  readonly long: HorizonCalibration | null;
  /**
   * Audio: mean and deviation of the windows' level while running, dBFS. `away`: the distance from the mean, dB, as a
   * statistic of its own, for level policy `match`; absent or null with too little data.
   */
  readonly level: {
    readonly meanDb: number;
    readonly deviationDb: number;
    readonly away?: HorizonCalibration | null;
  } | null;
  /** Audio: mean descriptors of normal windows, which an event's words compare with. */
  readonly descriptors: Readonly<Record<string, number>> | null;
  /** Audio: share of the recording that repeats the rest, sample by sample; none where absent. */
  readonly repeatedShare?: number;
}

export const MACHINE_STATES = ['normal', 'anomalous', 'off', 'learning', 'muted', 'sensor-fault', 'unknown'] as const;
export type MachineState = (typeof MACHINE_STATES)[number];
export type OperatingState = 'off' | 'starting' | 'running';

/** The decision on one window. */
export interface Verdict {
  readonly feed: string;
  readonly machine: string;
  readonly sequence: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly score: number;
  /** Smoothed score on the short horizon, which `threshold` is for. */
  readonly statistic: number;
  readonly threshold: number;
  readonly clearBelow: number;
  /** Conformal p of the statistic against held-out normals: (1 + #{s ≥ statistic}) / (n + 1). */
  readonly pValue: number;
  /** Where drift is followed: the score of the model as it was commissioned. */
  readonly frozenScore?: number;
  /** The long horizon, once it is full. */
  readonly long: { readonly statistic: number; readonly threshold: number; readonly pValue: number } | null;
  readonly operating: OperatingState;
  readonly state: MachineState;
}

export type EventKind = 'anomaly' | 'sensor-fault' | 'test';
export type EventLabel = 'true-alarm' | 'false-alarm' | 'unsure';

export interface Event {
  /** UUID v4; the same in every message about this event. */
  readonly id: string;
  readonly kind: EventKind;
  /** Sensor faults: what is wrong. */
  readonly code: TroubleCode | null;
  readonly feed: string;
  readonly machine: string;
  readonly raisedMs: number;
  readonly clearedMs: number | null;
  readonly acknowledgedMs: number | null;
  /** Highest statistic so far, and when. */
  readonly peak: number;
  readonly peakMs: number;
  readonly threshold: number;
  readonly pValue: number;
  /** One or two sentences for the engineer: what changed, in dB and Hz. */
  readonly words: string;
  readonly contribution: Contribution | null;
  /** SHA-256 of the stored clip or picture; null until it is written. */
  readonly clip: string | null;
  readonly modelDigest: string;
  readonly configDigest: string;
  readonly label: EventLabel | null;
}

export type EventChange = 'raised' | 'updated' | 'cleared';

/** How far the learning of one feed is. */
export interface LearnProgress {
  readonly feed: string;
  readonly machine: string;
  readonly stage: 'recording' | 'training' | 'switching' | 'done' | 'failed';
  /** Of the stage, 0…1. */
  readonly share: number;
  readonly atMs: number;
  /** One line; in the end what can be promised from now on, or why nothing was learnt. */
  readonly message: string;
}

/** Where events, states and scores go. */
export interface Sink {
  readonly name: string;
  event(event: Event, change: EventChange): void;
  state(machine: string, state: MachineState, atMs: number): void;
  verdict(verdict: Verdict): void;
  learning?(progress: LearnProgress): void;
  close(): Promise<void>;
}

/** How long normal running may be recorded for `learn`, minutes. */
export const LEARN_MINUTES = { least: 1, most: 1_440 } as const;

/** A command from MQTT or the dashboard, for one machine. */
export type Command =
  | { readonly command: 'acknowledge'; readonly machine: string; readonly eventId: string | null }
  | {
      readonly command: 'label';
      readonly machine: string;
      readonly eventId: string;
      readonly label: EventLabel;
      readonly note: string | null;
    }
  | {
      readonly command: 'learn';
      readonly machine: string;
      readonly minutes: number;
      /** One feed of the machine; all of them when absent. */
      readonly feed?: string;
      /** Instead of the configured one. */
      readonly preset?: string;
    }
  | { readonly command: 'roll-back'; readonly machine: string; readonly feed?: string }
  | { readonly command: 'mute'; readonly machine: string; readonly minutes: number }
  | { readonly command: 'test-alert'; readonly machine: string };

/** Applies a command; resolves with one line for the sender, throws an AuscultError when it cannot be done. */
export type CommandHandler = (command: Command) => Promise<string>;

// ---------------------------------------------------------------- errors

/** Base of every error that a person may cause or mend. The message names the thing, what was expected and what was found. */
export class AuscultError extends Error {
  override name = 'AuscultError';
}
/** The operator's mistake: a key, a flag, a value. Exit code 2. */
export class ConfigError extends AuscultError {
  override name = 'ConfigError';
}
/** The outside world failed: retry may help. */
export class SourceError extends AuscultError {
  override name = 'SourceError';
}
/** A model or package does not fit: a command refuses; in the service the feed is not judged, and health says why. */
export class ModelError extends AuscultError {
  override name = 'ModelError';
}
/** Our own defect: crash loudly. */
export class InternalError extends AuscultError {
  override name = 'InternalError';
}
