import type { FeatureSpec, Features, Observation, Source, TableSpec, Trouble, Window } from '../contracts.js';
import { ModelError } from '../contracts.js';
import { createFeatures } from '../features/create-features.js';
import { describeCounts } from '../features/table-encoder.js';
import { TableFeatures } from '../features/table-features.js';
import { fitTableSpec } from '../features/table-fit.js';
import type { Cells } from '../sources/tables/cells.js';
import { farValues } from './far-values.js';
import { type KeptWindow, type Segment, windowsLearnt } from './hold-out.js';

/** Features as they are asked for: whole specs, or a table whose columns are to be learnt. */
export type FeatureRequest = FeatureSpec | { readonly kind: 'learn-table'; readonly exclude?: readonly string[] };

export interface ReadOptions {
  /** Opens the recorded normals from their start; opened again where something must be learnt first. */
  readonly open: () => Source;
  readonly signal: AbortSignal;
  readonly onTrouble?: (trouble: Trouble) => void;
  /** One line for the operator about all of a table. */
  readonly onNote?: (text: string) => void;
  /** Told how many windows were read, now and then. */
  readonly onRead?: (windows: number) => void;
  /** Looked at once, before it becomes windows. */
  readonly onObservation?: (observation: Observation) => void;
  /** Looked at once a window while its samples are valid. */
  readonly onWindow?: (window: Window) => void;
  /** Reading ends when this much window data is held. 1 GiB by default: about four hours of `mel-frames`. */
  readonly maxBytes?: number;
}

export interface Recordings {
  readonly spec: FeatureSpec;
  readonly segments: readonly Segment[];
  /** True when reading ended at `maxBytes`. */
  readonly cut: boolean;
}

const MAX_BYTES = 2 ** 30;
const REPORT_EVERY = 64;

/**
 * Reads recorded normals into windows, and completes the spec from them: the reference level of sound, the columns of a
 * table. Sound that is to be level-matched is read twice.
 * @throws {ModelError} when no whole window was found
 */
export async function readRecordings(request: FeatureRequest, options: ReadOptions): Promise<Recordings> {
  if (request.kind === 'learn-table') return readTable(request.exclude ?? [], options);
  if (request.kind === 'table' || request.kind === 'image-flat') return readWith(request, options);
  const asRecorded = await readWith({ ...request, level: { ...request.level, policy: 'keep' } }, options);
  const level = { policy: request.level.policy, referenceLevelDb: meanLevelDb(asRecorded.segments) };
  const spec = { ...request, level };
  if (level.policy === 'keep') return { ...asRecorded, spec };
  return readWith(spec, { ...options, onObservation: undefined, onWindow: undefined });
}

function meanLevelDb(segments: readonly Segment[]): number {
  const levels = segments.flatMap(({ windows }) => windows.map(({ levelDb }) => levelDb ?? 0));
  return levels.reduce((sum, level) => sum + level, 0) / levels.length;
}

async function readWith(spec: FeatureSpec, options: ReadOptions): Promise<Recordings> {
  const features = await createFeatures(spec);
  return collect(spec, windowsOf(features, options), options);
}

async function* windowsOf(features: Features, options: ReadOptions): AsyncGenerator<Window> {
  for await (const observation of observations(options)) yield* features.push(observation);
}

async function* observations({ open, signal, onTrouble, onObservation }: ReadOptions): AsyncGenerator<Observation> {
  for await (const item of open().stream(signal)) {
    signal.throwIfAborted();
    if (item.kind === 'trouble') {
      onTrouble?.(item);
      continue;
    }
    onObservation?.(item);
    yield item;
  }
  signal.throwIfAborted();
}

/**
 * Reads all rows first, since the columns are learnt from all of them. Which are held out is known only then: a column that
 * moves in no other row is left out. A model knows nothing of it, and its first move would make every threshold useless.
 */
async function readTable(exclude: readonly string[], options: ReadOptions): Promise<Recordings> {
  const rows: Extract<Observation, { kind: 'row' }>[] = [];
  for await (const observation of observations(options)) if (observation.kind === 'row') rows.push(observation);
  const cells = rows.map((row) => row.cells);
  const note = (line: string): void => options.onNote?.(line);
  const whole = fitTableSpec(cells, { exclude });
  const first = await readRows(whole, rows, options);
  const spec = fitTableSpec(cells, { exclude, learnt: learntRows(cells, first.recordings.segments) });
  const moved = spec.dropped.filter(({ name }) => whole.columns.some((column) => column.name === name));
  for (const { name, reason } of moved)
    note(`column ${name} is ${reason}: a model cannot learn it, so it is left out; record longer`);
  farValues(spec, cells).forEach(note);
  const again = { ...options, onRead: undefined, onWindow: undefined };
  const { recordings, features } = moved.length === 0 ? first : await readRows(spec, rows, again);
  describeCounts(features.counts).forEach(note);
  return recordings;
}

async function readRows(spec: TableSpec, rows: readonly Observation[], options: ReadOptions) {
  const features = new TableFeatures(spec);
  return { features, recordings: await collect(spec, encoded(features, rows), options) };
}

/** The rows that {@link splitNormals} will take to learn from: a row is a window. */
function learntRows(cells: readonly Cells[], segments: readonly Segment[]): Cells[] {
  const lengths = segments.map(({ windows }) => windows.length);
  let from = 0;
  return windowsLearnt(lengths, (_, until) => until).flatMap((until, i) => {
    const start = from;
    from += lengths[i] ?? 0;
    return cells.slice(start, start + until);
  });
}

function* encoded(features: Features, rows: readonly Observation[]): Generator<Window> {
  for (const row of rows) yield* features.push(row);
}

async function collect(
  spec: FeatureSpec,
  windows: AsyncIterable<Window> | Iterable<Window>,
  { onRead, onWindow, maxBytes = MAX_BYTES }: ReadOptions,
): Promise<Recordings> {
  const segments: Segment[] = [];
  let count = 0;
  let bytes = 0;
  for await (const window of windows) {
    if (startsSegment(spec, segments.at(-1), window)) segments.push({ name: window.origin, windows: [] });
    segments.at(-1)?.windows.push(kept(window));
    onWindow?.(window);
    bytes += window.data.byteLength;
    if (++count % REPORT_EVERY === 0) onRead?.(count);
    if (bytes >= maxBytes) break;
  }
  if (count === 0) throw new ModelError('recordings: expected at least one whole window of normal data, found none');
  onRead?.(count);
  return { spec, segments, cut: bytes >= maxBytes };
}

/** Every picture stands alone; sound and rows belong together until the file changes or data was lost. */
function startsSegment(spec: FeatureSpec, last: Segment | undefined, window: Window): boolean {
  return !last || spec.kind === 'image-flat' || window.gap || window.origin !== last.name;
}

function kept({ data, shape, origin, sequence, startMs, endMs, levelDb }: Window): KeptWindow {
  return { data, shape, origin, sequence, startMs, endMs, levelDb };
}
