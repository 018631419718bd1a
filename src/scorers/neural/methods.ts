/**
 * The controls and the neural baselines that a DAGMM is compared with. Looked up by the service, which must not load
 * TensorFlow.js: what a method is made of is imported when it fits.
 */

import type { RowKind } from '../../contracts.js';
import type { Method } from '../method.js';
import type { DagmmSettings } from '../recipes.js';
import { rowsOf } from '../row-matrix.js';
import type { NeuralFit } from './neural-fit.js';
import {
  baseSettings,
  type ClusterSettings,
  type LayeredSettings,
  layered,
  type ThresholdSettings,
} from './settings.js';

interface Neural<Settings extends DagmmSettings> {
  readonly name: string;
  readonly source: string;
  readonly recipes?: readonly string[];
  /** What differs from the paper's DAGMM. */
  readonly adjust: (base: DagmmSettings) => Settings;
  readonly load: () => Promise<NeuralFit<Settings>>;
}

function neural<Settings extends DagmmSettings>({ name, source, recipes, adjust, load }: Neural<Settings>): Method {
  const names = recipes ?? ['paper', 'paper-full'];
  const settingsOf = (rowKind: RowKind, recipe: string, rows: number, width: number): Settings =>
    adjust(baseSettings(rowKind, recipe, rows, width));
  return {
    name,
    source,
    recipes: names,
    defaults: (...asked) => ({ ...(settingsOf(...asked) as DagmmSettings) }),
    async fit(rows, options) {
      const { rowKind, recipe = names[0] ?? '', settings } = options;
      const own = settingsOf(rowKind, recipe, rowsOf(rows), rows.width);
      return (await load())(rows, { ...own, ...settings } as Settings, options);
    },
  };
}

const ZONG =
  'Zong et al., Deep Autoencoding Gaussian Mixture Model for Unsupervised Anomaly Detection, ICLR 2018, §4.3';
const ZHAI = 'Zhai et al., Deep Structured Energy Based Models for Anomaly Detection, ICML 2016';
const joint = (base: DagmmSettings): DagmmSettings => base;
const alone = (base: DagmmSettings): DagmmSettings => ({ ...base, pretrainEpochs: base.jointEpochs, jointEpochs: 0 });
const layeredAlone = (base: DagmmSettings): LayeredSettings => ({ ...layered(base), jointEpochs: 0 });
/** An energy of ½‖x‖² less what the layers say speaks of columns with variance 1, and so of noise with variance 1. */
const unitNoise = (base: DagmmSettings): DagmmSettings => ({ ...base, scaling: 'z-score', inputNoise: 1 });

export const NEURAL_METHODS: readonly Method[] = [
  neural({
    name: 'dagmm-untrained',
    source: 'Control: the networks of dagmm with random weights',
    recipes: ['paper', 'robust'],
    adjust: (base) => ({ ...base, pretrainEpochs: 0, jointEpochs: 0 }),
    load: async () => (await import('./dagmm-untrained.js')).fit,
  }),
  neural({ name: 'dagmm-p', source: ZONG, adjust: layered, load: async () => (await import('./dagmm-p.js')).fit }),
  neural({ name: 'dagmm-nvi', source: ZONG, adjust: joint, load: async () => (await import('./dagmm-nvi.js')).fit }),
  neural({ name: 'gmm-en', source: ZONG, adjust: joint, load: async () => (await import('./gmm-en.js')).fit }),
  neural({ name: 'pae', source: ZONG, adjust: layeredAlone, load: async () => (await import('./pae.js')).fit }),
  neural({ name: 'e2e-ae', source: ZONG, adjust: alone, load: async () => (await import('./e2e-ae.js')).fit }),
  neural({ name: 'pae-gmm', source: ZONG, adjust: layered, load: async () => (await import('./pae-gmm.js')).fit }),
  neural({
    name: 'pae-gmm-em',
    source: ZONG,
    adjust: layeredAlone,
    load: async () => (await import('./pae-gmm-em.js')).fit,
  }),
  neural<ClusterSettings>({
    name: 'dcn',
    source: 'Yang et al., Towards K-means-friendly Spaces: Simultaneous Deep Learning and Clustering, ICML 2017',
    adjust: (base) => ({ ...layered(base), clusterWeight: 1 }),
    load: async () => (await import('./dcn.js')).fit,
  }),
  neural({
    name: 'dsebm-e',
    source: `${ZHAI}; by energy`,
    adjust: unitNoise,
    load: async () => (await import('./dsebm.js')).fitByEnergy,
  }),
  neural({
    name: 'dsebm-r',
    source: `${ZHAI}; by reconstruction`,
    adjust: unitNoise,
    load: async () => (await import('./dsebm.js')).fitByReconstruction,
  }),
  neural<ThresholdSettings>({
    name: 'algorithm-1',
    source: "The customer's Algorithm 1: autoencoder, h = [z, r], EM, energy, threshold τ",
    adjust: (base) => ({ ...alone(base), residual: 'distance', belowTau: 0.95 }),
    load: async () => (await import('./algorithm-1.js')).fit,
  }),
];
