import { ConfigError, SourceError } from '../../contracts.js';
import type { DatasetKind, DatasetOptions } from '../dataset.js';
import { labelsOf } from '../labels.js';
import { isFile, readColumns } from '../read-columns.js';

interface OddsFacts {
  readonly name: string;
  readonly columns: number;
  readonly rows: number;
  readonly flaggedShare: number;
  readonly published: string;
}

/** Columns of numbers and last the label, 1 = outlier. Outlier Detection DataSets, Rayana, Stony Brook, 2016. */
function oddsKind(facts: OddsFacts): DatasetKind {
  return { name: facts.name, load: (options) => load(facts, options) };
}

async function load(facts: OddsFacts, { data, signal, labelColumn, anomalyLabel }: DatasetOptions) {
  const { name, columns, rows, published, flaggedShare } = facts;
  if (labelColumn !== undefined || anomalyLabel !== undefined) {
    throw new ConfigError(
      `--label-column, --anomaly-label: the labels of ${name} are known; they are for --dataset csv`,
    );
  }
  const expected = `${name} as CSV, perhaps gzipped: ${columns} columns of numbers, and last the label, 1 = outlier`;
  if (!(await isFile(data))) {
    throw new SourceError(`${data}: expected ${expected}; found no file; it is published at ${published}`);
  }
  const { table, digest, notes } = await readColumns(data, signal);
  const label = table.columns.at(-1);
  if (table.columns.length !== columns + 1 || label === undefined) {
    throw new ConfigError(
      `${data}: expected ${expected}; found ${table.columns.length} columns; --dataset csv reads any table`,
    );
  }
  const { anomalous } = labelsOf(table, label.name);
  const inputs = table.columns.slice(0, -1);
  const text = inputs.find(({ numbers }) => numbers === null);
  if (text) throw new ConfigError(`${data}: expected ${expected}; column "${text.name}" holds no number`);
  return {
    name,
    table,
    anomalous,
    digest,
    flaggedShare,
    encoding: {
      kind: 'published' as const,
      columns: inputs.map(({ name }) => ({ name, type: 'numeric' as const, mean: 0, deviation: 1 })),
    },
    notes: [
      ...(table.rows === rows ? [] : [`${data}: expected ${rows} rows as published, found ${table.rows}`]),
      ...notes,
    ],
  };
}

const SITE = 'https://odds.cs.stonybrook.edu';

export const thyroid = oddsKind({
  name: 'thyroid',
  columns: 6,
  rows: 3772,
  flaggedShare: 0.025,
  published: `${SITE}/thyroid-disease-dataset/`,
});

export const arrhythmia = oddsKind({
  name: 'arrhythmia',
  columns: 274,
  rows: 452,
  flaggedShare: 0.15,
  published: `${SITE}/arrhythmia-dataset/`,
});
