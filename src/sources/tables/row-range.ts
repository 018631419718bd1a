import { ConfigError } from '../../contracts.js';

/** Data rows `first` … `last`, 1-based, both included. */
export interface RowRange {
  readonly first: number;
  readonly last: number;
}

export const allRows: RowRange = { first: 1, last: Number.POSITIVE_INFINITY };

/**
 * `1:400`, `401:` (to the end), `:400` (from the first) or `7` (one row).
 * @throws {ConfigError} naming the text when it is none of these
 */
export function parseRowRange(text: string): RowRange {
  const match = /^\s*(\d*)\s*(:?)\s*(\d*)\s*$/.exec(text);
  const [, from = '', colon = '', to = ''] = match ?? [];
  const first = from === '' ? 1 : Number(from);
  const last = to !== '' ? Number(to) : colon === '' ? first : Number.POSITIVE_INFINITY;
  const empty = from === '' && to === '';
  if (match === null || empty || first < 1 || last < first) {
    throw new ConfigError(`rows: expected a range such as 1:400, 401: or :400 (the first row is 1), got "${text}"`);
  }
  return { first, last };
}
