import { parse } from 'csv-parse/sync';

export interface CsvDialect {
  readonly delimiter: string;
  readonly columns: readonly string[];
  /** False when the first line is data already; the columns are then "column 1", "column 2", … */
  readonly hasHeader: boolean;
  /** Of the columns, those that no value of a row is likely to be: words. */
  readonly names: ReadonlySet<string>;
}

const delimiters = [',', ';', '\t', '|'];

/** Excel's first line that only names the delimiter: sep=; */
export function declaredDelimiter(line: string): string | null {
  return /^sep=(.)$/.exec(line)?.[1] ?? null;
}

/** Delimiter and columns from the first line. The delimiter is the candidate that cuts it into most fields. */
export function csvDialect(firstLine: string, declared: string | null): CsvDialect | null {
  const candidates = (declared === null ? delimiters : [declared]).map((delimiter) => ({
    delimiter,
    fields: splitFields(firstLine, delimiter),
  }));
  let best: { delimiter: string; fields: string[] } | null = null;
  for (const { delimiter, fields } of candidates) {
    if (fields !== null && fields.length > (best?.fields.length ?? 0)) best = { delimiter, fields };
  }
  if (best === null) return null;
  const names = best.fields.map((field) => field.trim());
  const hasHeader = looksLikeHeader(names);
  const columns = hasHeader ? uniqueNames(names) : names.map((_, i) => `column ${i + 1}`);
  const words = columns.filter((name) => name !== '' && !isNumber(name));
  return { delimiter: best.delimiter, columns, hasHeader, names: new Set(words) };
}

/** Fields of one record; null when a quoted field has no end in it (it may go on in the next line). */
export function splitFields(record: string, delimiter: string): string[] | null {
  // A record without quotes needs no parser; this is nearly every row of every sensor table.
  if (!record.includes('"')) return record.split(delimiter);
  try {
    const records: string[][] = parse(record, { delimiter, relax_quotes: true, relax_column_count: true });
    return records[0] ?? [''];
  } catch {
    return null;
  }
}

/** Names are not numbers, unless they count the columns: 0, 1, 2, … */
export function looksLikeHeader(names: readonly string[]): boolean {
  const numbers = names.filter(isNumber).map(Number);
  return numbers.every((number, i) => number === (numbers[0] ?? 0) + i && (number === i || number === i + 1));
}

function isNumber(name: string): boolean {
  return name !== '' && Number.isFinite(Number(name));
}

/** A name that comes again gets its number: flow, flow.2. */
function uniqueNames(names: readonly string[]): string[] {
  const seen = new Set<string>();
  return names.map((name, i) => {
    // An object has no column of its own by the name __proto__.
    const base = (name === '' && i > 0) || name === '__proto__' ? `column ${i + 1}` : name;
    let unique = base;
    for (let n = 2; seen.has(unique); n++) unique = `${base}.${n}`;
    seen.add(unique);
    return unique;
  });
}
