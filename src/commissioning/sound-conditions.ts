/** Is a recording of normal running one thing throughout, or did something change meanwhile? Pure but for what it remembers. */
import type { MelSpec } from '../contracts.js';
import { levelDb } from '../features/level.js';
import { createLogMel, type LogMel } from '../features/log-mel.js';

/** Level and spectrum of about a second of sound. */
interface Block {
  readonly levelDb: number;
  /** (bands) mean over time, dB */
  readonly bands: Float64Array;
}

/** What is looked at together; blocks of 1 s. */
const BLOCK_S = 1;
/** Under −80 dBFS a 16-bit recording moves over three steps: the sound of a converter, not of a machine. */
const TOO_QUIET_DB = -80;
/** A machine that stops, or something that drowns it: as for `Operating`, 10 dB or 4 deviations for 3 s. */
const AWAY_DB = 10;
const AWAY_DEVIATIONS = 4;
const AWAY_BLOCKS = 3;
/** As often as this it is how the machine works. */
const CYCLES = 3;
/** Differences between parts that are smaller are not worth a word: nothing nearer to the mean level is ever judged. */
const LEAST_CHANGE_DB = 3;
/**
 * A part's mean is known from so many batch means. Six comparisons (three pairs, level and spectrum) by Student's t with
 * 2 · 4 degrees of freedom: chance alone reaches 4.5 standard errors in one recording of a hundred.
 */
const BATCHES = 5;
const STANDARD_ERRORS = 4.5;
const PARTS = 3;

export class SoundConditions {
  readonly #blocks: Block[] = [];
  readonly #pending: Float32Array;
  #filled = 0;

  private constructor(private readonly logMel: LogMel) {
    this.#pending = new Float32Array(Math.round(BLOCK_S * logMel.mel.sampleRateHz));
  }

  static async open(mel: MelSpec): Promise<SoundConditions> {
    return new SoundConditions(await createLogMel(mel));
  }

