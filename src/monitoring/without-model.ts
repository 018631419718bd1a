/** What a feed is judged by before it has a model: nothing is ever anomalous, sensor faults still are faults. */
import type { Calibration, HorizonCalibration } from '../contracts.js';

const horizon: HorizonCalibration = {
  smoothing: { kind: 'mean', windows: 1 },
  sorted: [0],
  independent: 1,
  maximum: Number.MAX_VALUE,
  clearBelow: Number.MAX_VALUE,
  tail: null,
};

export function calibrationWithoutModel(windowMs: number, hopMs: number): Calibration {
  return { windowMs, hopMs, observedMs: windowMs, short: horizon, long: null, level: null, descriptors: null };
}
