/** Which rows are learnt from and which are judged: the two protocols of the literature. */
import { ConfigError } from '../contracts.js';
import { openRandom, type Random } from '../scorers/random.js';
import type { Dataset } from './dataset.js';

export const PROTOCOLS = ['paper', 'goad'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

export const PROTOCOL_WORDS: Readonly<Record<Protocol, string>> = {
  paper: 'random halves; learnt from the normal rows of one, judged on the other, its top share flagged',
  goad: 'learnt from half of the normal rows, judged on the other half and all anomalies, as many flagged as there are',
};

export interface Split {
  /** Row numbers, ascending; all normal. */
  readonly train: Int32Array;
  /** Row numbers, ascending. */
  readonly test: Int32Array;
  readonly anomalies: number;
  /** Test rows that are flagged. */
  readonly flagged: number;
}

export type Splittable = Pick<Dataset, 'anomalous' | 'flaggedShare' | 'anomalyShare'>;

/** Halves without an anomaly, or without a normal row, cannot be judged: so often another one is drawn. */
const TRIES = 100;

/**
 * A split is a pure function of labels, protocol and seed, the same for every method.
 * @throws {ConfigError} when the table has too few rows of a class
 */
export function splitRows(data: Splittable, protocol: Protocol, seed: number): Split {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const random = openRandom(seed, 'split', protocol, attempt);
    const rows = drawRows(data, random);
    const split = protocol === 'paper' ? halves(data, rows, random) : goad(data, rows, random);
    if (split.train.length > 0 && split.anomalies > 0 && split.anomalies < split.test.length) return split;
  }
  const anomalies = data.anomalous.reduce((sum, label) => sum + Number(label === 1), 0);
  const normals = data.anomalous.reduce((sum, label) => sum + Number(label === 0), 0);
  throw new ConfigError(
    `table: expected rows to learn from and anomalies and normal rows to judge, found ${normals} normal and ${anomalies} anomalous rows`,
  );
}

/** Labelled rows in play, ascending. */
function drawRows({ anomalous, anomalyShare }: Splittable, random: Random): Int32Array {
  const normals = rowsWith(anomalous, 0);
  const anomalies = rowsWith(anomalous, 1);
  if (anomalyShare === undefined) return ascending([...normals, ...anomalies]);
  const wanted = Math.min(anomalies.length, Math.floor((normals.length * anomalyShare) / (1 - anomalyShare)));
  const drawn = random.permutation(anomalies.length).subarray(0, wanted);
  return ascending([...normals, ...Array.from(drawn, (at) => anomalies[at] as number)]);
}

function halves({ anomalous, flaggedShare }: Splittable, rows: Int32Array, random: Random): Split {
  const order = random.permutation(rows.length);
  const half = rows.length >> 1;
  const pick = (from: number, to: number) => Array.from(order.subarray(from, to), (at) => rows[at] as number);
  const train = ascending(pick(0, half).filter((row) => anomalous[row] === 0));
  const test = ascending(pick(half, rows.length));
  const flagged = Math.min(test.length, Math.max(1, Math.round(flaggedShare * test.length)));
  return { train, test, anomalies: test.filter((row) => anomalous[row] === 1).length, flagged };
}

function goad({ anomalous }: Splittable, rows: Int32Array, random: Random): Split {
  const normals = rows.filter((row) => anomalous[row] === 0);
  const anomalies = rows.filter((row) => anomalous[row] === 1);
  const order = random.permutation(normals.length);
  const half = normals.length >> 1;
  const pick = (from: number, to: number) => Array.from(order.subarray(from, to), (at) => normals[at] as number);
  const test = ascending([...pick(half, normals.length), ...anomalies]);
  return { train: ascending(pick(0, half)), test, anomalies: anomalies.length, flagged: anomalies.length };
}

function rowsWith(anomalous: Uint8Array, label: number): number[] {
  const rows: number[] = [];
  anomalous.forEach((value, row) => {
    if (value === label) rows.push(row);
  });
  return rows;
}

const ascending = (rows: readonly number[]): Int32Array => Int32Array.from(rows).sort();
