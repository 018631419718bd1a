import {
  type Contribution,
  type ContributionAxis,
  type Manifest,
  ModelError,
  type Scorer,
  type Window,
} from '../contracts.js';
import type { SessionOptions } from '../engine/session.js';
import { isSound } from '../features/spec-sizes.js';
import { NormalClips } from './normal-clips.js';
import { energyByTime, type OcclusionGroup, occlusionAxes, withNeighbours } from './occlusion.js';
import { readPackage } from './package-files.js';
import { type RowBlock, RowScorer } from './row-scorer.js';
import { summary } from './sound-summary.js';
import { usualRow } from './usual-row.js';

/**
 * Opens a model package for scoring: ONNX Runtime alone, no TensorFlow.js. The caller closes it.
 * @throws {ModelError} when the package is broken
 */
export async function openScorer(folder: string, options: SessionOptions = {}): Promise<Scorer> {
  const { folder: found, manifest, onnx } = await readPackage(folder);
  const normals = isSound(manifest.features) ? await NormalClips.open(found, manifest.features) : null;
  const { width, scoringRows, meanRow } = manifest.input;
  const threads = options.threads ?? manifest.engine.threads;
  const rows = await RowScorer.open(onnx, { width, scoringRows, meanRow, device: options.device, threads });
  return new PackageScorer(manifest, rows, normals);
}

/** Windows with one part exchanged that are scored together. */
const VARIANT_BYTES = 16 << 20;
/** Columns that an explanation names, of tables with more: the most to blame, in the table's order. */
const MOST_COLUMNS = 64;

function mostToBlame({ axis, labels, values }: ContributionAxis): ContributionAxis {
  if (axis !== 'column' || values.length <= MOST_COLUMNS) return { axis, labels, values };
  const order = [...values.keys()].sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0));
  const kept = order.slice(0, MOST_COLUMNS).sort((a, b) => a - b);
  return { axis, labels: kept.map((i) => labels[i] ?? ''), values: kept.map((i) => values[i] ?? 0) };
}

/** Scores windows by the rows of one package: a window's energy is the mean of its rows' energies. */
class PackageScorer implements Scorer {
  constructor(
    readonly manifest: Manifest,
    private readonly rows: RowScorer,
    private readonly normals: NormalClips | null,
  ) {}

  score(windows: readonly Window[]): Promise<Float64Array> {
    return scoreWindows(this.rows, windows, this.manifest.input.width);
  }

  async latents(windows: readonly Window[]): Promise<{ energies: Float64Array; latents: readonly Float64Array[] }> {
    const blocks = blocksOf(windows, this.manifest.input.width);
    const { energies, latents } = await this.rows.scoreWithLatents(blocks);
    const size = latents.length / Math.max(1, energies.length);
    let from = 0;
    const parts = windows.map(({ shape: [rows] }) => {
      from += rows;
      return latents.slice((from - rows) * size, from * size);
    });
    return { energies: meanOfRows(windows, energies), latents: parts };
  }

