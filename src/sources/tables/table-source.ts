import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { type RowObservation, type Source, SourceError, type Trouble, type TroubleCode } from '../../contracts.js';
import { followFile } from './followed-file.js';
import { LineSplitter } from './line-splitter.js';
import { RowClock } from './row-clock.js';
import { allRows, type RowRange } from './row-range.js';
import { type Parsed, TableParser } from './table-parser.js';

export interface TableSourceOptions {
  readonly feed: string;
  readonly machine: string;
  /** CSV or JSON-lines file, also .gz; `-` is standard input. */
  readonly path: string;
  /** Go on for ever as rows are appended; the file may be rotated, truncated, or not be there yet. Default false. */
  readonly follow?: boolean;
  /** With `follow`: deliver the rows that are there already. Default false. */
  readonly fromStart?: boolean;
  /** Data rows to deliver. Default all. */
  readonly rows?: RowRange;
  /** Columns that a model needs, see `TableParserOptions`. */
  readonly requiredColumns?: readonly string[];
  /** The column that carries the time; null: none does; not given: looked for in the first rows. */
  readonly timeColumn?: string | null;
  /** Time between rows where no column carries it. Default 1,000. */
  readonly intervalMs?: number;
  /** Time of the first row where no column carries it, UTC milliseconds. Default now. */
  readonly startMs?: number;
  /** With `follow`, see `FollowOptions`. */
  readonly pollMs?: number;
  /** Standard input, or what stands for it in tests. */
  readonly input?: Readable;
}

const DEFAULT_INTERVAL_MS = 1000;
/** What a row without a place in time is told as. */
export const troubleOf = { repeated: 'bad-row', late: 'late' } as const;

/**
 * The rows of a table, one observation each. A row with missing or surplus fields, and anything else that is not a row,
 * is a trouble with its line number, and reading goes on.
 */
export class TableSource implements Source {
  readonly feed: string;

  constructor(private readonly options: TableSourceOptions) {
    this.feed = options.feed;
  }

  async *stream(signal: AbortSignal): AsyncGenerator<RowObservation | Trouble> {
    const { path, follow, fromStart, intervalMs = DEFAULT_INTERVAL_MS, startMs } = this.options;
    if (follow !== true || path === '-') {
      yield* this.reading(new TableReading(this.options, startMs ?? Date.now()), signal);
    } else {
      const past = fromStart === true ? await pastMs(path, intervalMs) : 0;
      yield* this.following(new TableReading(this.options, startMs ?? Date.now() - past), signal);
    }
  }

  private async *reading(reader: TableReading, signal: AbortSignal): AsyncGenerator<RowObservation | Trouble> {
    const { path } = this.options;
    const bytes = path === '-' ? (this.options.input ?? process.stdin) : await openTable(path);
    const arrivedMs = (): number | null => (path === '-' ? Date.now() : null);
    const stop = (): void => void bytes.destroy();
    signal.addEventListener('abort', stop);
    try {
      if (signal.aborted) return;
      for await (const chunk of bytes) {
        yield* reader.take(chunk, arrivedMs());
        if (signal.aborted || reader.finished) return;
      }
      yield* reader.end(arrivedMs());
    } catch (error) {
      if (signal.aborted) return;
      yield reader.trouble('bad-file', `${reader.name}: ${describe(error)}`, true);
    } finally {
      signal.removeEventListener('abort', stop);
      bytes.destroy();
    }
  }

  private async *following(reader: TableReading, signal: AbortSignal): AsyncGenerator<RowObservation | Trouble> {
    const { path, pollMs, fromStart = false } = this.options;
    for await (const item of followFile({ path, pollMs }, signal)) {
      if (item.kind === 'gone') yield reader.trouble('no-data', item.message, true);
      else if (item.kind === 'restart') yield* reader.restart(Date.now());
      else if (item.kind === 'bytes') {
        reader.muted = !item.live && !fromStart;
        yield* reader.take(item.bytes, item.live ? Date.now() : null);
      }
      if (signal.aborted) return;
    }
  }
}

/** Bytes → observations and troubles of one source; begun anew for each file. */
class TableReading {
  readonly name: string;
  /** Rows are counted but not delivered. */
  muted = false;
  private readonly range: RowRange;
  private readonly clock: RowClock;
  private splitter = new LineSplitter();
  private parser: TableParser;
  private sequence = 0;
  private gap = true;
  private lastRow = 0;

