/** Recipes (how the DAGMM is trained on rows of a kind), as data. Science §1–2. */
import { ConfigError, type RowKind } from '../contracts.js';
import { type TransformOptions, whitenedWidth } from './input-transform.js';
import type { ShrinkTarget } from './mixture-fit.js';
import { latentSize, type NetworkShape, type ResidualKind, residualSize } from './network-shape.js';

/** `paper-full` is `paper` with the paper's own epoch counts, however long they take. */
export const RECIPES = ['paper', 'paper-full', 'robust'] as const;

/** Every hyper-parameter of one training. Any of them may be overridden. */
export interface DagmmSettings extends TransformOptions {
  readonly hidden: readonly number[];
  readonly code: number;
  readonly estimatorHidden: number;
  readonly components: number;
  /** Share of the estimator's hidden units switched off in a training step. */
  readonly dropout: number;
  readonly residual: ResidualKind;
  /** Standardise z with batch statistics while training and whole-set statistics after. */
  readonly standardiseLatent: boolean;
  /** Deviation of the noise on the encoder's input while training. */
  readonly inputNoise: number;
  readonly batchRows: number;
  /** Passes of reconstruction alone, then of the whole objective. */
  readonly pretrainEpochs: number;
  readonly jointEpochs: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  /** Largest norm of the gradient; 0 never clips. */
  readonly clipNorm: number;
  readonly lambdaEnergy: number;
  readonly lambdaPenalty: number;
  /** Use λ1·E/D and the mean of 1/Σ_jj instead of λ1·E and the sum. */
  readonly perDimension: boolean;
  /** ε on every Σ, while training and in the final fit. */
  readonly epsilon: number;
  readonly fit: 'network' | 'auto';
  /** Component counts that `auto` tries by EM. */
  readonly emComponents: readonly number[];
  /** Component counts to try for a second mixture, of [z, x]; empty: there is none. */
  readonly wideComponents: readonly number[];
  /** Most rows of a kernel density beside the mixtures; 0: there is none. */
  readonly kernelRows: number;
  /** Principal axes that its rows are whitened to; 0: they stay as they are scaled. */
  readonly kernelAxes: number;
  /** Most Gaussians of each column's own density beside the mixtures; 0: columns are not judged by themselves. */
  readonly columnCentres: number;
  readonly shrink: boolean;
  /** Towards the covariance of all rows, or the mean of the components' own. */
  readonly shrinkTo: ShrinkTarget;
  /** DAGMMs that are trained on the same rows from other random numbers; the model's energy is the mean of theirs. */
  readonly members: number;
  /** Size of z_c of the second half of the members, whose K is `components`; 0: as the others'. */
  readonly narrowCode: number;
  /** Rows of one scoring call. */
  readonly scoringRows: number;
}

/** Rows of every scoring call: two 1-s windows of frames; a batch of rows or pictures. */
export const SCORING_ROWS: Readonly<Record<RowKind, number>> = {
  'mel-frames': 64,
  'mel-flat': 8,
  'mel-pooled': 16,
  'raw-flat': 4,
  level: 16,
  'image-flat': 8,
  table: 64,
};

/** Rows that each component needs for each number of its latent space (science §2: batch ≥ 10·K·D). */
const ROWS_PER_LATENT = 10;

/** Settings of a recipe for so many rows of a kind and a width. @throws {ConfigError} for an unknown recipe */
export function settingsFor(rowKind: RowKind, recipe: string, rows: number, width: number): DagmmSettings {
  if (!isOneOf(RECIPES, recipe))
    throw new ConfigError(`recipe: expected one of ${RECIPES.join(', ')}, found "${recipe}"`);
  const scoringRows = SCORING_ROWS[rowKind];
  if (recipe === 'robust') return robust(rowKind, rows, width, scoringRows);
  return paper(rowKind, rows, width, scoringRows, recipe === 'paper-full');
}

const isOneOf = <T extends string>(names: readonly T[], name: string): name is T =>
  names.some((known) => known === name);

/**
 * Zong et al., ICLR 2018. Tables: the paper's networks by width (KDDCUP 60-30-10-1, Arrhythmia 10-2, Thyroid 12-4-1)
 * and its step budgets; sounds and pictures: the customer's latent 2, K = 2.
 */