  /**
   * Pixels by occlusion: how far the energy falls when one part of the window is put back to the training mean. Columns by
   * exchange with the usual row, so that of two that are far off each is blamed, though putting back one mends little. Sound
   * by exchange with the most similar normal sound, where the package keeps some. Time by the energies of the rows, where
   * there are several.
   */
  async explain(window: Window): Promise<Contribution> {
    const { features } = this.manifest;
    const [energy = Number.NaN] = await this.score([window]);
    if (features.kind === 'table')
      return { energy, axes: await this.#exchange(window, energy, { ...window, data: this.#meanWindow(window) }) };
    if (!isSound(features)) return { energy, axes: await this.#occlude(window, energy) };
    const nearest = (await this.normals?.nearest(window)) ?? null;
    const alike = nearest && nearest.window.data.length === window.data.length;
    const axes = alike ? await this.#exchange(window, energy, nearest.window) : await this.#occlude(window, energy);
    if (features.kind === 'mel-frames') {
      axes.push(
        energyByTime(features, await this.rows.score([{ data: window.data, rows: window.shape[0] }]), this.#normal),
      );
    }
    return { energy, axes, ...summary({ window, axes, nearest }, this.manifest) };
  }

  async normalClip(digest: string): Promise<Uint8Array> {
    if (!this.normals) throw new ModelError(`normal clip ${digest}: expected one of the package, which keeps none`);
    return this.normals.wav(digest);
  }

  /** Energy of a usual held-out window. */
  get #normal(): number {
    const { sorted } = this.manifest.calibration.short;
    return sorted[sorted.length >> 1] ?? 0;
  }

  async #occlude(window: Window, energy: number): Promise<ContributionAxis[]> {
    const mean = this.#meanWindow(window);
    const found: ContributionAxis[] = [];
    for (const { axis, groups } of occlusionAxes(this.manifest.features, window.shape[0])) {
      const values = (await this.#energiesWith(window, mean, groups)).map((without) => energy - without);
      found.push(mostToBlame({ axis, labels: groups.map(({ label }) => label), values }));
    }
    return found;
  }

  /**
   * How far the energy falls when a part of the window is that of a normal one, and rises when a part of the normal one is
   * the window's: the mean of both. Bands go with their neighbours, which a fault seldom leaves alone.
   */
  async #exchange(window: Window, energy: number, normal: Window): Promise<ContributionAxis[]> {
    const [usual = Number.NaN] = await this.score([normal]);
    const above = (e: number): number => (this.manifest.features.kind === 'table' ? bentBeyond(e - usual) : e - usual);
    const found: ContributionAxis[] = [];
    for (const { axis, groups } of occlusionAxes(this.manifest.features, window.shape[0])) {
      const parts = axis === 'band' ? withNeighbours(groups) : groups;
      const without = await this.#energiesWith(window, normal.data, parts);
      const alone = await this.#energiesWith(normal, window.data, parts);
      const values = without.map((low, i) => (above(energy) - above(low) + above(alone[i] as number)) / 2);
      found.push(mostToBlame({ axis, labels: groups.map(({ label }) => label), values }));
    }
    return found;
  }

  /** As many usual rows as the window has: the mean training row, each category the most frequent. */
  #meanWindow({ data }: Window): Float32Array {
    const { features, input } = this.manifest;
    const usual = features.kind === 'table' ? usualRow(features, input.meanRow) : input.meanRow;
    return Float32Array.from(data, (_, cell) => usual[cell % input.width] as number);
  }

  /** Energies of the window with each group of cells in turn taken from `other`. A few at a time: together they are 400 MB. */
  async #energiesWith(window: Window, other: Float32Array, groups: readonly OcclusionGroup[]): Promise<number[]> {
    const atOnce = Math.max(1, Math.floor(VARIANT_BYTES / window.data.byteLength));
    const energies: number[] = [];
    for (let from = 0; from < groups.length; from += atOnce) {
      const variants = groups.slice(from, from + atOnce).map(({ cells }) => withCells(window, other, cells));
      energies.push(...(await this.score(variants)));
    }
    return energies;
  }

  close(): Promise<void> {
    return this.rows.close();
  }
}

/** So far above the usual energies of rows count logarithmically. */
const BENT_FROM = 20;

/** Of two columns far beyond all that was learnt, either alone may have ten times the energy of both: neither is innocent. */
function bentBeyond(excess: number): number {
  const size = Math.abs(excess);
  return size <= BENT_FROM ? excess : Math.sign(excess) * BENT_FROM * (1 + Math.log(size / BENT_FROM));
}

function withCells(window: Window, other: Float32Array, cells: readonly number[]): Window {
  const data = window.data.slice();
  for (const cell of cells) data[cell] = other[cell] as number;
  return { ...window, data };
}

/** Mean row energy of each window. @throws {ModelError} for a window of another width, without rows or not finite */
export async function scoreWindows(
  scorer: RowScorer,
  windows: readonly ScoredRows[],
  width: number,
): Promise<Float64Array> {
  return meanOfRows(windows, await scorer.score(blocksOf(windows, width)));
}

type ScoredRows = Pick<Window, 'data' | 'shape' | 'finite' | 'origin' | 'sequence'>;

function blocksOf(windows: readonly ScoredRows[], width: number): RowBlock[] {
  for (const { shape, origin, sequence } of windows) {
    if (shape[1] === width && shape[0] > 0) continue;
    const found = `${origin} window ${sequence} has (${shape.join(', ')})`;
    throw new ModelError(`window: the model expects rows of width ${width}, ${found}`);
  }
  return windows.map(({ data, shape, finite }) => ({ data, rows: shape[0], finite }));
}

function meanOfRows(windows: readonly ScoredRows[], energies: Float64Array): Float64Array {
  let from = 0;
  return Float64Array.from(windows, ({ shape: [rows] }) => {
    let sum = 0;
    for (let row = from; row < from + rows; row++) sum += energies[row] as number;
    from += rows;
    return sum / rows;
  });
}
