import {
  type Contribution,
  type ContributionAxis,
  type Manifest,
  ModelError,
  type Scorer,
  type Window,
} from '../contracts.js';
import type { SessionOptions } from '../engine/session.js';
import { type FeatureRequirements, requireFeatures } from './manifest.js';
import { energyByTime, type OcclusionGroup, occlusionAxes } from './occlusion.js';
import { readPackage } from './package-files.js';
import { type RowBlock, RowScorer } from './row-scorer.js';

export interface ScorerOptions extends SessionOptions {
  /** What the feed's configuration asks of the model's features; a difference is refused. */
  readonly features?: FeatureRequirements;
}

/**
 * Opens a model package for scoring: ONNX Runtime alone, no TensorFlow.js. The caller closes it.
 * @throws {ModelError} when the package is broken or its features are not the ones asked for
 */
export async function openScorer(folder: string, options: ScorerOptions = {}): Promise<Scorer> {
  const { manifest, onnx } = await readPackage(folder);
  if (options.features) requireFeatures(manifest, options.features, folder);
  const { width, scoringRows } = manifest.input;
  const threads = options.threads ?? manifest.engine.threads;
  const rows = await RowScorer.open(onnx, { width, scoringRows, device: options.device, threads });
  return new PackageScorer(manifest, rows);
}

/** Windows with one part put back to normal that are scored together. */
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
  ) {}

  score(windows: readonly Window[]): Promise<Float64Array> {
    return scoreWindows(this.rows, windows, this.manifest.input.width);
  }

  /**
   * Bands, pixels and columns by occlusion: how far the energy falls when one part of the window is put back to the
   * training mean. Time by the energies of the rows, where there are several.
   */
  async explain(window: Window): Promise<Contribution> {
    const { features } = this.manifest;
    const parts = await this.#occlude(window);
    if (features.kind !== 'mel-frames') return parts;
    return { ...parts, axes: [...parts.axes, energyByTime(features, await this.#rowEnergies(window), this.#normal)] };
  }

  /** Energy of a usual held-out window. */
  get #normal(): number {
    const { sorted } = this.manifest.calibration.short;
    return sorted[sorted.length >> 1] ?? 0;
  }

  #rowEnergies({ data, shape }: Window): Promise<Float64Array> {
    return this.rows.score([{ data, rows: shape[0] }]);
  }

  async #occlude(window: Window): Promise<Contribution> {
    const axes = occlusionAxes(this.manifest.features, window.shape[0]);
    const [energy = Number.NaN] = await this.score([window]);
    const found: ContributionAxis[] = [];
    for (const { axis, groups } of axes) {
      const values = (await this.#energiesWithout(window, groups)).map((without) => energy - without);
      found.push(mostToBlame({ axis, labels: groups.map(({ label }) => label), values }));
    }
    return { energy, axes: found };
  }

  /** A few at a time: the variants of a row of 10,000 columns together are 400 MB. */
  async #energiesWithout(window: Window, groups: readonly OcclusionGroup[]): Promise<number[]> {
    const atOnce = Math.max(1, Math.floor(VARIANT_BYTES / window.data.byteLength));
    const energies: number[] = [];
    for (let from = 0; from < groups.length; from += atOnce) {
      const variants = groups.slice(from, from + atOnce).map(({ cells }) => this.#occluded(window, cells));
      energies.push(...(await this.score(variants)));
    }
    return energies;
  }

  #occluded(window: Window, cells: readonly number[]): Window {
    const { width, meanRow } = this.manifest.input;
    const data = window.data.slice();
    for (const cell of cells) data[cell] = meanRow[cell % width] as number;
    return { ...window, data };
  }

  close(): Promise<void> {
    return this.rows.close();
  }
}

/** Mean row energy of each window. @throws {ModelError} for a window of another width, without rows or not finite */
export async function scoreWindows(
  scorer: RowScorer,
  windows: readonly Pick<Window, 'data' | 'shape' | 'finite' | 'origin' | 'sequence'>[],
  width: number,
): Promise<Float64Array> {
  for (const { shape, origin, sequence } of windows) {
    if (shape[1] === width && shape[0] > 0) continue;
    const found = `${origin} window ${sequence} has (${shape.join(', ')})`;
    throw new ModelError(`window: the model expects rows of width ${width}, ${found}`);
  }
  const blocks: RowBlock[] = windows.map(({ data, shape, finite }) => ({ data, rows: shape[0], finite }));
  const energies = await scorer.score(blocks);
  let from = 0;
  return Float64Array.from(windows, ({ shape: [rows] }) => {
    let sum = 0;
    for (let row = from; row < from + rows; row++) sum += energies[row] as number;
    from += rows;
    return sum / rows;
  });
}