function paper(rowKind: RowKind, rows: number, width: number, scoringRows: number, full: boolean): DagmmSettings {
  const wide = width > 200;
  const table = wide ? ARRHYTHMIA : width > 20 ? KDDCUP : THYROID;
  const network = rowKind === 'table' ? table : SOUND_OR_PICTURE;
  const batchRows = Math.min(network.batchRows, rows);
  const { steps, epochs, ...shape } = network;
  return {
    ...shape,
    estimatorHidden: 10,
    dropout: 0.5,
    residual: 'paper',
    standardiseLatent: false,
    inputNoise: 0,
    batchRows,
    pretrainEpochs: 0,
    jointEpochs: full && epochs ? epochs : epochsFor(steps, rows, batchRows, 40, 20_000),
    learningRate: 1e-4,
    weightDecay: 0,
    clipNorm: 0,
    lambdaEnergy: 0.1,
    lambdaPenalty: 0.005,
    perDimension: false,
    epsilon: 1e-6,
    fit: 'network',
    emComponents: [],
    wideComponents: [],
    kernelRows: 0,
    kernelAxes: 0,
    columnCentres: 0,
    shrink: false,
    shrinkTo: 'all',
    members: 1,
    narrowCode: 0,
    scaling: 'min-max',
    clip: 10,
    whitenTo: 0,
    whitenAboveWidth: Number.MAX_SAFE_INTEGER,
    whitenBelowRowsPerColumn: 0,
    scoringRows,
  };
}

/** 38,800 steps are 200 epochs of half of KDDCUP: after half of them one fit in a few is still far from its end. */
const KDDCUP = { hidden: [60, 30, 10], code: 1, components: 4, batchRows: 1024, steps: 38_800, epochs: 200 };
const ARRHYTHMIA = { hidden: [10], code: 2, components: 2, batchRows: 128, steps: 20_000, epochs: 10_000 };
const THYROID = { hidden: [12, 4], code: 1, components: 2, batchRows: 1024, steps: 40_000, epochs: 20_000 };
/** No paper's: epochs follow from the steps. */
const SOUND_OR_PICTURE = { hidden: [60, 30, 10], code: 2, components: 2, batchRows: 1024, steps: 4_000, epochs: 0 };

/** Frames and pictures have one DAGMM; tables and pooled sound several. */
function robust(rowKind: RowKind, rows: number, width: number, scoringRows: number): DagmmSettings {
  const base = robustBase(rowKind, rows, width, scoringRows);
  if (rowKind === 'table') return { ...base, ...robustTable(rows, width) };
  return rowKind === 'mel-pooled' ? { ...base, ...robustPooled(rows, width) } : base;
}

/**
 * Sound pooled over time has little noise left, and what is normal (the machine, with each of the other sounds of the place)
 * is several clusters: a code that loses little, and as many components as held-out rows want.
 */
function robustPooled(rows: number, width: number): Partial<DagmmSettings> {
  const kernelAxes = Math.min(64, width);
  return {
    code: Math.min(32, width),
    members: 3,
    emComponents: [1, 2, 4, 8].filter((k) => k === 1 || k * ROWS_PER_SOUND_CLUSTER <= rows),
    kernelRows: rows >= ROWS_PER_SOUND_AXIS * kernelAxes ? 8_000 : 0,
    kernelAxes,
  };
}

/** Windows overlap: so many are some 17 that share no sample. */
const ROWS_PER_SOUND_CLUSTER = 150;
/**
 * Along the last axes of few different sounds every new one is far away, and without those axes a kernel density tells little:
 * so many rows stand behind each, or there is none.
 */
const ROWS_PER_SOUND_AXIS = 150;

/** Wide tables are whitened. Of narrower ones with few rows it would keep too little: an axis for every four rows. */
const TABLE_WHITENING = { whitenTo: 100, whitenAboveWidth: 200, whitenBelowRowsPerColumn: 0, rowsPerComponent: 4 };

/** Fewer rows a column are learnt by heart in hundreds of epochs. */
const FEW_ROWS_PER_COLUMN = 10;

/**
 * Columns bent towards bells. A narrow code tells what the rows have in common; a second mixture, of the code and the row
 * itself, loses nothing, and has as many components as held-out rows want. Of large tables a member with a wide code takes its
 * place. Whitened rows are clipped nearer: principal axes should not be those of a few outliers. Many rows are learnt for longer.
 */
