import type { AudioFeatureSpec, ContributionAxis, FeatureSpec, MelFramesSpec, MelSpec } from '../contracts.js';
import { bandLabels } from '../features/mel-filters.js';
import { pooledStatistics } from '../features/pooled.js';
import { columnWidth, rowWidth } from '../features/spec-sizes.js';

/** Cells of a window that are put back to normal together; positions in its data. */
export interface OcclusionGroup {
  readonly label: string;
  readonly cells: readonly number[];
}

export interface OcclusionAxis {
  readonly axis: ContributionAxis['axis'];
  readonly groups: readonly OcclusionGroup[];
}

/** Pictures are judged by blocks of so many pixels a side. */
const BLOCK_PIXELS = 8;
/** Sound is judged by stretches of about this long. */
const STRETCH_SECONDS = 0.2;

/** The parts by which a window's energy is explained: bands and times, blocks of pixels, or columns. */
export function occlusionAxes(spec: FeatureSpec, rows: number): OcclusionAxis[] {
  switch (spec.kind) {
    case 'mel-frames':
      return soundAxes(spec.mel, rows, spec.stackFrames);
    case 'mel-flat':
      return soundAxes(spec.mel, rows, spec.windowFrames);
    case 'mel-pooled':
      return [{ axis: 'band', groups: pooledBands(spec.mel, pooledStatistics(spec)) }];
    case 'raw-flat':
      return [{ axis: 'second', groups: sampleStretches(spec.mel, rowWidth(spec)) }];
    case 'level':
      return [];
    case 'image-flat':
      return [{ axis: 'pixel', groups: pixelBlocks(spec.width, spec.height, spec.channels) }];
    case 'table':
      return [{ axis: 'column', groups: columnGroups(spec, rows) }];
  }
}

/** All statistics of a band together. */
const pooledBands = (mel: MelSpec, statistics: number): OcclusionGroup[] =>
  bandLabels(mel).map((label, band) => ({
    label,
    cells: Array.from({ length: statistics }, (_, i) => i * mel.melBands + band),
  }));

function sampleStretches({ sampleRateHz }: MelSpec, samples: number): OcclusionGroup[] {
  const length = Math.round(STRETCH_SECONDS * sampleRateHz);
  return Array.from({ length: Math.floor(samples / length) }, (_, i) => ({
    label: `${(i * STRETCH_SECONDS).toFixed(1)} s`,
    cells: Array.from({ length }, (_, at) => i * length + at),
  }));
}

/** Cell (row, position, band) is frame row + position. Time is put back only within a single row, frame by frame. */
function soundAxes(mel: MelSpec, rows: number, stack: number): OcclusionAxis[] {
  const bands = bandLabels(mel).map((label) => ({ label, cells: [] as number[] }));
  const { labels, frames } = stretchesOf(mel, stack);
  const stretches = labels.map((label) => ({ label, cells: [] as number[] }));
  let cell = 0;
  for (let row = 0; row < rows; row++) {
    for (let position = 0; position < stack; position++) {
      const stretch = Math.min(stretches.length - 1, Math.floor(position / frames));
      for (let band = 0; band < mel.melBands; band++, cell++) {
        bands[band]?.cells.push(cell);
        stretches[stretch]?.cells.push(cell);
      }
    }
  }
  const byBand: OcclusionAxis = { axis: 'band', groups: bands };
  return rows > 1 ? [byBand] : [byBand, { axis: 'second', groups: stretches }];
}

/**
 * Share of each stretch of time in a window of several rows: exact, because the window's energy is the mean of its
 * rows'. A row counts at its middle frame.
 * @param energies of the rows   @param normal energy of a usual row
 */
export function energyByTime(
  { mel, stackFrames }: MelFramesSpec,
  energies: Float64Array,
  normal: number,
): ContributionAxis {
  const { labels, frames } = stretchesOf(mel, energies.length + stackFrames - 1);
  const values = labels.map(() => 0);
  for (const [row, energy] of energies.entries()) {
    const stretch = Math.min(labels.length - 1, Math.floor((row + (stackFrames >> 1)) / frames));
    values[stretch] = (values[stretch] ?? 0) + (energy - normal) / energies.length;
  }
  return { axis: 'second', labels, values };
}

/** Length of one part of the axis `second`, ms. */
export function stretchMs({ kind, mel }: AudioFeatureSpec): number {
  if (kind === 'raw-flat') return 1000 * STRETCH_SECONDS;
  return (1000 * stretchesOf(mel, 1).frames * mel.hopSamples) / mel.sampleRateHz;
}

/** Each group with the one before and the one after it. */
export const withNeighbours = (groups: readonly OcclusionGroup[]): OcclusionGroup[] =>
  groups.map(({ label }, i) => ({
    label,
    cells: groups.slice(Math.max(0, i - 1), i + 2).flatMap(({ cells }) => cells),
  }));

/** Labels of the stretches that so many frames make, and the frames of one. */
function stretchesOf(mel: MelSpec, frames: number): { labels: string[]; frames: number } {
  const frameSeconds = mel.hopSamples / mel.sampleRateHz;
  const length = Math.max(1, Math.round(STRETCH_SECONDS / frameSeconds));
  const count = Math.max(1, Math.floor(frames / length));
  return {
    labels: Array.from({ length: count }, (_, i) => `${(i * length * frameSeconds).toFixed(1)} s`),
    frames: length,
  };
}

function pixelBlocks(width: number, height: number, channels: number): OcclusionGroup[] {
  const groups: OcclusionGroup[] = [];
  for (let top = 0; top < height; top += BLOCK_PIXELS) {
    for (let left = 0; left < width; left += BLOCK_PIXELS) {
      const [right, bottom] = [Math.min(left + BLOCK_PIXELS, width), Math.min(top + BLOCK_PIXELS, height)];
      const cells: number[] = [];
      for (let y = top; y < bottom; y++)
        for (let at = left; at < right; at++)
          for (let c = 0; c < channels; c++) cells.push((y * width + at) * channels + c);
      groups.push({ label: `x ${left}–${right - 1}, y ${top}–${bottom - 1}`, cells });
    }
  }
  return groups;
}

function columnGroups(spec: Extract<FeatureSpec, { kind: 'table' }>, rows: number): OcclusionGroup[] {
  const width = rowWidth(spec);
  let from = 0;
  return spec.columns.map((column) => {
    const start = from;
    from += columnWidth(column);
    const cells: number[] = [];
    for (let row = 0; row < rows; row++) for (let j = start; j < from; j++) cells.push(row * width + j);
    return { label: column.name, cells };
  });
}
