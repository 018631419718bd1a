import { type Cells, lackOf, toCells, withColumns } from '../tables/cells.js';

export interface RowMessage {
  readonly rows: readonly Cells[];
  /** Why a row, or all of them, cannot be used; a line each. */
  readonly problems: readonly string[];
}

/**
 * The rows of one message: a JSON object, or an array of them, oldest first. Columns that are needed and absent are
 * missing values, unless all of them are absent.
 */
export function rowsOf(payload: Uint8Array, requiredColumns: readonly string[]): RowMessage {
  const text = Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { rows: [], problems: [`expected a JSON object, found ${shown(text)}`] };
  }
  const found = (Array.isArray(value) ? value : [value]).map((one: unknown) => toRow(one, requiredColumns));
  return {
    rows: found.filter((row) => typeof row !== 'string'),
    problems: found.filter((row) => typeof row === 'string'),
  };
}

/** The row, or why it is none. */
function toRow(value: unknown, requiredColumns: readonly string[]): Cells | string {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    // Not written out: what is nested deep enough overflows the stack.
    return `expected a JSON object, found ${Array.isArray(value) ? 'an array' : shown(JSON.stringify(value))}`;
  }
  const cells = toCells(value);
  const row = withColumns(cells, requiredColumns);
  return row ?? lackOf(requiredColumns, Object.keys(cells));
}

function shown(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not reach the log
  const line = text.slice(0, 40).replaceAll(/[\u0000-\u001f\u007f\ufffd]+/g, '·');
  return line === '' ? 'nothing' : `${line}${text.length > 40 ? '…' : ''}`;
}
