/** One run of SKAB through the live path: commissioned on its first rows, the rest replayed. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commission } from '../commissioning/commission.js';
import { type Event, type RowObservation, type Source, SourceError, type Verdict } from '../contracts.js';
import type { Budget } from '../decision/threshold.js';
import { replay } from '../monitoring/replay.js';
import { readTable } from '../sources/tables/read-table.js';
import { TableSource } from '../sources/tables/table-source.js';
import type { MethodRun } from './method-request.js';
import type { SkabFile } from './skab-files.js';
import type { JudgedRows } from './skab-metrics.js';

/** What the rows say of themselves, which no model may see. */
const LABELS = { anomaly: 'anomaly', changepoint: 'changepoint' } as const;

export interface SkabRunOptions {
  readonly file: SkabFile;
  readonly method: MethodRun;
  /** Rows, from the first, that the run is commissioned on. */
  readonly trainingRows: number;
  readonly seed: number;
  readonly budgets: readonly Budget[];
  /** Columns to leave out beside the labels. */
  readonly exclude: readonly string[];
  readonly signal: AbortSignal;
}

export interface SkabRun {
  readonly name: string;
  readonly rows: Omit<JudgedRows, 'flagged'>;
  /** Rows while an alarm was on, as the engineer sees it: from raised to cleared. */
  readonly alarm: Uint8Array;
  /** Rows whose statistic, short or long, was above its threshold. */
  readonly above: Uint8Array;
  /** Energies of the rows. */
  readonly energies: Float64Array;
  readonly events: readonly Event[];
  /** Rows that could not be used, and cells that were filled in, a line each. */
  readonly notes: readonly string[];
}

/** Commissions once, and replays with each of the budgets. */
export async function skabRun(options: SkabRunOptions): Promise<SkabRun[]> {
  const folder = await mkdtemp(join(tmpdir(), 'auscult-skab-'));
  try {
    const model = join(folder, 'model');
    await train(options, model);
    const found: SkabRun[] = [];
    for (const budget of options.budgets) found.push(await replayed(options, model, budget));
    return found;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function train(
  { file, method, trainingRows, exclude, seed, signal }: SkabRunOptions,
  out: string,
): Promise<void> {
  const first = await readTable({ path: file.path, rows: { first: 1, last: 1 }, signal });
  const columns = first.rows[0]?.cells ?? {};
  const normals = { feed: 'skab', machine: 'skab', path: file.path, rows: { first: 1, last: trainingRows } };
  await commission({
    open: () => new TableSource(normals),
    features: {
      kind: 'learn-table',
      exclude: [...Object.values(LABELS).filter((name) => name in columns), ...exclude],
    },
    preset: 'table',
    ...{ method: method.method, recipe: method.recipe, settings: method.settings, seed, out, signal },
  });
}

async function replayed(
  { file, trainingRows, signal }: SkabRunOptions,
  model: string,
  budget: Budget,
): Promise<SkabRun> {
  const rows: RowObservation[] = [];
  const verdicts = new Map<number, Verdict>();
  const path = { feed: 'replay', machine: 'replay', path: file.path };
  const range = { first: trainingRows + 1, last: Number.POSITIVE_INFINITY };
  const { events, troubles, notes } = await replay({
    model,
    budget,
    open: async () => overheard(new TableSource({ ...path, rows: range }), (row) => rows.push(row)),
    onVerdict: (verdict) => verdicts.set(verdict.sequence, verdict),
    signal,
  });
  if (rows.length === 0)
    throw new SourceError(`${file.path}: expected rows after the first ${trainingRows}, found none`);
  const judged = rows.map(({ sequence }) => verdicts.get(sequence) ?? null);
  return {
    name: file.name,
    rows: {
      anomalous: labelled(rows, LABELS.anomaly),
      changepoint: labelled(rows, LABELS.changepoint),
      atMs: Float64Array.from(rows, ({ startMs }) => startMs),
    },
    alarm: Uint8Array.from(judged, (verdict) => Number(verdict?.state === 'anomalous')),
    above: Uint8Array.from(judged, (verdict) => Number(isAbove(verdict))),
    energies: Float64Array.from(judged, (verdict) => verdict?.score ?? 0),
    events,
    notes: [...troubles, ...notes.filter((note) => !note.startsWith('columns the model does not know'))],
  };
}

/** A row without the column, or without a value in it, is normal. */
function labelled(rows: readonly RowObservation[], column: string): Uint8Array {
  return Uint8Array.from(rows, ({ cells }) => Number(Number(cells[column] ?? 0) > 0));
}

function isAbove(verdict: Verdict | null): boolean {
  if (verdict === null || verdict.operating !== 'running') return false;
  const { statistic, threshold, long } = verdict;
  return statistic > threshold || (long !== null && long.statistic > long.threshold);
}

function overheard(source: Source, listen: (row: RowObservation) => void): Source {
  return {
    feed: source.feed,
    async *stream(signal) {
      for await (const item of source.stream(signal)) {
        if (item.kind === 'row') listen(item);
        yield item;
      }
    },
  };
}
