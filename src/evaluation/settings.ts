/** Overrides of hyper-parameters from the command line. */
import { ConfigError, type RowKind } from '../contracts.js';
import type { Hyperparameters } from '../scorers/method.js';
import { methodNamed } from '../scorers/methods.js';

type Value = Hyperparameters[string];

/** `components=4` for every method that has it, `dagmm.components=4` for one. */
export interface Assignment {
  readonly method: string | null;
  readonly name: string;
  readonly text: string;
}

/** @throws {ConfigError} when it is not NAME=VALUE or METHOD.NAME=VALUE */
export function parseAssignment(text: string): Assignment {
  const match = /^(?:([a-z0-9-]+)\.)?([A-Za-z]\w*)=(.+)$/.exec(text.trim());
  if (!match) throw new ConfigError(`--set: expected NAME=VALUE or METHOD.NAME=VALUE, found "${text}"`);
  return { method: match[1] ?? null, name: match[2] as string, text: match[3] as string };
}

/**
 * The settings of each run. A name goes to the runs whose method has such a setting.
 * @param rowKind what a row is
 * @throws {ConfigError} for a name that no run has, or a value of another kind
 */
export function settingsOf<T extends Run>(
  runs: readonly T[],
  assignments: readonly Assignment[],
  rowKind: RowKind = 'table',
): (T & { settings: Hyperparameters })[] {
  for (const assignment of assignments) refuseUnknown(runs, assignment, rowKind);
  return runs.map((run) => {
    const defaults = defaultsOf(run, rowKind);
    const mine = assignments.filter(
      ({ method, name }) => method === run.method || (method === null && name in defaults),
    );
    return {
      ...run,
      settings: Object.fromEntries(mine.map((a) => [a.name, valueLike(a, defaults[a.name])])),
    };
  });
}

/** A method with one of its recipes. */
interface Run {
  readonly method: string;
  readonly recipe: string;
}

/** A table of middling size: names and kinds of settings do not depend on it. */
const ROWS = 1000;
const WIDTH = 10;

/** Every setting that a run has, with its default; empty where it has none. */
export function defaultsOf({ method, recipe }: Run, rowKind: RowKind): Hyperparameters {
  return methodNamed(method).defaults?.(rowKind, recipe, ROWS, WIDTH) ?? {};
}

function refuseUnknown(runs: readonly Run[], { method, name }: Assignment, rowKind: RowKind): void {
  const asked = runs.filter((run) => method === null || run.method === method);
  if (asked.length === 0)
    throw new ConfigError(`--set ${method}.${name}: ${method} is not among the methods asked for`);
  if (asked.some((run) => name in defaultsOf(run, rowKind))) return;
  const known = [...new Set(asked.flatMap((run) => Object.keys(defaultsOf(run, rowKind))))].join(', ');
  throw new ConfigError(`--set: expected one of ${known || 'no setting at all'}, found "${name}"`);
}

/** A value of the default's kind. */
function valueLike({ name, text }: Assignment, like: Value | undefined): Value {
  const numbers = text.split(',').map(Number);
  const bad = (expected: string) => new ConfigError(`--set ${name}: expected ${expected}, found "${text}"`);
  if (Array.isArray(like)) {
    if (numbers.every(Number.isFinite)) return numbers;
    throw bad('numbers separated by commas');
  }
  if (typeof like === 'boolean') {
    if (text === 'true' || text === 'false') return text === 'true';
    throw bad('true or false');
  }
  if (typeof like === 'string') return text;
  if (numbers.length === 1 && Number.isFinite(numbers[0]) && text.trim() !== '') return numbers[0] as number;
  throw bad('a number');
}
