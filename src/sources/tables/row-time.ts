/** The time of day, if there is one, and the zone. */
const rest = String.raw`(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?\s*(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?$`;
/** 2020-03-09 10:34:33, 2020-03-09T10:34:33.5+01:00, 2020/03/09 10:34, 2020.03.09, also without the time of day. */
const yearFirst = new RegExp(String.raw`^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})${rest}`, 'i');
/** 09.03.2020 10:34:33: with points the day comes first. With slashes nobody knows, so 3/9/2020 is no date. */
const dayFirst = new RegExp(String.raw`^(\d{1,2})\.(\d{1,2})\.(\d{4})${rest}`, 'i');

/** Seconds since 1970 that lie between the years 2001 and 2100. */
const epochSeconds = { from: 1e9, to: 4.1e9 };
/** Of a second: what loggers count time in. */
const epochUnits = [1, 1e3, 1e6, 1e9];

/**
 * UTC milliseconds of a date-time in text; null when it is not one. Without a zone it is read as UTC, whatever the
 * zone of this machine, so that a replay gives the same times everywhere.
 */
export function parseDateTime(text: string): number | null {
  const written = text.trim();
  const match = yearFirst.exec(written) ?? dayFirst.exec(written);
  if (match === null) return null;
  const [first, month, third, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as number[];
  const [year, day] = match[1]?.length === 4 ? [first, third] : [third, first];
  const fields = [year, (month ?? 0) - 1, day, hour, minute, second] as const;
  const ms = Date.UTC(...(fields as unknown as [number, number, number, number, number, number]));
  const date = new Date(ms);
  // Date.UTC rolls 31 February over; a date-time that it changes does not exist.
  if (date.getUTCMonth() !== fields[1] || date.getUTCDate() !== day || date.getUTCHours() !== hour) return null;
  return ms + Number(`0.${match[7] ?? 0}`) * 1000 - zoneMs(match[8]);
}

/** UTC milliseconds of a cell of a time column: a date-time in text, or seconds since 1970, or milli-, micro- or nanoseconds. */
export function parseTime(cell: string | number | null): number | null {
  if (cell === null) return null;
  if (typeof cell === 'string') return parseDateTime(cell);
  const { from, to } = epochSeconds;
  const unit = epochUnits.find((one) => cell >= from * one && cell <= to * one);
  return unit === undefined ? null : cell * (1000 / unit);
}

/**
 * The column that carries the time of a row: the first whose cell is a date-time in text, else the first that is named
 * like a time and holds seconds (milli-, micro-, nano-) since 1970; null when there is none.
 */
export function findTimeColumn(cells: Readonly<Record<string, string | number | null>>): string | null {
  const entries = Object.entries(cells);
  const written = entries.find(([, cell]) => typeof cell === 'string' && parseDateTime(cell) !== null);
  const counted = entries.find(([name, cell]) => /time|date|epoch|^ts$/i.test(name) && parseTime(cell) !== null);
  return (written ?? counted)?.[0] ?? null;
}

function zoneMs(zone: string | undefined): number {
  const match = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone ?? '');
  if (match === null) return 0;
  const minutes = Number(match[2]) * 60 + Number(match[3] ?? 0);
  return (match[1] === '-' ? -1 : 1) * minutes * 60_000;
}
