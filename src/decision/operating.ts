import type { OperatingState } from '../contracts.js';
import type { DeciderSettings } from './settings.js';

/** Off is at least this far below the mean level of commissioning, or `OFF_DEVIATIONS`, whichever is lower. */
const OFF_DB = 10;
const OFF_DEVIATIONS = 4;
/** A level this far below the mean may be a machine that is stopping. */
const FALLING_DB = 3;
const FALLING_DEVIATIONS = 3;
/** How much louder than the off level a machine that was off must be to count as started. */
const RESTART_DB = 2;

export interface LevelBand {
  readonly meanDb: number;
  readonly deviationDb: number;
}

/** Whether this window can be judged. */
export interface Judgeable {
  readonly judge: boolean;
  /** The machine may be stopping: nothing is raised yet. */
  readonly hold: boolean;
}

/** Levels are absent where nothing is heard. */
export interface HeardWindow {
  readonly levelDb?: number;
  readonly newestDb?: number;
  readonly startMs: number;
  readonly endMs: number;
}

type Settings = Pick<DeciderSettings, 'operating' | 'warmUpMs' | 'offAfterMs'>;

/**
 * Off, starting or running, from the level band learned at commissioning or as told from outside. All that was recorded
 * at commissioning counts as running, however its level moved: hence mean and deviation, not a split into two groups.
 */
export class Operating {
  readonly #settings: Settings;
  readonly #offBelowDb: number;
  readonly #fallingBelowDb: number;
  #state: OperatingState = 'starting';
  #startedMs: number | null = null;
  #quietSinceMs: number | null = null;
  #fallingSinceMs: number | null = null;
  /** No window that begins before is judged: part of it is of the machine at rest. */
  #clearFromMs = Number.NEGATIVE_INFINITY;

  constructor(settings: Settings, band: LevelBand | null) {
    this.#settings = settings;
    const byLevel = settings.operating === 'level' && band !== null;
    const deviation = band?.deviationDb ?? 0;
    this.#offBelowDb = byLevel ? band.meanDb - Math.max(OFF_DB, OFF_DEVIATIONS * deviation) : Number.NEGATIVE_INFINITY;
    this.#fallingBelowDb = byLevel
      ? band.meanDb - Math.max(FALLING_DB, FALLING_DEVIATIONS * deviation)
      : Number.NEGATIVE_INFINITY;
  }

  get state(): OperatingState {
    return this.#state;
  }

  /** The machine was switched, says a topic. Until the first word it counts as running: rather an alert than silence. */
  told(running: boolean, atMs: number): void {
    if (this.#settings.operating !== 'topic') return;
    if (!running) this.#state = 'off';
    else if (this.#state === 'off') {
      this.#start(atMs);
      this.#clearFromMs = atMs;
    }
  }

  /** @param heard levels in dBFS; without that of its newest part the whole window's stands for it */
  window({ levelDb, newestDb = levelDb, startMs, endMs }: HeardWindow): Judgeable {
    if (levelDb !== undefined && newestDb !== undefined && this.#settings.operating === 'level') {
      this.#hear({ levelDb, newestDb, startMs, endMs });
    }
    if (this.#startedMs === null) this.#startedMs = startMs;
    if (this.#state === 'starting' && endMs - this.#startedMs >= this.#settings.warmUpMs) this.#state = 'running';
    // The whole window is quiet only a window's length after the machine.
    const patienceMs = this.#settings.offAfterMs + endMs - startMs;
    const falling = this.#fallingSinceMs !== null && endMs - this.#fallingSinceMs < patienceMs;
    const judge = this.#state === 'running' && this.#quietSinceMs === null && startMs >= this.#clearFromMs;
    return { judge, hold: falling };
  }

  #hear({ levelDb, newestDb, startMs, endMs }: Required<HeardWindow>): void {
    const quiet = levelDb < this.#offBelowDb + (this.#state === 'off' ? RESTART_DB : 0);
    this.#quietSinceMs = quiet ? (this.#quietSinceMs ?? startMs) : null;
    this.#fallingSinceMs = newestDb < this.#fallingBelowDb ? (this.#fallingSinceMs ?? endMs) : null;
    if (this.#quietSinceMs === null) {
      if (this.#state === 'off') this.#start(startMs);
      return;
    }
    this.#clearFromMs = endMs;
    if (this.#state === 'starting' || endMs - this.#quietSinceMs >= this.#settings.offAfterMs) this.#state = 'off';
  }

  #start(atMs: number): void {
    this.#state = 'starting';
    this.#startedMs = atMs;
  }
}
