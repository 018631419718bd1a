import type { Degradation } from './types.js';

/** Mildest first. */
const LEVELS = ['no-clips', 'no-scores', 'events-in-memory'] as const;
type Level = (typeof LEVELS)[number];

const GIVEN_UP: Readonly<Record<Level, string>> = {
  'no-clips': 'clips are not kept',
  'no-scores': 'scores are not kept',
  'events-in-memory': 'events wait in memory',
};

/** What is given up at the moment and why; says so once when that begins and once when it ends. */
export class Pressure {
  readonly #reasons = new Map<Level, string>();

  constructor(private readonly onNotice: (line: string) => void) {}

  begin(level: Level, reason: string): void {
    if (!this.#reasons.has(level)) this.onNotice(`${GIVEN_UP[level]}: ${reason}`);
    this.#reasons.set(level, reason);
  }

  end(level: Level): void {
    if (this.#reasons.delete(level))
      this.onNotice(`${GIVEN_UP[level].replace(' not', '').replace('wait in memory', 'are stored')} again`);
  }

  has(level: Level): boolean {
    return this.#reasons.has(level);
  }

  get degradation(): Degradation {
    return [...LEVELS].reverse().find((level) => this.#reasons.has(level)) ?? 'none';
  }

  get reason(): string | null {
    const { degradation } = this;
    return degradation === 'none' ? null : (this.#reasons.get(degradation) ?? null);
  }
}
