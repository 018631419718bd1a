/** Looked up by the service, which must not load TensorFlow.js or protobuf: the method is imported when it fits. */
import { ConfigError, ModelError } from '../../contracts.js';
import type { Method } from '../method.js';
import { DEFAULTS, type EncoderKnnSettings } from './settings.js';

export const encoderKnn: Method = {
  name: 'encoder-knn',
  source: 'Wilkinghoff et al., Keeping the Balance: Anomaly Score Calculation for Domain Generalization, ICASSP 2025',
  recipes: ['standard'],
  rowKinds: ['raw-flat'],
  defaults: () => DEFAULTS,
  async fit(rows, options) {
    if (options.rowKind !== 'raw-flat')
      throw new ModelError(`encoder-knn: expected rows of samples, found ${options.rowKind}`);
    const settings = { ...DEFAULTS, ...options.settings } as EncoderKnnSettings;
    if (!(settings.neighbours >= 1))
      throw new ConfigError(`encoder-knn neighbours: expected ≥ 1, found ${settings.neighbours}`);
    const { fitEncoderKnn } = await import('./encoder-knn.js');
    return fitEncoderKnn(rows, settings, options);
  },
};
