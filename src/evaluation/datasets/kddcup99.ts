import { ConfigError, SourceError, type TableSpec } from '../../contracts.js';
import type { Cells } from '../../sources/tables/cells.js';
import type { Dataset, DatasetKind, DatasetOptions } from '../dataset.js';
import { labelsOf } from '../labels.js';
import { isFile, type ReadColumns, readColumns } from '../read-columns.js';

const COLUMNS = [
  'duration protocol_type service flag src_bytes dst_bytes land wrong_fragment urgent hot num_failed_logins logged_in',
  'num_compromised root_shell su_attempted num_root num_file_creations num_shells num_access_files num_outbound_cmds',
  'is_host_login is_guest_login count srv_count serror_rate srv_serror_rate rerror_rate srv_rerror_rate same_srv_rate',
  'diff_srv_rate srv_diff_host_rate dst_host_count dst_host_srv_count dst_host_same_srv_rate dst_host_diff_srv_rate',
  'dst_host_same_src_port_rate dst_host_srv_diff_host_rate dst_host_serror_rate dst_host_srv_serror_rate',
  'dst_host_rerror_rate dst_host_srv_rerror_rate label',
].flatMap((line) => line.split(' '));
const SYMBOLIC = ['protocol_type', 'service', 'flag'];
const LABEL = 'label';
const NORMAL_TRAFFIC = 'normal.';

const PUBLISHED =
  'it is published at http://kdd.ics.uci.edu/databases/kddcup99/kddcup99.html as kddcup.data_10_percent.gz';

/** Attacks are the majority and count as normal; "normal." traffic, a fifth of the rows, is the anomaly. */
export const kddcup99: DatasetKind = {
  name: 'kddcup99',
  async load(options) {
    const file = await read(options);
    const { anomalous } = labelsOf(file.table, LABEL, NORMAL_TRAFFIC);
    return { ...common(file), name: 'kddcup99', anomalous, flaggedShare: 0.2 };
  },
};

/** Normal traffic is normal, and attacks are drawn until they are a fifth of the rows (121,597 of the 10 % file). */
export const kddcup99Rev: DatasetKind = {
  name: 'kddcup99-rev',
  async load(options) {
    const file = await read(options);
    const { table } = file;
    const traffic = labelsOf(table, LABEL, NORMAL_TRAFFIC).anomalous;
    const anomalous = new Uint8Array(new SharedArrayBuffer(table.rows));
    traffic.forEach((normal, row) => {
      anomalous[row] = 1 - normal;
    });
    return {
      ...common(file),
      name: 'kddcup99-rev',
      anomalous,
      flaggedShare: 0.2,
      anomalyShare: 0.2,
    };
  },
};

async function read({ data, signal, labelColumn, anomalyLabel }: DatasetOptions) {
  if (labelColumn !== undefined || anomalyLabel !== undefined) {
    throw new ConfigError(
      '--label-column, --anomaly-label: the labels of kddcup99 are known; they are for --dataset csv',
    );
  }
  if (!(await isFile(data))) {
    throw new SourceError(`${data}: expected the KDD Cup 1999 data, found no file; ${PUBLISHED}`);
  }
  return readColumns(data, signal, (cells) => named(cells, data));
}

/** The file has no header. */
function named(cells: Cells, path: string): Cells {
  const values = Object.values(cells);
  const label = values.at(-1);
  if (values.length !== COLUMNS.length || typeof label !== 'string' || !label.endsWith('.')) {
    throw new ConfigError(
      `${path}: expected 41 columns and a label such as "normal.", found ${values.length} columns, the last "${label}"; ${PUBLISHED}`,
    );
  }
  return Object.fromEntries(values.map((value, i) => [COLUMNS[i] as string, value]));
}

/** 38 numbers, and 3 + 66 + 11 categories in the 10 % file: 118 columns. */
function common({ table, digest, notes }: ReadColumns): Pick<Dataset, 'table' | 'digest' | 'encoding' | 'notes'> {
  const columns: TableSpec['columns'] = table.columns
    .filter(({ name }) => name !== LABEL)
    .map(({ name, texts }) =>
      SYMBOLIC.includes(name)
        ? { name, type: 'categorical', categories: [...texts].sort() }
        : { name, type: 'numeric', mean: 0, deviation: 1 },
    );
  return { table, digest, encoding: { kind: 'published', columns }, notes };
}
