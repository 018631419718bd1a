import type { Calibration, HorizonCalibration } from '../contracts.js';
import type { Part, Reading } from './event-cycle.js';
import { Smoother } from './smoothing.js';
import { type Budget, pValue, type Threshold, thresholdFor } from './threshold.js';

/** A level closer to the mean than this is never an anomaly, however steady it was at commissioning: somebody opens a door. */
const LEAST_AWAY_DB = 3;
const LEAST_AWAY_CLEAR_DB = 2;

/** One statistic against its threshold. */
interface Horizon extends Threshold {
  readonly part: Part;
  readonly calibration: HorizonCalibration;
  readonly smoother: Smoother;
  /** Has been above its threshold during the open event: it must be calm before that clears. */
  involved: boolean;
}

export interface PartNow {
  readonly statistic: number;
  readonly threshold: number;
  readonly clearBelow: number;
  readonly pValue: number;
}

export interface Judgement {
  readonly short: PartNow;
  /** null until it is full. */
  readonly long: PartNow | null;
  /** The first part above its threshold; what an event is raised with. */
  readonly above: Reading | null;
  /** Readings of every part that is ready, for the peak of an open event. */
  readonly readings: readonly Reading[];
  /** Every part that took part in the event is at or below its clear level. */
  readonly calm: boolean;
}

/** The statistics of one feed: short, long, level. The budget is split evenly between those that can raise. */
export class Judge {
  readonly #horizons: readonly Horizon[];
  readonly #short: Horizon;
  readonly #cap: number;
  readonly #meanDb: number;

  constructor(calibration: Calibration, budget: Budget, judgeLevel: boolean) {
    const away = judgeLevel ? (calibration.level?.away ?? null) : null;
    const parts = [calibration.short, calibration.long, away].filter((part) => part !== null);
    const limitOf = (horizon: HorizonCalibration, share: number): Threshold =>
      thresholdFor(horizon, { ...calibration, ...budget, share });
    const even = 1 / parts.length;
    const { short, long } = calibration;
    // A long threshold that its capped mean never comes to spends nothing: so few normals promise no more.
    const reach = Math.min(long?.cap ?? Number.POSITIVE_INFINITY, limitOf(short, even).threshold);
    const dead = long !== null && limitOf(long, even).threshold >= reach;
    const share = 1 / (parts.length - (dead ? 1 : 0));
    const make = (part: Part, horizon: HorizonCalibration): Horizon => {
      const limit = limitOf(horizon, part === 'long' ? even : share);
      return {
        ...(part === 'level' ? atLeast(limit) : limit),
        part,
        calibration: horizon,
        smoother: new Smoother(horizon.smoothing),
        involved: false,
      };
    };
    this.#short = make('short', short);
    // A large budget's short threshold lies below the calibrated cap (older packages have none): then bangs weigh less yet.
    this.#cap = Math.min(long?.cap ?? Number.POSITIVE_INFINITY, this.#short.threshold);
    const others = [long && make('long', long), away && make('level', away)];
    this.#horizons = [this.#short, ...others.filter((horizon) => horizon !== null)];
    this.#meanDb = calibration.level?.meanDb ?? 0;
  }

  get thresholds(): ReadonlyMap<Part, Threshold> {
    return new Map(this.#horizons.map((horizon) => [horizon.part, horizon]));
  }

  /** After a gap: every statistic starts anew. */
  restart(): void {
    for (const { smoother } of this.#horizons) smoother.reset();
  }

  /** Whether parts that stay calm hold an event open: all after a resume, none after a clear. */
  involve(involved: boolean): void {
    for (const horizon of this.#horizons) horizon.involved = involved;
  }

  /** Whose threshold a stored event was raised over; the short one's where the thresholds have changed since. */
  partOf(threshold: number): Part {
    return this.#horizons.find((horizon) => horizon.threshold === threshold)?.part ?? 'short';
  }

  /** A window that is looked at alone, outside every statistic. */
  glance(score: number): PartNow {
    return now(this.#short, score);
  }

  push(score: number, levelDb: number | undefined): Judgement {
    const ready = this.#horizons.flatMap((horizon) => {
      const value = this.#valueOf(horizon.part, score, levelDb);
      if (value === null) return [];
      const statistic = horizon.smoother.push(value);
      return [{ horizon, ...now(horizon, statistic), judged: horizon.smoother.judgeable }];
    });
    const judged = ready.filter((one) => one.judged);
    for (const { horizon, statistic, threshold } of judged) horizon.involved ||= statistic > threshold;
    const readings = judged.map(({ horizon, statistic, threshold, pValue }) => {
      return { value: statistic, threshold, pValue, part: horizon.part, message: null };
    });
    return {
      short: ready[0] ?? this.glance(score),
      long: judged.find((one) => one.horizon.part === 'long') ?? null,
      above: readings.find(({ value, threshold }) => value > threshold) ?? null,
      readings,
      calm: judged.length > 0 && judged.every((one) => !one.horizon.involved || one.statistic <= one.clearBelow),
    };
  }

  #valueOf(part: Part, score: number, levelDb: number | undefined): number | null {
    if (part === 'short') return score;
    if (part === 'long') return Math.min(score, this.#cap);
    return levelDb === undefined ? null : Math.abs(levelDb - this.#meanDb);
  }
}

function now({ calibration, threshold, clearBelow }: Horizon, statistic: number): PartNow {
  return { statistic, threshold, clearBelow, pValue: pValue(calibration, statistic) };
}

function atLeast(limit: Threshold): Threshold {
  return {
    ...limit,
    threshold: Math.max(limit.threshold, LEAST_AWAY_DB),
    clearBelow: Math.max(limit.clearBelow, LEAST_AWAY_CLEAR_DB),
  };
}
