import type { AudioFeatureSpec, FeatureSpec, TableSpec } from '../contracts.js';
import { pooledStatistics } from './pooled.js';
import { windowSamples } from './sound-rows.js';

/** Numbers in one row that a scorer sees. */
export function rowWidth(spec: FeatureSpec): number {
  switch (spec.kind) {
    case 'mel-frames':
      return spec.stackFrames * spec.mel.melBands;
    case 'mel-flat':
      return spec.windowFrames * spec.mel.melBands;
    case 'mel-pooled':
      return pooledStatistics(spec) * spec.mel.melBands;
    case 'raw-flat':
      return windowSamples(spec);
    case 'level':
      return 1;
    case 'image-flat':
      return spec.width * spec.height * spec.channels;
    case 'table':
      return spec.columns.reduce((width, column) => width + columnWidth(column), 0);
  }
}

/** Shape of one row, row-major: [frames, bands], [height, width, channels], … */
export function rowShape(spec: FeatureSpec): readonly number[] {
  switch (spec.kind) {
    case 'mel-frames':
      return [spec.stackFrames, spec.mel.melBands];
    case 'mel-flat':
      return [spec.windowFrames, spec.mel.melBands, 1];
    case 'mel-pooled':
      return [pooledStatistics(spec), spec.mel.melBands];
    case 'image-flat':
      return [spec.height, spec.width, spec.channels];
    default:
      return [rowWidth(spec)];
  }
}

/** True for every kind of sound features. */
export const isSound = (spec: FeatureSpec): spec is AudioFeatureSpec =>
  spec.kind !== 'image-flat' && spec.kind !== 'table';

/** Rows of one window. */
export function rowsPerWindow(spec: FeatureSpec): number {
  return spec.kind === 'mel-frames' ? spec.windowFrames - spec.stackFrames + 1 : 1;
}

/**
 * Frames from one window to the next when a clip is scored: windows of frame stacks lie side by side, so that every
 * stack counts once; others as the spec says.
 */
export function clipHopFrames(spec: AudioFeatureSpec): number {
  return spec.kind === 'mel-frames' ? rowsPerWindow(spec) : spec.hopFrames;
}

/** 1 for a numeric column, the number of categories for a categorical one. */
export function columnWidth(column: TableSpec['columns'][number]): number {
  return column.type === 'numeric' ? 1 : column.categories.length;
}

/** Time that one window covers, ms. */
export function windowMs(spec: AudioFeatureSpec): number {
  return (windowSamples(spec) / spec.mel.sampleRateHz) * 1000;
}

/** Time from one window to the next, ms. */
export function hopMs(spec: AudioFeatureSpec): number {
  return ((spec.hopFrames * spec.mel.hopSamples) / spec.mel.sampleRateHz) * 1000;
}
