import { dirname } from 'node:path';
import type { Verdict } from '../contracts.js';
import { freeBytes, hasRoom } from '../sources/free-space.js';
import { attempt } from '../sources/storage-error.js';
import type { Pressure } from './pressure.js';
import type { ScoreTable } from './score-table.js';

/** Verdicts that wait while scores cannot be written; beyond, the oldest are dropped. */
const LIMIT = 20_000;

export interface ScoreBufferParts {
  readonly path: string;
  readonly table: ScoreTable;
  readonly pressure: Pressure;
  /** Free disk below which nothing is written. */
  readonly floorBytes: number;
}

/** Verdicts between two flushes. */
export class ScoreBuffer {
  /** Verdicts that were given up. */
  dropped = 0;
  readonly #parts: ScoreBufferParts;
  #verdicts: Verdict[] = [];

  constructor(parts: ScoreBufferParts) {
    this.#parts = parts;
  }

  add(verdict: Verdict): void {
    this.#verdicts.push(verdict);
    const surplus = this.#verdicts.length - LIMIT;
    if (surplus <= 0) return;
    this.#verdicts.splice(0, surplus);
    this.dropped += surplus;
  }

  /** Writes them all in one transaction, or keeps them for the next time. */
  flush(): void {
    const { pressure } = this.#parts;
    if (this.#verdicts.length === 0 && !pressure.has('no-scores')) return;
    const refusal = this.#refusal();
    if (refusal === null) pressure.end('no-scores');
    else pressure.begin('no-scores', refusal);
  }

  #refusal(): string | null {
    const { path, table, floorBytes } = this.#parts;
    const folder = dirname(path);
    if (!hasRoom(folder, 0, floorBytes)) {
      return `folder ${folder}: expected ${floorBytes} bytes of free disk, ${freeBytes(folder)} are left`;
    }
    const failure = attempt(`database ${path}`, () => {
      this.dropped += table.add(this.#verdicts);
    });
    if (failure) return failure.message;
    this.#verdicts = [];
    return null;
  }
}
