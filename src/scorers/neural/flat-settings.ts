import type { RowKind } from '../../contracts.js';
import { type DagmmSettings, settingsFor } from '../recipes.js';

export interface FlatSettings extends DagmmSettings {
  /** Share of the rows, the last ones, that the networks do not learn from: training ends when they are given back worse. */
  readonly unseenShare: number;
  /** Steps from one look at them to the next, and looks without a new best that end a phase. */
  readonly lookEvery: number;
  readonly patience: number;
}

const UNSEEN_SHARE = 0.2;
const watched = { unseenShare: UNSEEN_SHARE, lookEvery: 20, patience: 4 };

export function flatSettings(rowKind: RowKind, recipe: string, rows: number, width: number): FlatSettings {
  const base = settingsFor(rowKind, 'robust', Math.floor(rows * (1 - UNSEEN_SHARE)), width);
  const settings = recipe === 'customer' ? customer(base, rowKind, rows, width) : base;
  return { ...settings, ...watched };
}

/** Steps that few rows are given, however many epochs that takes. */
const LEAST_STEPS = 300;

/**
 * The customer's network on a flattened window: 60-30-10, latent 2, K = 2, tanh, 40 epochs of samples and 30 of log-mel, the
 * first quarter reconstruction alone. What went wrong in it is put right: z is standardised and its residual a logarithm, as
 * in `robust`, training ends before rows are learnt by heart, and a row has length 1: with columns of deviation 1, one step
 * of Adam moves a unit of 80,000 inputs by tens, tanh is saturated and the code is stuck.
 */
function customer(base: DagmmSettings, rowKind: RowKind, rows: number, width: number): DagmmSettings {
  const batchRows = Math.max(1, Math.min(base.batchRows, 32));
  const perEpoch = Math.ceil((rows * (1 - UNSEEN_SHARE)) / batchRows);
  const epochs = Math.max(rowKind === 'raw-flat' ? 40 : 30, Math.ceil(LEAST_STEPS / Math.max(1, perEpoch)));
  return {
    ...base,
    hidden: [60, 30, 10],
    code: 2,
    components: 2,
    emComponents: [2],
    batchRows,
    pretrainEpochs: Math.round(epochs / 4),
    jointEpochs: epochs - Math.round(epochs / 4),
    learningRate: 3e-4,
    scaling: 'unit-row',
    clip: 10 / Math.sqrt(width),
    whitenTo: 0,
  };
}
