/** Every hyper-parameter of an ensemble. Those of the DAGMMs inside are the recipe `robust` for rows of their kind. */
export interface EnsembleSettings {
  /** Frames of the stacks of each view, and the principal axes that they are whitened to. */
  readonly stackFrames: readonly number[];
  readonly stackAxes: readonly number[];
  /** Frames of the stretches that are pooled over time, of each view, the frames from one to the next, and their axes. */
  readonly pooledFrames: readonly number[];
  readonly pooledHops: readonly number[];
  readonly pooledAxes: number;
  /** DAGMMs of each view. */
  readonly members: number;
  /** Most cuts that a view learns, evenly spaced. */
  readonly mostRows: number;
  /** Most components of a wide mixture, and most cuts that it learns. */
  readonly wideComponents: number;
  readonly wideRows: number;
  /** Windows of one scoring call: a clip of 10 s is eight. */
  readonly scoringRows: number;
}

export const ENSEMBLE_SETTINGS: EnsembleSettings = {
  stackFrames: [5],
  stackAxes: [64],
  pooledFrames: [15, 31],
  pooledHops: [5, 8],
  pooledAxes: 64,
  members: 1,
  mostRows: 12_000,
  wideComponents: 8,
  wideRows: 6_000,
  scoringRows: 8,
};
