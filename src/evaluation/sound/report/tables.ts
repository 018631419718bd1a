/** The tables of the report: means over machines, each machine, and what others have published beside it. */
import { escapeHtml, htmlTable } from '../../report/html.js';
import type { SoundEvaluation } from '../evaluate-sound.js';
import { isOf, type PublishedSound, publishedSound, traitsOf } from '../published.js';
import type { SoundMean, SoundResult, SoundResultObject } from '../sound-json.js';

export const levelWords = (levelMatched: boolean): string => (levelMatched ? 'level-matched' : 'as recorded');

export const three = (value: number | null | undefined): string =>
  value === null || value === undefined ? '' : value.toFixed(3);

/** Over all machines, the highest AUC first; then AUC by machine type where there is more than one. */
export function meanTables(object: SoundResultObject): string {
  const overall = byAuc(object.mean.filter(({ type }) => type === null));
  const columns = [...COLUMNS, ...(overall.some(({ machines }) => machines > 1) ? HARMONIC : [])];
  const official = overall.some((row) => row.official !== null);
  const table = htmlTable(
    'Means over machines, the highest AUC first; h: harmonic, the others arithmetic',
    ['method', 'level', 'machines', ...columns.map(([name]) => name), ...(official ? ['official'] : [])],
    overall.map((row) => [
      ...[row.method, levelWords(row.levelMatched), row.machines],
      ...columns.map(([, value]) => (row.machines === 0 ? 'failed' : three(value(row)))),
      ...(official ? [three(row.official)] : []),
    ]),
  );
  return `<p>AUC: the chance that an abnormal clip scores higher than a normal one. pAUC: up to a false-positive rate of .1; .5 is
chance. P, R, F1: precision, recall and their harmonic mean at a threshold set on normal training clips. Level-matched: every clip
scaled to the mean level of the training clips, so that loudness tells nothing.${official ? ' Official: the harmonic mean of AUC in both domains and pAUC by which the challenge ranks.' : ''}</p>
${table}${byType(object, overall)}`;
}

type Column = readonly [name: string, value: (row: SoundMean) => number | null];

const COLUMNS: readonly Column[] = [
  ['AUC', ({ arithmetic }) => arithmetic.auc],
  ['pAUC', ({ arithmetic }) => arithmetic.pauc],
  ['P', ({ arithmetic }) => arithmetic.precision],
  ['R', ({ arithmetic }) => arithmetic.recall],
  ['F1', ({ arithmetic }) => arithmetic.f1],
];
const HARMONIC: readonly Column[] = [
  ['AUC h', ({ harmonic }) => harmonic.auc],
  ['pAUC h', ({ harmonic }) => harmonic.pauc],
];

function byType({ mean }: SoundResultObject, overall: readonly SoundMean[]): string {
  const types = [...new Set(mean.flatMap(({ type }) => (type === null ? [] : [type])))].sort();
  if (types.length < 2) return '';
  const of = (row: SoundMean, type: string) =>
    mean.find((one) => one.type === type && one.method === row.method && one.levelMatched === row.levelMatched);
  return htmlTable(
    'AUC by machine type',
    ['method', 'level', ...types],
    overall.map((row) => [
      ...[row.method, levelWords(row.levelMatched)],
      ...types.map((type) => three(of(row, type)?.arithmetic.auc)),
    ]),
  );
}

function byAuc(rows: readonly SoundMean[]): SoundMean[] {
  return [...rows].sort((a, b) => (b.arithmetic.auc ?? -1) - (a.arithmetic.auc ?? -1));
}

/** All methods on one machine, with both domains where the data set has them. */
export function machineTable(name: string, { results, seeds }: SoundResultObject): string {
  const rows = results.filter(({ machine }) => machine === name);
  const domains = rows.some((row) => row.domains.length > 0) ? (['source', 'target'] as const) : [];
  const spread = seeds > 1 ? `Means over ${seeds} seeds ± standard deviation. ` : '';
  const [first] = rows;
  const sizes = first
    ? `${first.trainClips} clips learnt from, ${first.normals} normal and ${first.anomalies} abnormal judged.`
    : '';
  return htmlTable(
    `${spread}${sizes}`,
    ['method', 'level', 'AUC', 'pAUC', 'P', 'R', 'F1', ...domains.map((domain) => `AUC ${domain}`), 'fit s', 'score s'],
    rows.map((row) => [row.method, levelWords(row.levelMatched), ...figuresOf(row, domains), ...secondsOf(row)]),
  );
}

