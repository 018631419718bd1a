import * as tf from '@tensorflow/tfjs-core';
import { ModelError } from '../../contracts.js';
import type { FitOptions, FittedModel } from '../method.js';
import { recordScoring } from '../recorded.js';
import type { RowMatrix } from '../row-matrix.js';
import { meanRowOf } from '../training-rows.js';
import type { LEVEL_DISTANCE } from './defaults.js';
import { fittedModel } from './rows.js';
import type { Values } from './settings.js';

/**
 * max(0, |L − mean L| − dead zone), dB. The dead zone keeps it a control where clips were brought to one level: what is left
 * then is hundredths of a decibel, since a window is not quite the whole clip, and a rank of those says nothing.
 * @throws {ModelError} when a row is not one level
 */
export function fitLevelDistance(
  rows: RowMatrix,
  settings: Values<typeof LEVEL_DISTANCE>,
  options: FitOptions,
): FittedModel {
  if (rows.width !== 1) throw new ModelError(`level-distance: expected one level a row, found ${rows.width} numbers`);
  const [mean = 0] = meanRowOf(rows);
  const onnx = recordScoring(
    'level-distance',
    1,
    ([level]) => {
      const away = tf.sub(tf.abs(tf.sub(level as tf.Tensor, mean)), settings.deadZoneDb);
      return [tf.reshape(tf.relu(away), [-1])];
    },
    ['energy'],
  );
  return fittedModel(rows, options, onnx, { ...settings, meanDb: mean });
}
