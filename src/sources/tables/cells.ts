export type Cell = string | number | null;
export type Cells = Readonly<Record<string, Cell>>;

/** What tables write where a value is missing. Infinities cannot be learned from, so they count as missing too. */
const missing = new Set([
  '',
  'na',
  'n/a',
  'nan',
  '-nan',
  'null',
  'none',
  '?',
  'inf',
  '-inf',
  '+inf',
  'infinity',
  '-infinity',
]);
/** Whole numbers with leading zeros are codes, not quantities, and stay text. */
const numeric = /^[+-]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
const decimalComma = /^[+-]?(?:\d+,\d*|,\d+)(?:e[+-]?\d+)?$/i;

/**
 * A field of a text table as a number, a text, or null where it is missing.
 * @param commaDecimals whether 0,5 is a number: true when the comma does not separate fields
 */
export function toCell(field: string, commaDecimals: boolean): Cell {
  const text = field.trim();
  if (numeric.test(text)) return finite(Number(text));
  if (missing.has(text.toLowerCase())) return null;
  return commaDecimals && decimalComma.test(text) ? Number(text.replace(',', '.')) : text;
}

/**
 * Cells of one JSON object. Objects and arrays inside it become columns of their own, `pressure.value`, `flow.0`, down to
 * {@link DEEPEST}; what lies deeper is missing. Truth values become the texts true and false.
 */
export function toCells(object: object): Record<string, Cell> {
  const cells: [string, Cell][] = [];
  collect(object, '', cells, 0);
  return Object.fromEntries(cells);
}

/** The row with those of the needed columns that it lacks as missing values; null when it has none of them. */
export function withColumns(cells: Cells, needed: readonly string[]): Cells | null {
  const absent = needed.filter((name) => !Object.hasOwn(cells, name));
  if (absent.length === 0) return cells;
  return absent.length === needed.length
    ? null
    : { ...cells, ...Object.fromEntries(absent.map((name) => [name, null])) };
}

/** Why a table cannot be used, for a message. */
export function lackOf(absent: readonly string[], found: readonly string[]): string {
  return `expected column ${quoted(absent)}, found ${quoted(found)}`;
}

function quoted(names: readonly string[]): string {
  if (names.length === 0) return 'none';
  const shown = names.slice(0, 20).map((name) => `"${name}"`);
  return names.length > 20 ? `${shown.join(', ')} and ${names.length - 20} more` : shown.join(', ');
}

const DEEPEST = 8;

function collect(value: unknown, name: string, cells: [string, Cell][], depth: number): void {
  if (value !== null && typeof value === 'object' && depth < DEEPEST) {
    for (const [key, inner] of Object.entries(value)) {
      collect(inner, name === '' ? key : `${name}.${key}`, cells, depth + 1);
    }
  } else {
    cells.push([name, jsonCell(value)]);
  }
}

function jsonCell(value: unknown): Cell {
  if (typeof value === 'number') return finite(value);
  if (typeof value === 'string') return toCell(value, false);
  return typeof value === 'boolean' ? String(value) : null;
}

function finite(value: number): Cell {
  return Number.isFinite(value) ? value : null;
}
