import type { MeasuredFault, SignalStats, Trouble, TroubleCode } from '../contracts.js';
import { type Change, EventCycle, type OpenEvent, type Reading } from './event-cycle.js';
import type { DeciderSettings, SensorLimits } from './settings.js';

/** The machine cannot be heard through these: nothing is judged while they last. */
const BLOCKING: ReadonlySet<TroubleCode> = new Set(['silence', 'stuck', 'dc-offset', 'not-finite']);
/** Through which the machine cannot be heard. */
export const isDeaf = ({ code }: MeasuredFault): boolean => BLOCKING.has(code);

/** One skipped item: only several are a fault of the sensor. */
const ITEMS: ReadonlySet<TroubleCode> = new Set(['bad-file', 'bad-row', 'bad-image', 'overrun', 'late']);
const ITEMS_TO_RAISE = 3;
const ITEMS_WITHIN_MS = 600_000;
/** A trouble that is not reported again for this long is over. */
const REPORT_LASTS_MS = 60_000;

/**
 * What is wrong with these samples. Steady samples are `silence` at zero and `stuck` elsewhere; a machine that is off is
 * neither, because a live microphone hisses.
 */
export function signalFaults(signal: SignalStats, limits: SensorLimits): MeasuredFault[] {
  const found: MeasuredFault[] = [];
  const add = (code: TroubleCode, value: number, limit: number, message: string) =>
    found.push({ code, value, limit, message });
  const { clippedShare, dc, stuckShare, nonFinite } = signal;
  const db = 10 * Math.log10(Math.max(signal.rms ** 2 - dc ** 2, 1e-12));
  const offset = Math.abs(dc) > 10 ** (limits.silenceDb / 20);
  if (nonFinite > 0) add('not-finite', nonFinite, 0, `samples: expected numbers, found ${nonFinite} NaN or infinite`);
  else if (db <= limits.silenceDb && !offset) {
    add('silence', -db, -limits.silenceDb, `level: expected above ${limits.silenceDb} dBFS, found ${db.toFixed(0)}`);
  } else if (db <= limits.silenceDb || stuckShare >= limits.stuckShare) {
    add('stuck', stuckShare, limits.stuckShare, `samples: expected to move, found ${percent(stuckShare)} at one value`);
  }
  if (clippedShare > limits.clippedShare) {
    const most = percent(limits.clippedShare);
    add(
      'clipping',
      clippedShare,
      limits.clippedShare,
      `full scale: expected at most ${most}, found ${percent(clippedShare)} of the samples`,
    );
  }
  if (Math.abs(dc) > limits.dc && !found.some(({ code }) => code === 'stuck')) {
    add(
      'dc-offset',
      Math.abs(dc),
      limits.dc,
      `mean of the samples: expected within ±${limits.dc}, found ${dc.toFixed(3)}`,
    );
  }
  return found;
}

function percent(share: number): string {
  return `${(share * 100).toPrecision(2)} %`;
}

interface Fault {
  readonly cycle: EventCycle;
  /** Windows in a row with and without it. */
  bad: number;
  good: number;
  /** The source is down with it until a window comes. */
  down: boolean;
  /** Times of reports that did not take the source down. */
  reports: number[];
  reading: Reading;
}

type Settings = Pick<DeciderSettings, 'sensor' | 'updateEveryMs'>;

/** The sensor-fault events of one feed, one cycle a code. */
export class SensorFaults {
  readonly #settings: Settings;
  readonly #faults = new Map<TroubleCode, Fault>();

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** Goes on with the faults that somebody else has raised, and forgets that others are open. */
  resume(events: readonly OpenEvent[]): void {
    const open = new Map(events.flatMap((event) => (event.kind === 'sensor-fault' ? [[event.code, event]] : [])));
    for (const code of open.keys()) if (code !== null && !this.#faults.has(code)) this.#add(code);
    for (const [code, { cycle }] of this.#faults) {
      const event = open.get(code) ?? null;
      if ((event !== null) !== cycle.isOpen) cycle.resume(event);
    }
  }

  get anyOpen(): boolean {
    return [...this.#faults.values()].some(({ cycle }) => cycle.isOpen);
  }

  /** The machine cannot be heard. */
  get blocked(): boolean {
    return [...this.#faults].some(
      ([code, fault]) => fault.down || (BLOCKING.has(code) && (fault.bad > 0 || fault.cycle.isOpen)),
    );
  }

  /** A window has come, with these things wrong. */
  window(measured: readonly MeasuredFault[], atMs: number, silenced: boolean): Change[] {
    for (const { code, value, limit, message } of measured) {
      const fault = this.#faults.get(code) ?? this.#add(code);
      fault.reading = reading(value, limit, message);
    }
    for (const [code, fault] of this.#faults) {
      const wrong = measured.some((one) => one.code === code);
      fault.bad = wrong ? fault.bad + 1 : 0;
      fault.good = wrong ? 0 : fault.good + 1;
      fault.down = false;
    }
    return this.#look(atMs, silenced);
  }

  trouble(
    { code, down, message }: Pick<Trouble, 'code' | 'down' | 'message'>,
    atMs: number,
    silenced: boolean,
  ): Change[] {
    const fault = this.#faults.get(code) ?? this.#add(code);
    fault.reading = reading(1, 1, message);
    fault.good = 0;
    if (down) fault.down = true;
    else fault.reports = [...fault.reports, atMs].slice(-ITEMS_TO_RAISE);
    return this.#look(atMs, silenced);
  }

  /** Time has passed. */
  tick(atMs: number, silenced: boolean): Change[] {
    return this.#look(atMs, silenced);
  }

  acknowledge(code: TroubleCode | null, atMs: number): Change[] {
    const chosen = [...this.#faults].filter(([own]) => code === null || own === code);
    return chosen.flatMap(([, { cycle }]) => cycle.acknowledge(atMs) ?? []);
  }

  #look(atMs: number, silenced: boolean): Change[] {
    const changes: Change[] = [];
    for (const [code, fault] of this.#faults) {
      const { bad, good, down, cycle } = fault;
      const { raiseWindows, clearWindows } = this.#settings.sensor;
      const last = fault.reports.at(-1);
      const reported = last !== undefined && atMs - last < REPORT_LASTS_MS;
      const raise = down || bad >= raiseWindows || (reported && enough(code, fault.reports));
      const clear = !down && bad === 0 && !reported && (good >= clearWindows || fault.reports.length > 0);
      const change = cycle.look({ atMs, raise, clear, reading: raise || bad > 0 ? fault.reading : null, silenced });
      if (change) changes.push(change);
      if (change?.change === 'cleared') fault.reports = [];
    }
    return changes;
  }

  #add(code: TroubleCode): Fault {
    const { updateEveryMs } = this.#settings;
    const cycle = new EventCycle({ kind: 'sensor-fault', code, cooldownMs: 0, latch: false, updateEveryMs });
    const fault: Fault = { cycle, bad: 0, good: 0, down: false, reports: [], reading: reading(1, 1, null) };
    this.#faults.set(code, fault);
    return fault;
  }
}

function enough(code: TroubleCode, reports: readonly number[]): boolean {
  const first = reports.at(-ITEMS_TO_RAISE);
  const last = reports.at(-1) ?? 0;
  return !ITEMS.has(code) || (first !== undefined && last - first <= ITEMS_WITHIN_MS);
}

function reading(value: number, threshold: number, message: string | null): Reading {
  return { value, threshold, pValue: 1, part: null, message };
}
