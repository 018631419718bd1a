import type { AudioFeatureSpec, FeatureSpec, TableSpec } from '../contracts.js';

/** Numbers in one row that a scorer sees. */
export function rowWidth(spec: FeatureSpec): number {
  switch (spec.kind) {
    case 'mel-frames':
      return spec.stackFrames * spec.mel.melBands;
    case 'mel-flat':
      return spec.windowFrames * spec.mel.melBands;
    case 'image-flat':
      return spec.width * spec.height * spec.channels;
    case 'table':
      return spec.columns.reduce((width, column) => width + columnWidth(column), 0);
  }
}

/** Rows of one window. */
export function rowsPerWindow(spec: FeatureSpec): number {
  return spec.kind === 'mel-frames' ? spec.windowFrames - spec.stackFrames + 1 : 1;
}

/** 1 for a numeric column, the number of categories for a categorical one. */
export function columnWidth(column: TableSpec['columns'][number]): number {
  return column.type === 'numeric' ? 1 : column.categories.length;
}

/** Time that one window covers, ms. */
export function windowMs(spec: AudioFeatureSpec): number {
  return (((spec.windowFrames - 1) * spec.mel.hopSamples + spec.mel.fftSize) / spec.mel.sampleRateHz) * 1000;
}

/** Time from one window to the next, ms. */
export function hopMs(spec: AudioFeatureSpec): number {
  return ((spec.hopFrames * spec.mel.hopSamples) / spec.mel.sampleRateHz) * 1000;
}
