import { homedir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '../contracts.js';
import type { Protocol } from '../evaluation/split.js';

/** What `auscult evaluate` was asked. */
export interface EvaluateFlags {
  readonly dataset: string;
  readonly data: string;
  /** Absent: the kind of data's own default. */
  readonly method?: string[];
  readonly preset?: string;
  readonly recipe?: string;
  readonly protocol?: Protocol;
  readonly seeds?: number;
  readonly seed: number;
  readonly splitSeed?: number;
  readonly labelColumn?: string;
  readonly anomalyLabel?: string;
  readonly exclude?: string[];
  readonly set: string[];
  /** Sound. */
  readonly levelMatch?: 'on' | 'off' | 'both';
  readonly channel?: number;
  readonly only?: string[];
  readonly csv?: string;
  readonly folds?: number;
  readonly encoder?: string;
  readonly threads?: number;
  readonly jobs?: number;
  readonly report?: string;
  readonly cache?: string;
  readonly fresh?: boolean;
  readonly json?: boolean;
}

/** Trials of each method on a table. */
export const TABLE_SEEDS = 5;
/** What a table is judged by unless something else is asked for. */
export const TABLE_METHODS = ['dagmm'] as const;

/** How a table is split, likewise. */
export const TABLE_PROTOCOL: Protocol = 'paper';

/** As the XDG base directories say. */
export function defaultCache(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'auscult', 'evaluate');
}

/** What was typed, for the report. */
export function typedCommand(): string {
  const words = process.argv.slice(2).map((word) => (/^[\w./:=,+-]+$/.test(word) ? word : `'${word}'`));
  return ['auscult', ...words].join(' ');
}

/** @throws {ConfigError} for a flag that says nothing about these data */
export function refuseFlags(flags: EvaluateFlags, names: readonly (keyof typeof flagOf)[]): void {
  for (const name of names)
    if (flags[name] !== undefined) throw new ConfigError(`${flagOf[name]}: not for --dataset ${flags.dataset}`);
}

const flagOf = {
  ...{ report: '--report', labelColumn: '--label-column', anomalyLabel: '--anomaly-label', csv: '--csv' },
  ...{ splitSeed: '--split-seed', preset: '--preset', recipe: '--recipe', channel: '--channel' },
  ...{ encoder: '--encoder', folds: '--folds', protocol: '--protocol', exclude: '--exclude', only: '--only' },
  ...{ levelMatch: '--level-match', jobs: '--jobs', threads: '--threads', cache: '--cache', fresh: '--fresh' },
} as const;