  constructor(
    private readonly options: TableSourceOptions,
    startMs: number,
  ) {
    this.name = options.path === '-' ? 'standard input' : options.path;
    this.range = options.rows ?? allRows;
    this.parser = this.newParser();
    this.clock = new RowClock({
      timeColumn: options.timeColumn,
      intervalMs: options.intervalMs ?? DEFAULT_INTERVAL_MS,
      startMs,
    });
  }

  /** Nothing of the range is left. */
  get finished(): boolean {
    return this.lastRow >= this.range.last;
  }

  *take(bytes: Uint8Array, arrivedMs: number | null): Generator<RowObservation | Trouble> {
    for (const line of this.splitter.push(bytes)) yield* this.deliver(this.parser.push(line), arrivedMs);
  }

  *end(arrivedMs: number | null): Generator<RowObservation | Trouble> {
    for (const line of this.splitter.end()) yield* this.deliver(this.parser.push(line), arrivedMs);
    yield* this.deliver(this.parser.end(), arrivedMs);
  }

  *restart(arrivedMs: number | null): Generator<RowObservation | Trouble> {
    yield* this.end(arrivedMs);
    this.splitter = new LineSplitter();
    this.parser = this.newParser();
    this.gap = true;
  }

  trouble(code: TroubleCode, message: string, down: boolean): Trouble {
    const { feed, machine } = this.options;
    return { kind: 'trouble', feed, machine, code, atMs: Date.now(), message, down };
  }

  private newParser(): TableParser {
    return new TableParser({ name: this.name, requiredColumns: this.options.requiredColumns });
  }

  private *deliver(found: readonly Parsed[], arrivedMs: number | null): Generator<RowObservation | Trouble> {
    for (const parsed of found) {
      if (parsed.kind !== 'bad-file') this.lastRow = parsed.row;
      if (parsed.kind === 'bad-file') yield this.trouble('bad-file', parsed.message, true);
      else if (this.muted || this.lastRow < this.range.first || this.lastRow > this.range.last) continue;
      else if (parsed.kind === 'bad-row') yield this.trouble('bad-row', parsed.message, false);
      else yield this.toItem(parsed, arrivedMs);
    }
  }

  private toItem({ cells, row, line }: Extract<Parsed, { kind: 'row' }>, arrivedMs: number | null) {
    const placed = this.clock.take(cells, arrivedMs);
    if (placed.kind !== 'placed') {
      return this.trouble(troubleOf[placed.kind], `${this.name} line ${line}: ${placed.message}`, false);
    }
    const { feed, machine } = this.options;
    const { startMs, endMs } = placed;
    const gap = this.gap || placed.gap;
    this.gap = false;
    const sequence = this.sequence++;
    return { kind: 'row' as const, feed, machine, sequence, startMs, endMs, origin: this.name, gap, cells, row };
  }
}

/** Time that the rows of a file stand for at the interval: its lines, counted without reading them. */
async function pastMs(path: string, intervalMs: number): Promise<number> {
  let lines = 0;
  try {
    for await (const chunk of createReadStream(path)) {
      const bytes: Buffer = chunk;
      for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) lines++;
    }
  } catch {
    return 0; // A file that is not there yet has no past; following says so.
  }
  return lines * intervalMs;
}

/** The file's bytes, unpacked when it begins as gzip does. @throws {SourceError} when it cannot be opened */
async function openTable(path: string): Promise<Readable> {
  const magic = Buffer.alloc(2);
  try {
    const handle = await open(path, 'r');
    await handle.read(magic, 0, 2, 0).finally(() => handle.close());
  } catch (error) {
    throw new SourceError(`${path}: expected a CSV or JSON-lines file, ${describe(error)}`, { cause: error });
  }
  const file = createReadStream(path);
  if (magic[0] !== 0x1f || magic[1] !== 0x8b) return file;
  const unpacked = createGunzip();
  file.on('error', (error) => unpacked.destroy(error));
  unpacked.on('close', () => file.destroy());
  return file.pipe(unpacked);
}

function describe(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOENT') return 'does not exist';
  if (code === 'EISDIR') return 'is a folder';
  if (code === 'Z_BUF_ERROR') return 'the gzip file is cut short';
  return error instanceof Error ? error.message : String(error);
}
