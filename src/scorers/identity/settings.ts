import { type DagmmSettings, settingsFor } from '../recipes.js';

/** Numbers that a picture has of each band: mean, deviation and change. */
export const STATISTICS = 3;

export interface IdentitySettings extends DagmmSettings {
  /** λ3: weight of telling the machine from pseudo-classes. */
  readonly lambdaIdentity: number;
  /** ArcFace's s and m. */
  readonly arcScale: number;
  readonly arcMargin: number;
  /** Share of the rows, the last ones, that the networks do not learn from: a phase keeps what gives them back best. */
  readonly unseenShare: number;
  readonly lookEvery: number;
  readonly patience: number;
}

/** Few rows make few steps an epoch. */
const PRETRAIN_STEPS = 300;
const JOINT_STEPS = 900;

/** `robust` on the statistics of so many pictures. @param width numbers of a picture's statistics */
export function identitySettings(rows: number, width: number): IdentitySettings {
  const base = settingsFor('mel-flat', 'robust', rows, width);
  const batchRows = Math.max(1, Math.min(rows, 64));
  const perEpoch = Math.max(1, Math.ceil((rows * (1 - UNSEEN_SHARE)) / batchRows));
  return {
    ...base,
    batchRows,
    pretrainEpochs: Math.max(2, Math.ceil(PRETRAIN_STEPS / perEpoch)),
    jointEpochs: Math.max(3, Math.ceil(JOINT_STEPS / perEpoch)),
    ...{ lambdaIdentity: 1, arcScale: 30, arcMargin: 0.5 },
    ...{ unseenShare: UNSEEN_SHARE, lookEvery: 40, patience: 4 },
  };
}

const UNSEEN_SHARE = 0.2;
