import type { Hyperparameters } from '../method.js';
import { SCORING_ROWS } from '../recipes.js';

export interface EncoderKnnSettings extends Hyperparameters {
  /** ONNX files that follow each other, separated by commas; '' is the one that comes with Auscult. */
  readonly encoder: string;
  /** As `EncoderManner`; 0: what is known of the encoder, else nothing is changed. */
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

export const DEFAULTS: EncoderKnnSettings = {
  encoder: '',
  ...{ inputScale: 0, stageScale: 0, stageShift: 0, stageHop: 0 },
  neighbours: 16,
  rows: 5_000,
  scoringRows: SCORING_ROWS['raw-flat'],
};
