/** Looked up by the service, which must not load TensorFlow.js or protobuf: the method is imported when it fits. */
import { ConfigError, ModelError } from '../../contracts.js';
import type { Hyperparameters, Method } from '../method.js';
import { SCORING_ROWS } from '../recipes.js';

export interface EncoderKnnSettings extends Hyperparameters {
  /** ONNX files that follow each other, separated by commas; '' is the one that comes with Auscult. */
  readonly encoder: string;
  /** As {@link EncoderManner}; 0: what is known of the encoder, else nothing is changed. */
  readonly inputScale: number;
  readonly stageScale: number;
  readonly stageShift: number;
  readonly stageHop: number;
  /** K: neighbours that say how densely normals lie. */
  readonly neighbours: number;
  /** Normal windows that are kept at most. */
  readonly rows: number;
  readonly scoringRows: number;
}

const DEFAULTS: EncoderKnnSettings = {
  encoder: '',
  ...{ inputScale: 0, stageScale: 0, stageShift: 0, stageHop: 0 },
  neighbours: 16,
  rows: 5_000,
  scoringRows: SCORING_ROWS['raw-flat'],
};

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
