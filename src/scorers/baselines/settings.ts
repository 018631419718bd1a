import { ConfigError } from '../../contracts.js';
import type { Hyperparameters } from '../method.js';

/** One number that a method can be told. */
export interface Setting {
  /** What it is for so many training rows of such a width, unless it is told. */
  readonly default: number | ((rows: number, width: number) => number);
  readonly least: number;
  readonly most: number;
  readonly whole: boolean;
}

/** The settings of a method by name. */
export type Settings = Readonly<Record<string, Setting>>;
/** Their values. */
export type Values<Known extends Settings> = { readonly [Name in keyof Known]: number };

export const whole = (standard: Setting['default'], least: number, most: number): Setting => ({
  default: standard,
  least,
  most,
  whole: true,
});
export const real = (standard: number, least: number, most: number): Setting => ({
  default: standard,
  least,
  most,
  whole: false,
});

export function defaultsOf<Known extends Settings>(known: Known, rows: number, width: number): Values<Known> {
  const entries = Object.entries(known).map(([name, { default: own }]) => [
    name,
    typeof own === 'number' ? own : own(rows, width),
  ]);
  return Object.fromEntries(entries) as Values<Known>;
}

/** The defaults with what was given in their place. @throws {ConfigError} for a name or a value that does not fit */
export function settingsOf<Known extends Settings>(
  method: string,
  known: Known,
  defaults: Values<Known>,
  given: Hyperparameters = {},
): Values<Known> {
  const names = Object.keys(known);
  for (const [name, value] of Object.entries(given)) {
    const setting = known[name];
    if (!setting) throw new ConfigError(`settings: ${method} has ${names.join(', ')}, found "${name}"`);
    refuseUnfit(`${method} ${name}`, value, setting);
  }
  return { ...defaults, ...given };
}

function refuseUnfit(what: string, value: unknown, { least, most, whole: integer }: Setting): void {
  const fits = typeof value === 'number' && value >= least && value <= most && (!integer || Number.isInteger(value));
  if (fits) return;
  const kind = integer ? 'a whole number' : 'a number';
  throw new ConfigError(`${what}: expected ${kind} from ${least} to ${most}, found ${JSON.stringify(value)}`);
}
