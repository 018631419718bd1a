/** Labelled clips of machines, however they were published: what a layout is read into, and the runner works on. */

export interface Clip {
  /** Where the file is. */
  readonly path: string;
  /** Channel to listen to, counted from 0; a file that has no such channel is told and skipped. */
  readonly channel: number;
}

export interface TestClip extends Clip {
  readonly anomalous: boolean;
  /** DCASE: where it was recorded. */
  readonly domain?: 'source' | 'target';
}

/** One machine under one condition: what one model is trained for, and judged on. */
export interface SoundMachine {
  /** Unique in the data set: `fan_id_00_0dB`, `pump_section_00`. */
  readonly name: string;
  /** `pump`; figures are also averaged by it. */
  readonly type: string;
  /** `id_00`, `section_01`; '' where there is none. */
  readonly section: string;
  /** MIMII: signal to noise, dB. */
  readonly snrDb: number | null;
  /** Normal clips to learn from, ascending by path. */
  readonly train: readonly Clip[];
  /** Ascending by path. */
  readonly test: readonly TestClip[];
}

export interface SoundDataset {
  readonly name: string;
  readonly machines: readonly SoundMachine[];
  /** One line each for the reader: protocol, what was left out, and what looks wrong. */
  readonly notes: readonly string[];
}

export interface SoundDatasetOptions {
  /** Folder of the data set. */
  readonly data: string;
  /** Overrides the layout's own choice: the microphone facing MIMII's machine (2 for pumps), else 0. */
  readonly channel?: number;
  /** Only these machine types, sections or ids, noise levels (`0dB`) or whole names; all by default. */
  readonly only?: readonly string[];
  /** MIMII: seed of the random normals that are judged. */
  readonly splitSeed: number;
  readonly signal: AbortSignal;
}

/** One kind of layout, by the name that `--dataset` gives it. */
export interface SoundLayout {
  readonly name: string;
  /** @throws {SourceError} saying what was expected and where the data set is published when it is not there */
  load(options: SoundDatasetOptions): Promise<SoundDataset>;
}
