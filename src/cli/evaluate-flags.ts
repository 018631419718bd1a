import type { Protocol } from '../evaluation/split.js';

/** What `auscult evaluate` was asked. */
export interface EvaluateFlags {
  readonly dataset: string;
  readonly data: string;
  readonly method: string[];
  readonly preset?: string;
  readonly recipe?: string;
  readonly protocol: Protocol;
  readonly seeds: number;
  readonly seed: number;
  readonly splitSeed?: number;
  readonly labelColumn?: string;
  readonly anomalyLabel?: string;
  readonly exclude: string[];
  readonly set: string[];
  readonly threads: number;
  readonly jobs?: number;
  readonly report?: string;
  readonly cache?: string;
  readonly fresh?: boolean;
  readonly json?: boolean;
}
