import {
  energies,
  fitByEm,
  fitMemberships,
  kMeansMemberships,
  type Mixture,
  type MixtureFitOptions,
  memberships,
  type Rows,
  rowCount,
} from './mixture-fit.js';
import { openRandom } from './random.js';

export interface MixtureChoice {
  readonly mixture: Mixture;
  /** `network`: the estimator's memberships as they are. `em`: refit by expectation-maximisation. */
  readonly fit: 'network' | 'em';
  /** Cross-validated mean log-likelihood of every candidate, nats a row, such as {"network": −3.1, "em-4": −2.9}. */
  readonly likelihoods: Readonly<Record<string, number>>;
}

export interface ChoiceOptions extends MixtureFitOptions {
  readonly seed: number;
  /** `network` keeps the paper's estimator; `auto` takes the candidate under which held-out normals are likeliest. */
  readonly fit: 'network' | 'auto';
  /** Component counts to try by EM, beside the network's. */
  readonly candidates: readonly number[];
}

/** Choosing looks at no more rows than this; the final fit at all. */
const CHOICE_ROWS = 8_000;
const FOLDS = 4;
/** Rows of one block stay together, since neighbours in time are alike. */
const BLOCKS = 20;

/**
 * The final mixture: the network's memberships as they are, refit by EM from there, or EM with another K from k-means;
 * by the likelihood of held-out rows.
 * @param gamma the estimator's memberships (N, K), dropout off
 */
export function chooseMixture(
  rows: Rows,
  gamma: Float64Array,
  components: number,
  options: ChoiceOptions,
): MixtureChoice {
  if (options.fit === 'network') {
    return { mixture: fitMemberships(rows, gamma, components, options), fit: 'network', likelihoods: {} };
  }
  const sample = thin(rows, gamma, components);
  const gammaOf = (part: Part): Float64Array => take(sample.gamma, part.index, components);
  const likelihoods: Record<string, number> = {
    network: crossValidate(sample.rows, (part) => fitMemberships(part.rows, gammaOf(part), components, options)),
  };
  const quick = { ...options, ...QUICK };
  for (const k of options.candidates) {
    if (worsens(likelihoods)) break;
    likelihoods[`em-${k}`] = crossValidate(sample.rows, (part) =>
      k === components ? fitByEm(part.rows, gammaOf(part), k, quick) : emFromScratch(part.rows, k, quick),
    );
  }
  const best = Object.entries(likelihoods).reduce((a, b) => (b[1] > a[1] ? b : a))[0];
  if (best === 'network')
    return { mixture: fitMemberships(rows, gamma, components, options), fit: 'network', likelihoods };
  const k = Number(best.slice(3));
  const mixture = k === components ? fitByEm(rows, gamma, k, options) : emFromScratch(rows, k, options);
  return { mixture, fit: 'em', likelihoods };
}

/**
 * By EM from k-means, with the K under which held-out rows are likeliest.
 * @param candidates K to try, ascending, at least one
 */
export function chooseComponents(rows: Rows, candidates: readonly number[], options: ChoiceOptions): Mixture {
  const [least = 1] = candidates;
  if (candidates.length <= 1) return emFromScratch(rows, least, options);
  const square = rows.size ** 2;
  const sample = thin(
    rows,
    new Float64Array(0),
    0,
    Math.max(LEAST_CHOICE_ROWS, Math.floor(ROUND_COST / square / 4)),
  ).rows;
  const likelihoods: Record<string, number> = {};
  for (const k of candidates) {
    if (worsens(likelihoods) || (k > least && rowCount(sample) * k * square > ROUND_COST)) break;
    likelihoods[k] = crossValidate(sample, (part) => emFromScratch(part.rows, k, { ...options, ...QUICK }));
  }
  const best = Object.entries(likelihoods).reduce((a, b) => (b[1] > a[1] ? b : a))[0];
  return emFromScratch(rows, Number(best), options);
}

/** Numbers that one round of a candidate's EM looks at, N·K·D², at most; and rows that wide ones are thinned to, at least. */
const ROUND_COST = 2e8;
const LEAST_CHOICE_ROWS = 2_000;

/** EM of a candidate. */
const QUICK = { maxIterations: 25, tolerance: 1e-3 };

/** Have the last two candidates been worse than one before them? More components will not be better. */
function worsens(likelihoods: Readonly<Record<string, number>>): boolean {
  const values = Object.values(likelihoods);
  const best = Math.max(...values);
  return values.length > 3 && values.slice(-2).every((value) => value < best);
}

/** EM from k-means on a part of the rows, then a few more rounds on all. */
function emFromScratch(rows: Rows, components: number, options: ChoiceOptions): Mixture {
  const start = thin(rows, new Float64Array(0), 0);
  const hard = kMeansMemberships(start.rows, components, openRandom(options.seed, 'k-means', components));
  const few = rounds(start.rows, components);
  const bound = few < MOST_ROUNDS ? { maxIterations: 4 * few, ...options } : options;
  const first = fitByEm(start.rows, hard, components, bound);
  if (rowCount(start.rows) === rowCount(rows)) return first;
  return fitByEm(rows, memberships(rows, first), components, {
    ...options,
    maxIterations: rounds(rows, components),
  });
}

const MOST_ROUNDS = 20;

/** Rounds over all rows: 20, or what some 10^10 operations are enough for, and one at least. */
function rounds(rows: Rows, components: number): number {
  return Math.max(1, Math.min(MOST_ROUNDS, Math.floor(5e9 / (rowCount(rows) * components * rows.size ** 2))));
}

interface Part {
  readonly rows: Rows;
  readonly index: Int32Array;
}

/** Mean log-likelihood over folds of whole blocks, each scored by a mixture that has not seen it. */
function crossValidate(rows: Rows, fitTo: (part: Part) => Mixture): number {
  const count = rowCount(rows);
  const foldOf = (n: number): number => Math.floor((n * BLOCKS) / count) % FOLDS;
  let total = 0;
  for (let fold = 0; fold < FOLDS; fold++) {
    const mixture = fitTo(pick(rows, (n) => foldOf(n) !== fold));
    total -= energies(pick(rows, (n) => foldOf(n) === fold).rows, mixture).reduce((sum, e) => sum + e, 0);
  }
  return total / count;
}

function pick(rows: Rows, keep: (n: number) => boolean): Part {
  const index = Int32Array.from({ length: rowCount(rows) }, (_, n) => n).filter(keep);
  return { rows: { data: take(rows.data, index, rows.size), size: rows.size }, index };
}

function take(data: Float64Array, index: Int32Array, size: number): Float64Array {
  const out = new Float64Array(index.length * size);
  index.forEach((n, i) => {
    out.set(data.subarray(n * size, (n + 1) * size), i * size);
  });
  return out;
}

/** At most CHOICE_ROWS rows, or fewer, evenly spaced in order. */
function thin(
  rows: Rows,
  gamma: Float64Array,
  components: number,
  most = CHOICE_ROWS,
): { rows: Rows; gamma: Float64Array } {
  const count = rowCount(rows);
  const kept = Math.min(most, CHOICE_ROWS);
  if (count <= kept) return { rows, gamma };
  const index = Int32Array.from({ length: kept }, (_, i) => Math.floor((i * count) / kept));
  return { rows: { data: take(rows.data, index, rows.size), size: rows.size }, gamma: take(gamma, index, components) };
}
