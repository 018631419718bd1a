/** Hyper-parameters of the convolutional DAGMMs, as data. Science §2 and §4. */
import type { RowKind } from '../../contracts.js';

/** Every hyper-parameter of one training. Any of them may be overridden. */
export interface PictureSettings {
  /** Channels after each halving of the sides; a small picture uses the first of them. */
  readonly stages: readonly number[];
  readonly code: number;
  readonly estimatorHidden: number;
  /** Of the estimator. */
  readonly components: number;
  /** Share of the estimator's hidden units switched off in a training step. */
  readonly dropout: number;
  /** Deviation of the noise on the encoder's input while training. */
  readonly inputNoise: number;
  /** Standardised pixels are clipped at ± this. */
  readonly clip: number;
  /** Pictures of a step of each phase: small ones teach faster; a batch's mixture needs 10·K·D. */
  readonly pretrainBatch: number;
  readonly jointBatch: number;
  readonly pretrainEpochs: number;
  readonly jointEpochs: number;
  /** Share of the rows that networks never learn from, by which the best epoch is known. */
  readonly heldOut: number;
  /** Epochs without a better reconstruction of the held-out rows after which a phase ends. */
  readonly patience: number;
  readonly learningRate: number;
  /** Steps of each phase over which the rate rises: fresh moments would undo what pretraining has learnt. */
  readonly warmUpSteps: number;
  readonly weightDecay: number;
  /** Largest norm of the gradient; 0 never clips. */
  readonly clipNorm: number;
  /** λ1 of E/D and λ2 of the mean of 1/Σ_jj, beside the mean square of a pixel's error. */
  readonly lambdaEnergy: number;
  readonly lambdaPenalty: number;
  readonly epsilon: number;
  readonly fit: 'network' | 'auto';
  /** Component counts that `auto` tries by EM. */
  readonly emComponents: readonly number[];
  readonly shrink: boolean;
  /** Rows of one scoring call. */
  readonly scoringRows: number;
}

export const PICTURE_RECIPES = ['robust'] as const;

/** Rows that each component needs for each number of its latent space (science §2: batch ≥ 10·K·D). */
const ROWS_PER_LATENT = 10;

/** Steps of pretraining, and of both networks at once, at most. Noisy sound is level after 300, sharp pictures are not. */
const PRETRAIN_STEPS = { sound: 300, pictures: 600 };
const JOINT_STEPS = 40;

const HELD_OUT = 0.15;

export function pictureSettings(rowKind: RowKind, rows: number): PictureSettings {
  const code = 8;
  const learnt = Math.max(1, Math.ceil(rows * (1 - HELD_OUT)));
  const supported = Math.max(1, Math.floor(learnt / (ROWS_PER_LATENT * (code + 2))));
  const components = Math.min(2, supported);
  const pretrainBatch = Math.min(32, learnt);
  const jointBatch = Math.min(learnt, Math.max(64, ROWS_PER_LATENT * components * (code + 2)));
  return {
    stages: [32, 64, 128, 256],
    code,
    estimatorHidden: 10,
    components,
    dropout: 0.5,
    inputNoise: 0,
    clip: 10,
    pretrainBatch,
    jointBatch,
    pretrainEpochs: epochsFor(PRETRAIN_STEPS[rowKind === 'image-flat' ? 'pictures' : 'sound'], learnt, pretrainBatch),
    jointEpochs: epochsFor(JOINT_STEPS, learnt, jointBatch),
    heldOut: HELD_OUT,
    patience: 5,
    learningRate: 1e-3,
    warmUpSteps: 20,
    weightDecay: 1e-5,
    clipNorm: 1,
    lambdaEnergy: 0.1,
    lambdaPenalty: 0.005,
    epsilon: 1e-3,
    fit: 'auto',
    emComponents: [1, 2, 4].filter((k) => k <= supported),
    shrink: true,
    scoringRows: 4,
  };
}

/** Epochs that make up about so many steps, two at least. */
const epochsFor = (steps: number, rows: number, batchRows: number): number =>
  Math.max(2, Math.round(steps / Math.ceil(rows / batchRows)));
