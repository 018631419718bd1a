import { type Cell, type Cells, lackOf, toCell, toCells, withColumns } from './cells.js';
import { type CsvDialect, csvDialect, declaredDelimiter, looksLikeHeader, splitFields } from './csv-dialect.js';
import { type Line, MAX_LINE_CHARS } from './line-splitter.js';

/** What the lines of a table turn out to be. */
export type Parsed =
  | { readonly kind: 'row'; readonly row: number; readonly line: number; readonly cells: Cells }
  /** One row that cannot be used; the next may be fine. */
  | { readonly kind: 'bad-row'; readonly row: number; readonly line: number; readonly message: string }
  /** Nothing in this file can be used, or nothing until another header comes. */
  | { readonly kind: 'bad-file'; readonly message: string };

export interface TableParserOptions {
  /** Name of the file, for messages. */
  readonly name: string;
  /** Columns that must be there; what a row of JSON lacks of them is missing, unless it has none. */
  readonly requiredColumns?: readonly string[];
}

/** A quoted field may go on for this many lines; a quote that was never closed costs no more rows than one. */
const MAX_RECORD_LINES = 16;

/** Lines → rows, of CSV (delimiter and columns from the first line) or JSON lines (one object a line). */
export class TableParser {
  private format: 'unknown' | 'csv' | 'json' | 'bad' = 'unknown';
  private dialect: CsvDialect | undefined;
  /** A later header lacks columns: its rows are counted and left out. */
  private lacks = false;
  private declared: string | null = null;
  private pending: Line[] = [];
  private rows = 0;

  constructor(private readonly options: TableParserOptions) {}

  push(line: Line): Parsed[] {
    if (this.format === 'bad' || (this.pending.length === 0 && !line.tooLong && line.text.trim() === '')) return [];
    if (this.format === 'unknown') return this.begin(line);
    if (line.tooLong)
      return [...this.giveUp(), this.badRow(line, `longer than the ${MAX_LINE_CHARS} characters of a row`)];
    return this.format === 'json' ? [this.jsonRow(line)] : this.csvRow(line);
  }

  /** What was still waiting for the end of a quoted field. */
  end(): Parsed[] {
    const parsed: Parsed[] = [];
    while (this.pending.length > 0) parsed.push(...this.giveUp());
    return parsed;
  }

  private begin(line: Line): Parsed[] {
    const text = line.text.trim();
    const found = line.tooLong ? 'a first line without end' : /[\0\ufffd]/.test(text) ? 'binary data' : null;
    if (found !== null) return this.badFile(`expected CSV or JSON lines, found ${found}`);
    if (text.startsWith('{')) {
      this.format = 'json';
      return [this.jsonRow(line)];
    }
    if (text.startsWith('[')) return this.badFile('expected one JSON object a line, found a JSON array');
    const declared = declaredDelimiter(text);
    if (declared !== null) {
      this.declared = declared;
      return [];
    }
    return this.beginCsv(line);
  }

  private beginCsv(line: Line): Parsed[] {
    const dialect = csvDialect(line.text, this.declared);
    if (dialect === null) return this.badFile(`line ${line.number}: a quote in the header is not closed`);
    const absent = (this.options.requiredColumns ?? []).filter((name) => !dialect.columns.includes(name));
    this.lacks = absent.length > 0;
    if (this.lacks) return this.badFile(lackOf(absent, dialect.columns));
    this.format = 'csv';
    this.dialect = dialect;
    return dialect.hasHeader ? [] : this.csvRow(line);
  }

  private csvRow(line: Line): Parsed[] {
    const dialect = this.dialect as CsvDialect;
    this.pending.push(line);
    const record = this.pending.map((part) => part.text).join('\n');
    const fields = splitFields(record, dialect.delimiter);
    if (fields === null) return this.pending.length < MAX_RECORD_LINES ? [] : this.giveUp();
    const first = this.pending[0] as Line;
    this.pending = [];
    if (dialect.hasHeader && isHeader(fields, dialect)) return this.beginCsv({ ...first, text: record });
    if (!this.lacks) return [this.toRow(first, fields, dialect)];
    this.rows++;
    return [];
  }

  private toRow(line: Line, fields: string[], { columns, delimiter }: CsvDialect): Parsed {
    const surplus = fields.slice(columns.length);
    // Some loggers end every row, but not the header, with a delimiter.
    const fits = fields.length === columns.length || (surplus.length === 1 && surplus[0]?.trim() === '');
    if (!fits) return this.badRow(line, `expected ${columns.length} fields, found ${fields.length}`);
    const cells: Record<string, Cell> = {};
    for (const [i, name] of columns.entries()) cells[name] = toCell(fields[i] ?? '', delimiter !== ',');
    return { kind: 'row', row: ++this.rows, line: line.number, cells };
  }

  /** The quote that opened in the first waiting line is never closed: that row is bad, the others are read again. */
  private giveUp(): Parsed[] {
    const [first, ...others] = this.pending;
    if (first === undefined) return [];
    this.pending = [];
    return [this.badRow(first, 'a quote is not closed'), ...others.flatMap((line) => this.push(line))];
  }

  private jsonRow(line: Line): Parsed {
    let value: unknown;
    try {
      value = JSON.parse(line.text);
    } catch {
      return this.badRow(line, 'expected a JSON object, found broken JSON');
    }
    if (value === null || typeof value !== 'object' || Array.isArray(value)) {
      return this.badRow(line, `expected a JSON object, found ${line.text.trim().slice(0, 40)}`);
    }
    const cells = toCells(value);
    const { requiredColumns = [] } = this.options;
    const row = withColumns(cells, requiredColumns);
    if (row === null) return this.badRow(line, lackOf(requiredColumns, Object.keys(cells)));
    return { kind: 'row', row: ++this.rows, line: line.number, cells: row };
  }

  private badRow(line: Line, what: string): Parsed {
    const message = `${this.options.name} line ${line.number}: ${what}`;
    return { kind: 'bad-row', row: ++this.rows, line: line.number, message };
  }

  private badFile(what: string): Parsed[] {
    if (this.format === 'unknown') this.format = 'bad';
    return [{ kind: 'bad-file', message: `${this.options.name}: ${what}` }];
  }
}

/**
 * A logger that restarts writes its header once more, perhaps with other columns: more than half of them are known by name. Columns
 * that are named by numbers are known by the very same header alone: a row holds such numbers, too.
 */
function isHeader(fields: readonly string[], { columns, names }: CsvDialect): boolean {
  const found = fields.map((field) => field.trim());
  if (found.length === columns.length && found.every((name, i) => name === columns[i])) return true;
  return 2 * found.filter((name) => names.has(name)).length > found.length && looksLikeHeader(found);
}
