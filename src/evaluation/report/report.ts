/** One page that needs nothing else: no script, no network. */
import { writeFile } from 'node:fs/promises';
import { ConfigError } from '../../contracts.js';
import type { Dataset } from '../dataset.js';
import type { MethodOutcome } from '../evaluate.js';
import type { ResultObject, ResultRow } from '../result-json.js';
import { PROTOCOL_WORDS } from '../split.js';
import { type Difference, type Spread, secondsWords } from '../summary.js';
import { type Curve, curveKey, unitCurves } from './charts.js';
import { escapeHtml, figure, htmlTable } from './html.js';
import { methodSection, STYLES } from './method-section.js';
import { htmlPage } from './page.js';

export interface ReportFacts {
  readonly dataset: Dataset;
  readonly result: ResultObject;
  readonly outcomes: readonly MethodOutcome[];
  /** As it was typed. */
  readonly command: string;
  readonly version: string;
}

/** @throws {ConfigError} when the file cannot be written */
export async function writeReport(path: string, facts: ReportFacts): Promise<void> {
  await writeFile(path, reportPage(facts)).catch((cause: unknown) => {
    throw new ConfigError(`--report: ${(cause as Error).message}`, { cause });
  });
}

export function reportPage(facts: ReportFacts): string {
  const { dataset, result, outcomes } = facts;
  const title = `${dataset.name}, protocol ${result.protocol}`;
  const sections = outcomes.map((outcome, i) => methodSection(outcome, result.firstSeed, i === 0));
  return htmlPage(
    title,
    `<h1>${escapeHtml(title)}</h1>
${introduction(facts)}
<h2>Figures</h2>
${results(result)}
${published(result)}
${overview(outcomes, result)}
<h2>Methods</h2>
${sections.join('\n')}`,
  );
}

function introduction({ dataset, result, outcomes, command, version }: ReportFacts): string {
  const labels = dataset.anomalous.filter((label) => label <= 1);
  const anomalies = labels.filter((label) => label === 1).length;
  const { seeds, firstSeed, splitSeed, protocol } = result;
  const splits =
    splitSeed === null ? 'a split of its own for each seed, the same for all methods' : `one split, seed ${splitSeed}`;
  const notes = [...dataset.notes, ...splitNotes(outcomes, firstSeed, splitSeed)]
    .map((note) => `<li>${escapeHtml(note)}</li>`)
    .join('');
  return `<p>${labels.length} rows, ${anomalies} anomalies. Protocol ${protocol}: ${escapeHtml(PROTOCOL_WORDS[protocol])}.
Seeds ${firstSeed} to ${firstSeed + seeds - 1}; ${splits}. Made by <code>${escapeHtml(command)}</code>, Auscult ${escapeHtml(version)},
Node ${escapeHtml(process.version)}. Data digest <code>${escapeHtml(dataset.digest)}</code>.</p>${notes ? `<ul>${notes}</ul>` : ''}`;
}

/** What was left out or did not fit, split by split. */
function splitNotes(outcomes: readonly MethodOutcome[], firstSeed: number, splitSeed: number | null): string[] {
  const named = outcomes.flatMap(({ trials }) =>
    trials.flatMap((trial, i) => (trial?.notes ?? []).map((note) => `split ${splitSeed ?? firstSeed + i}: ${note}`)),
  );
  return [...new Set(named)];
}

function results({ results: rows, seeds }: ResultObject): string {
  const first = rows[0];
  const caption = `Mean ± standard deviation over ${seeds} seeds. Difference: less ${first?.method ?? ''} ${first?.preset ?? ''} on the same splits, ± standard error of the mean.`;
  const header = [
    'method',
    'precision',
    'recall',
    'F1',
    'AUC',
    'AP',
    'F1 difference',
    'AUC difference',
    'fit s',
    'score s',
  ];
  return htmlTable(
    caption,
    header,
    rows.map((row) => [name(row), ...figuresOf(row)]),
  );
}

const name = ({ method, preset }: ResultRow): string => `${method} ${preset}`.trim();

function figuresOf({ precision, recall, f1, auc, ap, difference, fitSeconds, scoreSeconds }: ResultRow): string[] {
  return [
    ...[precision, recall, f1, auc, ap].map((value) => (value ? spread(value) : 'failed')),
    differenceWords(difference?.f1 ?? null),
    differenceWords(difference?.auc ?? null),
    ...[fitSeconds, scoreSeconds].map((value) => (value ? secondsWords(value) : '')),
  ];
}

const spread = ({ mean, sd }: Spread): string => `${mean.toFixed(3)} ± ${sd.toFixed(3)}`;

function differenceWords(difference: Difference | null): string {
  if (difference === null) return '';
  const error = difference.standardError === null ? '' : ` ± ${difference.standardError.toFixed(3)}`;
  return `${difference.mean.toFixed(3)}${error}`;
}

function published({ published: figures = [] }: ResultObject): string {
  if (figures.length === 0) return '';
  return htmlTable(
    'Published, same protocol',
    ['method', 'precision', 'recall', 'F1', 'source'],
    figures.map(({ method, precision, recall, f1, source }) => [method, precision, recall, f1, source]),
  );
}

/** The best by AUC, one curve each: of their first seed that finished. */
function overview(outcomes: readonly MethodOutcome[], { results: rows }: ResultObject): string {
  const best = outcomes
    .map((outcome, i) => ({ outcome, auc: rows[i]?.auc?.mean ?? 0, trial: outcome.trials.find((t) => t !== null) }))
    .sort((a, b) => b.auc - a.auc)
    .slice(0, STYLES);
  const curves = (which: 'roc' | 'precisionRecall'): Curve[] =>
    best.flatMap(({ outcome, trial }, i) => (trial ? [{ name: outcome.name, points: trial[which], style: i }] : []));
  if (curves('roc').length === 0) return '';
  const words = best.length < outcomes.length ? `The ${best.length} methods of highest AUC, first seed` : 'First seed';
  return `${curveKey(curves('roc'))}<div class="figures">${figure(
    unitCurves('ROC curves of the methods', ['false-positive rate', 'true-positive rate'], curves('roc')),
    `ROC. ${words}`,
  )}${figure(
    unitCurves('Precision-recall curves of the methods', ['recall', 'precision'], curves('precisionRecall')),
    `Precision and recall. ${words}`,
  )}</div>`;
}
