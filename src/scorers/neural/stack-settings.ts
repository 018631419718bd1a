/** How the published baselines on stacks of frames are built and trained. */
import type { Hyperparameters } from '../method.js';
import { SCORING_ROWS } from '../recipes.js';
import { PHASE_STEPS } from './settings.js';

export interface StackSettings extends Hyperparameters {
  readonly hidden: readonly number[];
  readonly code: number;
  readonly batchNorm: boolean;
  readonly batchRows: number;
  readonly epochs: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  /** Largest norm of the gradient; 0 never clips. */
  readonly clipNorm: number;
  readonly scoringRows: number;
}

/** What a publication states. */
export type PublishedStack = Pick<StackSettings, 'hidden' | 'code' | 'batchNorm' | 'batchRows' | 'epochs'>;

/** `standard-full` is `standard` with the publication's epochs, however many clips there are. */
export const STACK_RECIPES = ['standard', 'standard-full'];

/** A few clips make so few steps an epoch that the published epochs would leave a network untrained. */
const LEAST_STEPS = 1_000;

/** Published epochs within 1,000 and 4,000 steps. */
export function stackSettings(published: PublishedStack, recipe: string, rows: number): StackSettings {
  const batchRows = Math.min(published.batchRows, rows);
  const perEpoch = Math.ceil(rows / batchRows);
  const steps = Math.min(PHASE_STEPS, Math.max(LEAST_STEPS, published.epochs * perEpoch));
  return {
    ...published,
    batchRows,
    epochs: recipe === 'standard-full' ? published.epochs : Math.max(1, Math.round(steps / perEpoch)),
    learningRate: 1e-3,
    weightDecay: 0,
    clipNorm: 0,
    scoringRows: SCORING_ROWS['mel-frames'],
  };
}