  /** @param gap true when samples were lost before these */
  add(samples: Float32Array, gap: boolean): void {
    if (gap) this.#filled = 0;
    for (let from = 0; from < samples.length; ) {
      const part = samples.subarray(from, from + this.#pending.length - this.#filled);
      this.#pending.set(part, this.#filled);
      this.#filled += part.length;
      from += part.length;
      if (this.#filled === this.#pending.length) this.#close();
    }
  }

  #close(): void {
    const { data, frames, bands } = this.logMel.of(this.#pending);
    const mean = new Float64Array(bands);
    for (let i = 0; i < data.length; i++) mean[i % bands] = (mean[i % bands] as number) + (data[i] as number) / frames;
    this.#blocks.push({ levelDb: levelDb(this.#pending), bands: mean });
    this.#filled = 0;
  }

  /** What was expected and found where the conditions changed, in one line; null where they did not. */
  get change(): string | null {
    return quietness(this.#blocks) ?? excursion(this.#blocks) ?? drift(this.#blocks);
  }
}

function quietness(blocks: readonly Block[]): string | null {
  const median = medianOf(blocks.map((block) => block.levelDb));
  if (!(median < TOO_QUIET_DB)) return null;
  return `expected a machine louder than ${TOO_QUIET_DB} dBFS, found a median level of ${db(median)} dBFS`;
}

/** Once or twice away from the usual level: the machine stopped, or something else was heard. */
function excursion(blocks: readonly Block[]): string | null {
  const levels = blocks.map((block) => block.levelDb);
  const usual = medianOf(levels);
  const deviation = 1.4826 * medianOf(levels.map((level) => Math.abs(level - usual)));
  const limit = Math.max(AWAY_DB, AWAY_DEVIATIONS * deviation);
  for (const [sign, what] of [
    [-1, 'below'],
    [1, 'above'],
  ] as const) {
    const runs = runsWhere(levels, (level) => sign * (level - usual) > limit);
    const [run] = runs;
    if (!run || runs.length >= CYCLES) continue;
    const found = Math.max(...levels.slice(run.from, run.to).map((level) => sign * (level - usual)));
    const length = `${(run.to - run.from) * BLOCK_S} s from ${clock(run.from)} on`;
    return (
      `expected the machine to run alike throughout, within ${db(limit)} dB of its median level ${db(usual)} dBFS, ` +
      `found it ${db(found)} dB ${what} for ${length}`
    );
  }
  return null;
}

function runsWhere(levels: readonly number[], away: (level: number) => boolean): { from: number; to: number }[] {
  const runs: { from: number; to: number }[] = [];
  let from = -1;
  for (let i = 0; i <= levels.length; i++) {
    const is = i < levels.length && away(levels[i] as number);
    if (is && from < 0) from = i;
    if (is || from < 0) continue;
    if (i - from >= AWAY_BLOCKS) runs.push({ from, to: i });
    from = -1;
  }
  return runs;
}

/** Thirds of the recording against each other: level, then spectrum (log-spectral distance of their means). */
function drift(blocks: readonly Block[]): string | null {
  const length = Math.floor(blocks.length / PARTS);
  if (length < BATCHES) return null;
  const parts = Array.from({ length: PARTS }, (_, i) => summary(blocks.slice(i * length, (i + 1) * length)));
  for (const [a, b] of [
    [0, 2],
    [0, 1],
    [1, 2],
  ] as const) {
    const [first, second] = [parts[a] as Summary, parts[b] as Summary];
    const spans = `${clock(a * length)}–${clock((a + 1) * length)} and ${clock(b * length)}–${clock((b + 1) * length)}`;
    const level = compare(first.level, second.level);
    if (level.distance > level.limit)
      return (
        `expected levels within ${db(level.limit)} dB in ${spans}, ` +
        `found ${db(first.level.mean[0] as number)} and ${db(second.level.mean[0] as number)} dBFS`
      );
    const spectrum = compare(first.bands, second.bands);
    if (spectrum.distance > spectrum.limit)
      return `expected spectra within ${db(spectrum.limit)} dB in ${spans}, found ${db(spectrum.distance)} dB between them`;
  }
  return null;
}

/** Mean and squared standard error of each of several values, by the means of batches: neighbours in time are alike. */
interface Estimate {
  readonly mean: Float64Array;
  readonly squaredError: Float64Array;
}

interface Summary {
  readonly level: Estimate;
  readonly bands: Estimate;
}

const summary = (blocks: readonly Block[]): Summary => ({
  level: estimate(blocks.map((block) => Float64Array.of(block.levelDb))),
  bands: estimate(blocks.map((block) => block.bands)),
});

function estimate(rows: readonly Float64Array[]): Estimate {
  const size = Math.floor(rows.length / BATCHES);
  const batches = Array.from({ length: BATCHES }, (_, i) => meanRow(rows.slice(i * size, (i + 1) * size)));
  const mean = meanRow(rows);
  const centre = meanRow(batches);
  const squaredError = mean.map((_, j) => {
    const squares = batches.reduce((sum, batch) => sum + ((batch[j] as number) - (centre[j] as number)) ** 2, 0);
    return squares / (BATCHES - 1) / BATCHES;
  });
  return { mean, squaredError };
}

function meanRow(rows: readonly Float64Array[]): Float64Array {
  const sum = new Float64Array(rows[0]?.length ?? 0);
  for (const row of rows) for (let j = 0; j < sum.length; j++) sum[j] = (sum[j] as number) + (row[j] as number);
  return sum.map((value) => value / rows.length);
}

/** Root mean square difference over the values, and how large it may be: 3 dB, or what chance makes of it. */
function compare(a: Estimate, b: Estimate): { distance: number; limit: number } {
  const count = a.mean.length;
  let [squares, errors] = [0, 0];
  for (let j = 0; j < count; j++) {
    squares += ((a.mean[j] as number) - (b.mean[j] as number)) ** 2 / count;
    errors += ((a.squaredError[j] as number) + (b.squaredError[j] as number)) / count;
  }
  return { distance: Math.sqrt(squares), limit: Math.max(LEAST_CHANGE_DB, STANDARD_ERRORS * Math.sqrt(errors)) };
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

const db = (value: number): string => value.toFixed(1);

/** Block → minutes and seconds of the recording. */
function clock(block: number): string {
  const seconds = Math.round(block * BLOCK_S);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