function figuresOf(row: SoundResult, domains: readonly ('source' | 'target')[]): string[] {
  if (row.auc === null) return ['failed', ...Array<string>(4 + domains.length).fill('')];
  const spread = (name: 'auc' | 'pauc' | 'precision' | 'recall' | 'f1') =>
    `${three(row[name])}${row.deviations ? ` ± ${three(row.deviations[name])}` : ''}`;
  const named = (['auc', 'pauc', 'precision', 'recall', 'f1'] as const).map(spread);
  return [...named, ...domains.map((domain) => three(row.domains.find((one) => one.domain === domain)?.auc))];
}

const secondsOf = ({ fitSeconds, scoreSeconds }: SoundResult): string[] =>
  [fitSeconds, scoreSeconds].map((value) => (value === null ? '' : String(Number(value.toPrecision(2)))));

/** Others' figures for these machines, and ours of the preset that follows them, on the same ones. */
export function publishedTable({ dataset, machines, outcomes }: SoundEvaluation, object: SoundResultObject): string {
  const figures = publishedSound(dataset.name, machines);
  if (figures.length === 0) return '';
  const own = new Set(outcomes.filter(({ method }) => method.group === 'dagmm').map(({ method }) => method.name));
  const table = htmlTable(
    'Published, and AUC here, as recorded / level-matched',
    ['published', 'machines', 'P', 'R', 'F1', 'AUC', 'pAUC', 'same preset here', 'best DAGMM here'],
    figures.map((figure) => [
      figure.method,
      machinesOf(figure),
      ...[figure.precision, figure.recall, figure.f1, figure.auc, figure.pauc].map(three),
      ...besides(figure, object, own),
    ]),
  );
  const sources = [...new Set(figures.map(({ source }) => source))].map((source) => `<li>${escapeHtml(source)}</li>`);
  return `${table}<p>${LIKENESS[dataset.name] ?? ''}Here: arithmetic means over the same machines, of the preset that follows the publication, and
of Auscult's own method of the highest AUC.</p><ul>${sources.join('')}</ul>`;
}

const LIKENESS: Readonly<Record<string, string>> = {
  folder:
    'The published figures are of whole data sets of such machines, not of the clips judged here: not like for like. ',
  mimii: 'Others drew other normals to judge, and listened to channel 0. ',
};

function machinesOf({ type, section, snrDb }: PublishedSound): string {
  return [type, section || 'all ids', ...(snrDb === null ? [] : [`${snrDb} dB`])].join(' ').replace('-', '−');
}

function besides(figure: PublishedSound, { results }: SoundResultObject, own: ReadonlySet<string>): [string, string] {
  const here = results.filter((row) => isOf(figure, traitsOf(row)));
  const aucs = (method: string | undefined): string => {
    const levels = [false, true].map((level) =>
      meanAuc(here.filter((row) => row.method === method && row.levelMatched === level)),
    );
    return levels.every((auc) => auc === null) ? '' : levels.map((auc) => three(auc) || '–').join(' / ');
  };
  const methods = [...new Set(here.map(({ method }) => method))].filter((method) => own.has(method));
  const best = methods
    .map((method) => ({ method, auc: meanAuc(here.filter((row) => row.method === method)) ?? -1 }))
    .sort((a, b) => b.auc - a.auc)[0];
  return [aucs(figure.preset), best && best.auc >= 0 ? `${best.method} ${aucs(best.method)}` : ''];
}

/** null where one of the machines has none: then the mean would be of others. */
function meanAuc(rows: readonly SoundResult[]): number | null {
  let sum = 0;
  for (const { auc } of rows) {
    if (auc === null) return null;
    sum += auc;
  }
  return rows.length === 0 ? null : sum / rows.length;
}
