/**
 * Chooses stretches of the normal sound that was learnt from, to be listened to beside an event. Keeps at most some 5 MB,
 * those that lie farthest apart: nothing that was heard is far from one of them, however seldom it was.
 */
import { basename } from 'node:path';
import type { AudioFeatureSpec, Window } from '../contracts.js';
import { bandMeans } from '../features/changed-bands.js';
import { levelDb } from '../features/level.js';
import { createLogMel, type LogMel } from '../features/log-mel.js';
import { windowSamples } from '../features/sound-rows.js';
import { distance, NORMALS_FILE, NORMALS_FOLDER, type NormalsFile } from '../scorers/normal-clips.js';
import { sha256 } from '../scorers/package-files.js';
import { encodeWav } from '../sources/wav-encode.js';

/** Length of a stretch, and the most of all of them. */
const SECONDS = 6;
const MOST_BYTES = 5_000_000;
const MOST_STRETCHES = 32;

interface Stretch {
  readonly samples: Float32Array;
  readonly origin: string;
  readonly startMs: number;
  readonly levelDb: number;
  /** (bands) dB as recorded; what it is compared by has its level taken off where the features do so. */
  readonly logMel: Float64Array;
  readonly compared: Float64Array;
}

export class NormalStretches {
  readonly #length: number;
  readonly #most: number;
  readonly #kept: Stretch[] = [];
  #run: Run | null = null;

  private constructor(
    private readonly spec: AudioFeatureSpec,
    private readonly logMel: LogMel,
  ) {
    this.#length = Math.max(windowSamples(spec), Math.round(SECONDS * spec.mel.sampleRateHz));
    this.#most = Math.max(1, Math.min(MOST_STRETCHES, Math.floor(MOST_BYTES / (2 * this.#length))));
  }

  static async open(spec: AudioFeatureSpec): Promise<NormalStretches> {
    return new NormalStretches(spec, await createLogMel(spec.mel));
  }

  /** The next window, in order of time, while its samples are valid. */
  add(window: Window): void {
    const { samples } = window;
    if (samples === undefined) return;
    const hop = this.spec.hopFrames * this.spec.mel.hopSamples;
    if (!this.#run?.goesOn(window)) {
      this.#endRun();
      this.#run = new Run(window, this.#length);
      this.#run.append(samples, window);
    } else this.#run.append(samples.subarray(samples.length - hop), window);
    if (this.#run.isDue) this.#consider(this.#run);
  }

  /** What goes into the package: `normals.json` and WAV files; nothing when there was no sound. */
  files(): Map<string, Uint8Array> {
    this.#endRun();
    const files = new Map<string, Uint8Array>();
    const clips = this.#kept.map(({ samples, origin, startMs, levelDb: level, logMel }, i) => {
      const file = `${NORMALS_FOLDER}/${String(i).padStart(2, '0')}.wav`;
      const wav = encodeWav(samples, this.spec.mel.sampleRateHz);
      files.set(file, wav);
      const rounded = Array.from(logMel, (dB) => Math.round(100 * dB) / 100);
      return { file, sha256: sha256(wav), levelDb: Math.round(100 * level) / 100, logMel: rounded, origin, startMs };
    });
    if (clips.length === 0) return files;
    const list: NormalsFile = { format: 1, sampleRateHz: this.spec.mel.sampleRateHz, clips };
    return files.set(NORMALS_FILE, Buffer.from(`${JSON.stringify(list)}\n`));
  }

  /** A run that was too short for a whole stretch is one by itself. */
  #endRun(): void {
    if (this.#run && !this.#run.considered) this.#consider(this.#run);
    this.#run = null;
  }

  #consider(run: Run): void {
    const { samples, origin, startMs } = run.take(this.spec.mel.sampleRateHz);
    const logMel = bandMeans(this.logMel.of(samples).data, this.spec.mel.melBands);
    const level = levelDb(samples);
    const compared = this.spec.level.policy === 'match' ? logMel.map((dB) => dB - level) : logMel;
    this.#keep({ samples, origin, startMs, levelDb: level, logMel, compared });
  }

  /** When there are too many, one of the two that are most alike goes: the newer, or the nearer to the others. */
  #keep(stretch: Stretch): void {
    this.#kept.push(stretch);
    if (this.#kept.length <= this.#most) return;
    const [first, second] = closestPair(this.#kept);
    const others = this.#kept.filter((_, i) => i !== first && i !== second);
    const apart = (i: number): number =>
      Math.min(...others.map(({ compared }) => distance(compared, this.#kept[i]?.compared ?? null)));
    const newest = this.#kept.length - 1;
    this.#kept.splice(second === newest || apart(second) <= apart(first) ? second : first, 1);
  }
}

/** Indices, the smaller first. */
function closestPair(stretches: readonly Stretch[]): [number, number] {
  let best: [number, number] = [0, 1];
  let least = Number.POSITIVE_INFINITY;
  for (const [i, { compared }] of stretches.entries()) {
    for (let j = i + 1; j < stretches.length; j++) {
      const found = distance(compared, stretches[j]?.compared ?? null);
      if (found < least) [best, least] = [[i, j], found];
    }
  }
  return best;
}

/** Windows that follow each other, as the sound they cover: its last samples. */
class Run {
  considered = false;
  readonly #last: Float32Array;
  #filled = 0;
  #fresh = 0;
  #sequence: number;
  #endMs = 0;
  readonly #origin: string;

  constructor({ sequence, origin }: Window, length: number) {
    this.#last = new Float32Array(length);
    this.#sequence = sequence - 1;
    this.#origin = origin;
  }

  goesOn({ sequence, origin, gap }: Window): boolean {
    return !gap && origin === this.#origin && sequence === this.#sequence + 1;
  }

  append(samples: Float32Array, { sequence, endMs }: Window): void {
    const part = samples.subarray(Math.max(0, samples.length - this.#last.length));
    this.#last.copyWithin(0, part.length);
    this.#last.set(part, this.#last.length - part.length);
    this.#filled = Math.min(this.#last.length, this.#filled + part.length);
    this.#fresh += part.length;
    this.#sequence = sequence;
    this.#endMs = endMs;
  }

  /** A whole stretch, of which half is new. */
  get isDue(): boolean {
    return this.#filled === this.#last.length && (!this.considered || this.#fresh >= this.#last.length / 2);
  }

  take(sampleRateHz: number): Pick<Stretch, 'samples' | 'origin' | 'startMs'> {
    this.considered = true;
    this.#fresh = 0;
    const samples = this.#last.slice(this.#last.length - this.#filled);
    const startMs = Math.round(this.#endMs - (samples.length / sampleRateHz) * 1000);
    return { samples, origin: basename(this.#origin), startMs };
  }
}
