/**
 * What others judge machines' sounds with, on stacks of log-mel frames. Looked up by the service, which must not load
 * TensorFlow.js: what a method is made of is imported when it fits.
 */
import { ModelError } from '../../contracts.js';
import type { FitOptions, FittedModel, Method } from '../method.js';
import { type RowMatrix, rowsOf } from '../row-matrix.js';
import { type FlatSettings, flatSettings } from './flat-settings.js';
import { type PublishedStack, STACK_RECIPES, type StackSettings, stackSettings } from './stack-settings.js';

type StackFit = (rows: RowMatrix, settings: StackSettings, options: FitOptions) => Promise<FittedModel>;

interface StackMethod extends Pick<Method, 'name' | 'source'> {
  readonly published: PublishedStack;
  readonly load: () => Promise<StackFit>;
}

function onStacks({ name, source, published, load }: StackMethod): Method {
  return {
    name,
    source,
    recipes: STACK_RECIPES,
    rowKinds: ['mel-frames'],
    defaults: (_rowKind, recipe, rows) => stackSettings(published, recipe, rows),
    async fit(rows, options) {
      refuseOther(name, options);
      const own = stackSettings(published, options.recipe ?? 'standard', rowsOf(rows));
      return (await load())(rows, { ...own, ...options.settings } as StackSettings, options);
    },
  };
}

/** @throws {ModelError} for rows that are not stacks of an odd number of frames, three at least */
function refuseOther(name: string, { rowKind, rowShape = [] }: FitOptions): void {
  const [frames = 0] = rowShape;
  if (rowKind !== 'mel-frames' || rowShape.length !== 2)
    throw new ModelError(`${name}: expected rows that are stacks of log-mel frames, found ${rowKind} [${rowShape}]`);
  if (name === 'idnn' && (frames < 3 || frames % 2 === 0))
    throw new ModelError(`${name}: expected stacks of 3, 5, … frames, which have a middle one, found ${frames}`);
}

const DCASE = { hidden: [128, 128, 128, 128], code: 8, batchNorm: true, batchRows: 512, epochs: 100 };

/** The customer's DAGMM on one flattened window. */
const dagmmFlat: Method = {
  name: 'dagmm-flat',
  source:
    'Zong et al., ICLR 2018, on flattened sound, as the customer built it; its mixture is that of rows it did not learn',
  recipes: ['customer', 'robust'],
  rowKinds: ['raw-flat', 'mel-flat'],
  defaults: (...asked) => ({ ...flatSettings(...asked) }),
  async fit(rows, options) {
    const { rowKind, recipe = 'customer', settings } = options;
    if (rowKind !== 'raw-flat' && rowKind !== 'mel-flat')
      throw new ModelError(`dagmm-flat: expected flattened windows of sound, found ${rowKind}`);
    const flat = await import('./dagmm-flat.js');
    const own = flatSettings(rowKind, recipe, rowsOf(rows), rows.width);
    return flat.fit(rows, { ...own, ...settings } as FlatSettings, options);
  },
};

export const SOUND_METHODS: readonly Method[] = [
  dagmmFlat,
  onStacks({
    name: 'mimii-ae',
    source:
      'Purohit et al., MIMII Dataset: Sound Dataset for Malfunctioning Industrial Machine Investigation, DCASE 2019',
    published: { hidden: [64, 64], code: 8, batchNorm: false, batchRows: 512, epochs: 50 },
    load: async () => (await import('./stack-autoencoder.js')).fitAutoencoder('mimii-ae'),
  }),
  onStacks({
    name: 'dcase-ae',
    source:
      'Koizumi et al., Description and Discussion on DCASE2020 Challenge Task2: Unsupervised Anomalous Sound Detection for Machine Condition Monitoring, DCASE 2020',
    published: DCASE,
    load: async () => (await import('./stack-autoencoder.js')).fitAutoencoder('dcase-ae'),
  }),
  onStacks({
    name: 'idnn',
    source: 'Suefusa et al., Anomalous Sound Detection Based on Interpolation Deep Neural Network, ICASSP 2020',
    published: { hidden: [64, 32], code: 16, batchNorm: false, batchRows: 512, epochs: 50 },
    load: async () => (await import('./stack-autoencoder.js')).fitInterpolation,
  }),
  onStacks({
    name: 'selective-mahalanobis',
    source:
      'Harada et al., First-Shot Anomaly Sound Detection for Machine Condition Monitoring: A Domain Generalization Baseline, EUSIPCO 2023',
    published: DCASE,
    load: async () => (await import('./selective-mahalanobis.js')).fitSelectiveMahalanobis,
  }),
];
