/** Figures that others have published, protocol `paper`. */
import type { Protocol } from './split.js';

export interface PublishedFigure {
  readonly dataset: string;
  readonly method: string;
  /** The recipe that follows the publication, where the method has one of that name. */
  readonly preset?: string;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  readonly source: string;
}

type Row = readonly [method: string, precision: number, recall: number, f1: number];

const PAPER = 'Zong et al., ICLR 2018, table 2 (mean of 20 runs)';
const REPLICATION = "the customer's replication";

const ZONG: Readonly<Record<string, readonly Row[]>> = {
  kddcup99: [
    ['oc-svm', 0.7457, 0.8523, 0.7954],
    ['dsebm-r', 0.1972, 0.2001, 0.1987],
    ['dsebm-e', 0.7369, 0.7477, 0.7423],
    ['dcn', 0.7696, 0.7829, 0.7762],
    ['gmm-en', 0.1932, 0.1967, 0.1949],
    ['pae', 0.7276, 0.7397, 0.7336],
    ['e2e-ae', 0.0024, 0.0025, 0.0024],
    ['pae-gmm-em', 0.7183, 0.7311, 0.7246],
    ['pae-gmm', 0.7251, 0.7384, 0.7317],
    ['dagmm-p', 0.7579, 0.771, 0.7644],
    ['dagmm-nvi', 0.929, 0.9447, 0.9368],
    ['dagmm', 0.9297, 0.9442, 0.9369],
  ],
  arrhythmia: [
    ['oc-svm', 0.5397, 0.4082, 0.4581],
    ['dsebm-r', 0.1515, 0.1513, 0.151],
    ['dsebm-e', 0.4667, 0.4565, 0.4601],
    ['dcn', 0.3758, 0.3907, 0.3815],
    ['gmm-en', 0.3, 0.2792, 0.2886],
    ['pae', 0.4393, 0.4437, 0.4403],
    ['e2e-ae', 0.4667, 0.4538, 0.4591],
    ['pae-gmm-em', 0.397, 0.4168, 0.4056],
    ['pae-gmm', 0.4575, 0.4823, 0.4684],
    ['dagmm-p', 0.4909, 0.4679, 0.4787],
    ['dagmm-nvi', 0.5091, 0.4892, 0.4981],
    ['dagmm', 0.4909, 0.5078, 0.4983],
  ],
};

const OTHERS: readonly Omit<PublishedFigure, 'source'>[] = [
  { dataset: 'kddcup99', method: 'dagmm', preset: 'paper', precision: 0.96, recall: 0.9, f1: 0.93 },
  { dataset: 'arrhythmia', method: 'dagmm', preset: 'paper', precision: 0.6826, recall: 0.5, f1: 0.5772 },
];

export const PUBLISHED: readonly PublishedFigure[] = [
  ...figuresOf(ZONG, PAPER),
  ...OTHERS.map((figure) => ({ ...figure, source: REPLICATION })),
];

function figuresOf(tables: typeof ZONG, source: string): PublishedFigure[] {
  return Object.entries(tables).flatMap(([dataset, rows]) =>
    rows.map(([method, precision, recall, f1]) => ({
      dataset,
      method,
      preset: 'paper',
      precision,
      recall,
      f1,
      source,
    })),
  );
}

/** Every published figure of this data set and protocol. */
export function publishedFor(dataset: string, protocol: Protocol): PublishedFigure[] {
  return protocol === 'paper' ? PUBLISHED.filter((figure) => figure.dataset === dataset) : [];
}
