/** Which stretches of the spectrum changed, as a person would name them: "310–620 Hz, +9 dB". */
import type { AudioFeatureSpec, ChangedBands, MelSpec, Window } from '../contracts.js';
import { levelOffsetDb } from './level.js';
import { melCornersHz } from './mel-filters.js';

/** Stretches that are named, and the share of the strongest band's weight from which a band belongs to one. */
const MOST_STRETCHES = 3;
const STRONG = 0.5;
/** Without a model's blame, changes that are worth naming. */
const AUDIBLE_DB = 3;

/** (bands) mean over time of rows or pictures whose last dimension is the band. */
export function bandMeans(data: ArrayLike<number>, bands: number): Float64Array {
  const means = new Float64Array(bands);
  const scale = bands / data.length;
  for (let i = 0; i < data.length; i++) means[i % bands] = (means[i % bands] as number) + (data[i] as number) * scale;
  return means;
}

/** (bands) mean log-mel of a window, dB, after the level policy; null when the window has no picture. */
export function judgedBands({ logMel, levelDb }: Window, { level }: Pick<AudioFeatureSpec, 'level'>) {
  if (logMel === undefined || logMel.frames === 0) return null;
  const offset = levelDb === undefined ? 0 : levelOffsetDb(level, levelDb);
  return bandMeans(logMel.data, logMel.bands).map((dB) => dB + offset);
}

/**
 * Neighbouring bands that are to blame and changed in one direction, the strongest first. A band weighs √(blame · |change|),
 * where only one of the two is known that one.
 * @param changeDb (bands) level beside normal   @param blame (bands) nats
 */
export function changedBands(
  mel: MelSpec,
  changeDb: ArrayLike<number> | null,
  blame: readonly number[] | null,
): ChangedBands[] {
  const weights = Array.from({ length: mel.melBands }, (_, band) => weightOf(changeDb?.[band], blame?.[band]));
  const least = STRONG * Math.max(...weights);
  if (!(least > 0)) return [];
  return runsOf(weights, least, changeDb)
    .sort((a, b) => b.weight - a.weight)
    .slice(0, MOST_STRETCHES)
    .map(({ first, last }) => stretchOf(mel, first, last, changeDb));
}

function weightOf(changeDb: number | undefined, blame: number | undefined): number {
  if (changeDb === undefined) return Math.max(0, blame ?? 0);
  if (blame === undefined) return Math.abs(changeDb) < AUDIBLE_DB ? 0 : Math.abs(changeDb);
  return Math.sqrt(Math.max(0, blame) * Math.abs(changeDb));
}

interface Run {
  readonly first: number;
  last: number;
  weight: number;
}

/** A single weaker band between two does not part them; a change of direction does. */
function runsOf(weights: readonly number[], least: number, changeDb: ArrayLike<number> | null): Run[] {
  const runs: Run[] = [];
  const sign = (band: number): number => Math.sign(changeDb?.[band] ?? 0);
  for (const [band, weight] of weights.entries()) {
    if (weight < least) continue;
    const run = runs.at(-1);
    if (run && band - run.last <= 2 && sign(band) === sign(run.last)) {
      run.last = band;
      run.weight += weight;
    } else runs.push({ first: band, last: band, weight });
  }
  return runs;
}

/** From where the first band's triangle is half as high as its top to where the last one's is. */
function stretchOf(mel: MelSpec, first: number, last: number, changeDb: ArrayLike<number> | null): ChangedBands {
  const corners = melCornersHz(mel);
  const middle = (i: number): number => ((corners[i] ?? 0) + (corners[i + 1] ?? mel.sampleRateHz / 2)) / 2;
  let sum = 0;
  for (let band = first; band <= last; band++) sum += changeDb?.[band] ?? 0;
  const change = changeDb === null ? null : Math.round((10 * sum) / (last - first + 1)) / 10;
  return { fromHz: Math.round(middle(first)), toHz: Math.round(middle(last + 1)), changeDb: change };
}
