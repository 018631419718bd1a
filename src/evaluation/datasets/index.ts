/** Every labelled table that `--dataset` can name. A new one is a file here and an entry in the list. */
import { ConfigError } from '../../contracts.js';
import type { DatasetKind } from '../dataset.js';
import { csv } from './csv.js';
import { kddcup99, kddcup99Rev } from './kddcup99.js';
import { arrhythmia, thyroid } from './odds.js';

export const DATASETS: readonly DatasetKind[] = [kddcup99, kddcup99Rev, arrhythmia, thyroid, csv];

/** @throws {ConfigError} for an unknown name */
export function datasetNamed(name: string): DatasetKind {
  const kind = DATASETS.find((known) => known.name === name);
  if (kind) return kind;
  throw new ConfigError(
    `--dataset: expected one of ${DATASETS.map((known) => known.name).join(', ')}, found "${name}"`,
  );
}