function robustTable(rows: number, width: number): Partial<DagmmSettings> {
  const whitened = whitenedWidth(rows, width, TABLE_WHITENING);
  const seen = whitened || width;
  const code = Math.min(8, Math.ceil(seen / 2));
  const supported = Math.max(1, Math.floor(rows / (ROWS_PER_LATENT * (code + 2))));
  const components = Math.min(rows > LARGE_TABLE ? 4 : 2, supported);
  const candidates = candidatesFrom(1, ROWS_PER_CANDIDATE, rows);
  const few = whitened > 0 || rows < FEW_ROWS_PER_COLUMN * width;
  return {
    hidden: [64],
    ...(few ? {} : { pretrainEpochs: epochsFor(1_200, rows, Math.min(rows, 1_024), 2, 600) }),
    components,
    ...(rows > LARGE_TABLE
      ? { members: 2, code: Math.min(32, seen), emComponents: candidates, narrowCode: code }
      : {
          members: 4,
          code,
          emComponents: candidatesFrom(components, ROWS_PER_LATENT_CANDIDATE, rows),
          wideComponents: candidates,
          columnCentres: 32,
        }),
    kernelRows: 8_000,
    shrinkTo: 'components',
    scaling: 'power',
    clip: whitened > 0 ? 4 : 10,
    ...TABLE_WHITENING,
  };
}

/** Beyond so many rows a mixture of the row itself would take as long as all else, and a wide code learns what they hold. */
const LARGE_TABLE = 50_000;

/** Mean rows of a component, at least, for its K to be tried: of wide mixtures, and of the narrow ones beside them. */
const ROWS_PER_CANDIDATE = 8;
const ROWS_PER_LATENT_CANDIDATE = 100;

/** `usual` and every K of 1 to 32 that so many rows support, ascending. */
const candidatesFrom = (usual: number, rowsEach: number, rows: number): number[] =>
  [1, 2, 4, 8, 16, 32].filter((k) => k === usual || rowsEach * k <= rows);

/**
 * Science §2: one hidden layer, standardised z, log residual, PCA-whitened wide input, EM where held-out rows prefer it.
 * K: 2, or 4 for frames of sound and many rows, never more than the rows support.
 */
function robustBase(rowKind: RowKind, rows: number, width: number, scoringRows: number): DagmmSettings {
  const whitening = { whitenTo: 64, whitenAboveWidth: 200, whitenBelowRowsPerColumn: 10 };
  const seen = whitenedWidth(rows, width, whitening) || width;
  const code = Math.min(8, Math.ceil(seen / 2));
  const supported = Math.max(1, Math.floor(rows / (ROWS_PER_LATENT * (code + 2))));
  const components = Math.min(rowKind === 'mel-frames' || rows > 50_000 ? 4 : 2, supported);
  const batchRows = Math.min(rows, 1_024);
  return {
    hidden: [seen > 16 ? 64 : 32],
    code,
    estimatorHidden: 10,
    components,
    dropout: 0.5,
    residual: 'robust',
    standardiseLatent: true,
    inputNoise: 0,
    batchRows,
    pretrainEpochs: epochsFor(600, rows, batchRows, 2, 80),
    jointEpochs: epochsFor(600, rows, batchRows, 3, 80),
    learningRate: 1e-3,
    weightDecay: 1e-5,
    clipNorm: 1,
    lambdaEnergy: 0.1,
    lambdaPenalty: 0.005,
    perDimension: true,
    epsilon: 1e-3,
    fit: 'auto',
    emComponents: rowKind === 'mel-frames' ? [4, 8].filter((k) => k <= supported) : [components],
    wideComponents: [],
    kernelRows: 0,
    kernelAxes: 0,
    columnCentres: 0,
    shrink: true,
    shrinkTo: 'all',
    members: 1,
    narrowCode: 0,
    scaling: 'z-score',
    clip: 10,
    ...whitening,
    scoringRows,
  };
}

/** Epochs that make up about `steps` steps, within bounds. */
function epochsFor(steps: number, rows: number, batchRows: number, least: number, most: number): number {
  const perEpoch = Math.ceil(rows / Math.max(1, batchRows));
  return Math.min(most, Math.max(least, Math.round(steps / perEpoch)));
}

/** Network sizes once the width that the encoder sees is known. */
export const networkShape = (settings: DagmmSettings, width: number, outside: boolean): NetworkShape => ({
  width,
  outside,
  hidden: settings.hidden,
  code: settings.code,
  estimatorHidden: settings.estimatorHidden,
  components: settings.components,
  residuals: residualSize(settings.residual),
});

/** λ1 and λ2 as the mixture objective takes them. */
export function mixtureWeights(settings: DagmmSettings, shape: NetworkShape) {
  const size = latentSize(shape);
  return {
    energy: settings.perDimension ? settings.lambdaEnergy / size : settings.lambdaEnergy,
    penalty: settings.perDimension ? settings.lambdaPenalty / (size * shape.components) : settings.lambdaPenalty,
    epsilon: settings.epsilon,
  };
}
