/** The two phases of a convolutional DAGMM: what each learns, from which pictures, and what it is watched by. */
import type { HostTensor } from '../../engine/index.js';
import type { Phase } from '../phases.js';
import { openRandom } from '../random.js';
import { TrainingPlan } from '../training-plan.js';
import { initialRunning } from './batch-norm.js';
import type { HeldOutErrors } from './held-out-errors.js';
import { autoencoderSize, initialPictureEstimator, normsOf } from './network.js';
import { type PictureShape, pictureSize } from './picture-shape.js';
import type { PictureSettings } from './settings.js';
import { jointStep, pretrainStep } from './steps.js';

export interface PicturePhases {
  readonly shape: PictureShape;
  readonly settings: PictureSettings;
  /** (N, H, W, C), standardised */
  readonly pictures: HostTensor;
  readonly errors: HeldOutErrors;
  readonly seed: number;
}

/** A native call takes about this many pictures: a second or two, after which a training can be cancelled. */
const PICTURES_PER_CALL = 256;

/** Reconstruction alone, then both networks at once. */
export function picturePhases(training: PicturePhases): Phase[] {
  const { settings, shape, pictures, seed } = training;
  const { pretrainBatch, pretrainEpochs, jointBatch, jointEpochs } = settings;
  const pretrain: Phase = {
    ...phaseOf(training, 'pretrain', pretrainBatch, pretrainEpochs),
    step: pretrainStep(shape, settings),
    begin: (parameters) => ({ parameters, data: [pictures], extra: runningFrom(shape) }),
  };
  const joint: Phase = {
    ...phaseOf(training, 'joint', jointBatch, jointEpochs),
    step: jointStep(shape, settings),
    begin: (parameters, extra) => ({
      parameters: withEstimator(shape, parameters, seed),
      data: [pictures],
      extra: extra.length > 0 ? extra : runningFrom(shape),
    }),
  };
  return pretrainEpochs > 0 ? [pretrain, joint] : [joint];
}

function runningFrom(shape: PictureShape): HostTensor[] {
  const data = initialRunning(normsOf(shape));
  return data.length > 0 ? [{ data, shape: [data.length] }] : [];
}

function withEstimator(shape: PictureShape, parameters: Float32Array, seed: number): Float32Array {
  const autoencoder = parameters.subarray(0, autoencoderSize(shape));
  const estimator = initialPictureEstimator(shape, openRandom(seed, 'estimator'));
  const both = new Float32Array(autoencoder.length + estimator.length);
  both.set(autoencoder);
  both.set(estimator, autoencoder.length);
  return both;
}

function phaseOf(
  { settings, shape, pictures, errors, seed }: PicturePhases,
  name: 'pretrain' | 'joint',
  batchRows: number,
  epochs: number,
): Pick<Phase, 'name' | 'shown' | 'plan' | 'watch' | 'stepsPerCall'> {
  const { dropout, inputNoise, patience } = settings;
  const rows = pictures.shape[0] as number;
  const masked = name === 'joint' && dropout > 0;
  const plan = new TrainingPlan({
    ...{ seed, phase: name, rows, batchRows, epochs },
    mask: masked ? { shape: [batchRows, shape.estimatorHidden], keep: 1 - dropout } : null,
    noise: inputNoise > 0 ? { shape: [batchRows, pictureSize(shape)], deviation: inputNoise } : null,
  });
  const watch = { everySteps: Math.ceil(rows / batchRows), patience, look: errors.of };
  return { name, shown: name, plan, watch, stepsPerCall: Math.max(1, Math.round(PICTURES_PER_CALL / batchRows)) };
}
