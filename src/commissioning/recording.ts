/** Observations of normal running → files → a source of the same. One class a modality. */
import { copyFileSync, existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type AudioObservation, type Modality, type Observation, type Source, SourceError } from '../contracts.js';
import { defaultMel } from '../features/default-specs.js';
import { wavFileSource } from '../sources/audio/index.js';
import { freeBytes, hasRoom } from '../sources/free-space.js';
import { ImageFilesSource } from '../sources/images/image-source.js';
import { StorageError } from '../sources/storage-error.js';
import { RowWriter } from '../sources/tables/row-writer.js';
import { TableSource } from '../sources/tables/table-source.js';
import { WavWriter } from '../sources/wav-writer.js';
import { SoundConditions } from './sound-conditions.js';

export interface Recording {
  /** Time that the observations cover; gaps are left out. */
  readonly coveredMs: number;
  /** @throws {SourceError} as soon as what comes cannot be learnt from */
  add(observation: Observation): void;
  /** Closes the files. @throws {SourceError} when what was recorded is not fit to learn from, saying why */
  finish(): Source;
  /** Closes the files of a recording that is given up. */
  abandon(): void;
}

export interface RecordingOptions {
  readonly feed: string;
  readonly machine: string;
  readonly modality: Modality;
  /** Where the files go; it is there. */
  readonly folder: string;
  readonly wantedMs: number;
  readonly picture: { readonly width: number; readonly height: number; readonly channels: 1 | 3 };
}

/** What keeps the normal running of one feed, by its modality. */
export async function openRecording(options: RecordingOptions): Promise<Recording> {
  switch (options.modality) {
    case 'audio':
      return new SoundRecording(options, await SoundConditions.open(defaultMel()));
    case 'image':
      return new PictureRecording(options);
    case 'table':
      return new RowRecording(options);
  }
}

/** What a recording leaves free: where the store gives up clips. */
const FLOOR_BYTES = 64 * 1024 * 1024;

/** Bytes of so much sound as it is recorded, in 16 bits; of pictures and rows nobody knows. */
export const bytesOf = (modality: Modality, minutes: number): number =>
  modality === 'audio' ? 2 * defaultMel().sampleRateHz * 60 * minutes : 0;

/** @param bytes still to be recorded   @throws {StorageError} when the disk has no room for them */
export function checkRoom(folder: string, bytes = 0): void {
  if (hasRoom(folder, bytes, FLOOR_BYTES)) return;
  throw new StorageError(
    `recording in ${folder}: expected ${FLOOR_BYTES + bytes} bytes of free disk, found ${freeBytes(folder)}`,
    'full',
  );
}

/** Share of the time that may be faulty. */
const BAD_SHARE = 0.05;
const CLIPPED_SHARE = 0.01;
const STUCK_SHARE = 0.5;
/** Of full scale. */
const OFFSET = 0.1;
/** −100 dBFS: less than any live microphone. */
const SILENT_RMS = 1e-5;

type SoundFault = 'silent' | 'clipped' | 'stuck' | 'off-centre' | 'invalid';
const REMEDY: Readonly<Record<SoundFault, string>> = {
  silent: 'is the microphone plugged in and not muted?',
  clipped: 'turn its gain down',
  stuck: 'is the microphone alive?',
  'off-centre': `the mean of its samples is not within ±${OFFSET}: is the converter sound?`,
  invalid: 'is the microphone alive?',
};

class SoundRecording implements Recording {
  readonly #files: string[] = [];
  readonly #badMs: Record<SoundFault, number> = { silent: 0, clipped: 0, stuck: 0, 'off-centre': 0, invalid: 0 };
  #writer: WavWriter | null = null;
  #rateHz = 0;
  coveredMs = 0;

  constructor(
    private readonly options: RecordingOptions,
    private readonly conditions: SoundConditions,
  ) {}

