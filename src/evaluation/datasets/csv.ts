import { createHash } from 'node:crypto';
import { ConfigError, SourceError } from '../../contracts.js';
import type { DatasetKind } from '../dataset.js';
import { columnNamed, countingColumns, labelsOf, telltales } from '../labels.js';
import { isFile, readColumns } from '../read-columns.js';
import type { Table } from '../table.js';

const USUAL_NAMES = /^(label|class|anomaly|outlier|target|is_?(anomaly|outlier)|y)$/i;

/** Any table with a label column. */
export const csv: DatasetKind = {
  name: 'csv',
  async load({ data, labelColumn, anomalyLabel, exclude = [], signal }) {
    if (!(await isFile(data))) {
      throw new SourceError(
        `${data}: expected a CSV or JSON-lines file, perhaps gzipped, with a header; found no file`,
      );
    }
    const { table, digest, notes } = await readColumns(data, signal);
    if (labelColumn === undefined) throw new ConfigError(missingLabel(table));
    const { anomalous, anomalies, unlabelled } = labelsOf(table, labelColumn, anomalyLabel);
    const labelled = table.rows - unlabelled;
    const asked = [labelColumn, ...exclude];
    for (const name of exclude) columnNamed(table, name, '--exclude');
    const counting = countingColumns(table, asked);
    const left = [...asked, ...counting];
    return {
      name: 'csv',
      table,
      anomalous,
      digest: createHash('sha256')
        .update(JSON.stringify([digest, labelColumn, anomalyLabel, exclude]))
        .digest('hex'),
      encoding: { kind: 'learnt', exclude: left },
      flaggedShare: anomalies / labelled,
      notes: [
        `column "${labelColumn}" is the label and not learnt from: ${anomalies} of ${labelled} rows are anomalous`,
        ...(anomalies > labelled / 2 ? ['more than half of the rows are anomalous: is --anomaly-label needed?'] : []),
        ...(unlabelled > 0 ? [`${unlabelled} rows without a label were left out`] : []),
        ...counting.map((name) => `column "${name}" is left out: it counts the rows or the time`),
        ...notes,
        ...telltales(table, anomalous, left).map(
          (name) => `column "${name}" tells the label: each of its values has one class; --exclude leaves it out`,
        ),
      ],
    };
  },
};

function missingLabel({ columns }: Table): string {
  const names = columns.map(({ name }) => name);
  const likely = names.find((name) => USUAL_NAMES.test(name));
  const hint = likely === undefined ? `columns: ${names.slice(0, 20).join(', ')}` : `perhaps --label-column ${likely}`;
  return `--label-column: expected the column that says which rows are anomalous; ${hint}`;
}
