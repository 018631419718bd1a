/**
 * Environment variables over the file: AUSCULT_MQTT__URL is mqtt.url, AUSCULT_FEEDS__0__SOURCE__DEVICE is
 * feeds[0].source.device. Two underscores go one level down; single underscores and case do not matter
 * (AUSCULT_MQTT__PASSWORD_FILE is mqtt.passwordFile).
 */
import { parse } from 'yaml';
import type { z } from 'zod';
import { ConfigError } from '../contracts.js';
import { keysOf } from './schema-keys.js';

export interface Override {
  readonly variable: string;
  readonly path: readonly (string | number)[];
  readonly raw: string;
}

const prefix = 'AUSCULT_';

/** The overrides in `env`, their levels matched to the schema's spelling where it knows them. */
export function readOverrides(env: Readonly<Record<string, string | undefined>>, schema: z.ZodType): Override[] {
  return Object.entries(env)
    .filter((entry): entry is [string, string] => entry[0].startsWith(prefix) && entry[1] !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([variable, raw]) => {
      const levels = variable.slice(prefix.length).split('__');
      return { variable, path: spell(levels, schema), raw };
    });
}

/** Puts each override's value into a copy of the document, parsed as a YAML scalar or list. */
export function applyOverrides(
  document: unknown,
  overrides: readonly Override[],
  asText: ReadonlySet<string>,
): unknown {
  const root = { '': structuredClone(document ?? {}) };
  for (const { variable, path, raw } of overrides) {
    const value = asText.has(path.join('.')) ? raw : parseScalar(raw);
    setIn(root, ['', ...path], value, variable);
  }
  return root[''];
}

function parseScalar(raw: string): unknown {
  try {
    return parse(raw) ?? raw;
  } catch {
    return raw;
  }
}

function setIn(target: object, path: readonly (string | number)[], value: unknown, variable: string): void {
  let here = target as Record<string | number, unknown>;
  path.forEach((key, i) => {
    // A list would take any name, and nobody would ever look there.
    if (Array.isArray(here) && typeof key !== 'number')
      throw new ConfigError(`${variable}: expected the number of an entry after ${path[i - 1]}, found "${key}"`);
    const next = here[key];
    if (i === path.length - 1) here[key] = value;
    else if (typeof next !== 'object' || next === null) here[key] = typeof path[i + 1] === 'number' ? [] : {};
    here = here[key] as Record<string | number, unknown>;
  });
}

const normal = (key: string) => key.toLowerCase().replaceAll('_', '');

/** The schema's own spelling of each level; levels it does not know stay in lower case and fail validation by name. */
function spell(levels: readonly string[], schema: z.ZodType): (string | number)[] {
  let known = keysOf(schema);
  return levels.map((level) => {
    if (/^\d+$/.test(level)) return Number(level);
    const match = [...known.keys()].find((key) => normal(key) === normal(level));
    if (match === undefined) return level.toLowerCase();
    known = keysOf(known.get(match));
    return match;
  });
}