  add(observation: Observation): void {
    if (observation.kind !== 'audio') return;
    const { samples, sampleRateHz, gap } = observation;
    if (gap || !this.#writer) this.#next(sampleRateHz);
    this.#writer?.write(samples);
    this.#rateHz = sampleRateHz;
    const lengthMs = (samples.length / sampleRateHz) * 1000;
    this.coveredMs += lengthMs;
    this.conditions.add(samples, gap);
    const fault = faultOf(observation);
    if (!fault) return;
    this.#badMs[fault] += lengthMs;
    const { wantedMs, folder } = this.options;
    if (this.#badMs[fault] <= BAD_SHARE * wantedMs) return;
    const [bad, most] = [this.#badMs[fault] / 1000, (BAD_SHARE * wantedMs) / 1000];
    throw new SourceError(
      `recording ${folder}: expected at most ${most.toFixed(1)} s of ${fault} sound, found ${bad.toFixed(1)} s; ${REMEDY[fault]}`,
    );
  }

  finish(): Source {
    this.abandon();
    const { change } = this.conditions;
    if (change !== null) throw new SourceError(`recording ${this.options.folder}: ${change}`);
    const { feed, machine } = this.options;
    return wavFileSource({ feed, machine, files: this.#files, targetRateHz: this.#rateHz });
  }

  abandon(): void {
    this.#writer?.close();
    this.#writer = null;
  }

  #next(sampleRateHz: number): void {
    this.#writer?.close();
    const path = join(this.options.folder, `${String(this.#files.length).padStart(4, '0')}.wav`);
    this.#writer = WavWriter.open(path, sampleRateHz);
    this.#files.push(path);
  }
}

function faultOf({ signal }: AudioObservation): SoundFault | null {
  if (signal.nonFinite > 0) return 'invalid';
  if (signal.rms < SILENT_RMS) return 'silent';
  if (signal.clippedShare > CLIPPED_SHARE) return 'clipped';
  if (signal.stuckShare > STUCK_SHARE) return 'stuck';
  return Math.abs(signal.dc) > OFFSET ? 'off-centre' : null;
}

/** Time from the first to the last of what comes one by one; a gap is left out. */
class Span {
  #lastMs: number | null = null;
  coveredMs = 0;

  add({ startMs, gap }: Observation): void {
    if (this.#lastMs !== null && !gap) this.coveredMs += Math.max(0, startMs - this.#lastMs);
    this.#lastMs = startMs;
  }
}

class PictureRecording implements Recording {
  readonly #span = new Span();

  constructor(private readonly options: RecordingOptions) {}

  get coveredMs(): number {
    return this.#span.coveredMs;
  }

  add(observation: Observation): void {
    const { origin, sequence } = observation;
    this.#span.add({ ...observation, gap: false });
    if (existsSync(origin))
      copyFileSync(origin, join(this.options.folder, `${String(sequence).padStart(8, '0')}-${basename(origin)}`));
  }

  finish(): Source {
    const { feed, machine, folder, picture } = this.options;
    return new ImageFilesSource({ feed, machine, files: [folder], ...picture });
  }

  abandon(): void {}
}

class RowRecording implements Recording {
  readonly #path: string;
  readonly #writer: RowWriter;
  readonly #startsMs: number[] = [];
  readonly #span = new Span();

  constructor(private readonly options: RecordingOptions) {
    this.#path = join(options.folder, 'rows.jsonl');
    this.#writer = RowWriter.open(this.#path);
  }

  get coveredMs(): number {
    return this.#span.coveredMs;
  }

  add(observation: Observation): void {
    if (observation.kind !== 'row') return;
    this.#writer.write(observation.cells);
    this.#startsMs.push(observation.startMs);
    this.#span.add(observation);
  }

  finish(): Source {
    this.abandon();
    const { feed, machine } = this.options;
    return new TableSource({ feed, machine, path: this.#path, intervalMs: medianStep(this.#startsMs) });
  }

  abandon(): void {
    this.#writer.close();
  }
}

/** What rows without a time of their own are apart; undefined when they say nothing of it. */
function medianStep(startsMs: readonly number[]): number | undefined {
  const steps = startsMs.slice(1).map((start, i) => start - (startsMs[i] ?? start));
  const forward = steps.filter((step) => step > 0).sort((a, b) => a - b);
  return forward[forward.length >> 1];
}
