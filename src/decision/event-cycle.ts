import type { Event, EventChange, TroubleCode } from '../contracts.js';

/** Which statistic raised an anomaly. */
export type Part = 'short' | 'long' | 'level';

/** What an event is measured by. Sensor faults: the measured value and its limit, p = 1 (they say nothing of the machine). */
export interface Reading {
  readonly value: number;
  readonly threshold: number;
  readonly pValue: number;
  readonly part: Part | null;
  readonly message: string | null;
}

/** One step in the life of an event. Who stores it gives it its id: at most one event is open for each (kind, code). */
export interface Change {
  readonly kind: 'anomaly' | 'sensor-fault';
  /** Sensor faults: what is wrong. */
  readonly code: TroubleCode | null;
  readonly change: EventChange;
  /** When this step was taken; never before raisedMs. */
  readonly atMs: number;
  readonly raisedMs: number;
  readonly acknowledgedMs: number | null;
  readonly peak: number;
  readonly peakMs: number;
  readonly threshold: number;
  readonly pValue: number;
  /** Anomalies: the statistic that peak, threshold and pValue belong to; null for faults. */
  readonly part: Part | null;
  /** Sensor faults: one line for the engineer. */
  readonly message: string | null;
}

export interface CycleSettings {
  readonly kind: 'anomaly' | 'sensor-fault';
  readonly code: TroubleCode | null;
  /** No new event for this long after one cleared. */
  readonly cooldownMs: number;
  /** Only an acknowledged event clears. */
  readonly latch: boolean;
  /** A growing peak is reported at most this often. */
  readonly updateEveryMs: number;
}

/** One look at the condition behind the event. */
export interface Look {
  readonly atMs: number;
  readonly raise: boolean;
  readonly clear: boolean;
  /** null: nothing was measured this time. */
  readonly reading: Reading | null;
  /** Muted: nothing is raised and nothing updated; an open event may still clear. */
  readonly silenced: boolean;
}

export type OpenEvent = Pick<
  Event,
  'kind' | 'code' | 'raisedMs' | 'acknowledgedMs' | 'peak' | 'peakMs' | 'threshold' | 'pValue'
>;

type ResumedEvent = OpenEvent & { readonly part?: Part | null };

interface Open {
  raisedMs: number;
  acknowledgedMs: number | null;
  peak: number;
  peakMs: number;
  threshold: number;
  pValue: number;
  part: Part | null;
  message: string | null;
  toldMs: number;
  toldPeak: number;
}

function goOn({ raisedMs, acknowledgedMs, peak, peakMs, threshold, pValue, part = null }: ResumedEvent): Open {
  const told = { toldMs: raisedMs, toldPeak: peak };
  return { raisedMs, acknowledgedMs, peak, peakMs, threshold, pValue, part, message: null, ...told };
}

/** raised → updated* → cleared, again and again, for one (kind, code). */
export class EventCycle {
  readonly #settings: CycleSettings;
  #open: Open | null = null;
  #clearedMs: number | null;

  /** @param clearedMs when the last one cleared, for the cooldown */
  constructor(settings: CycleSettings, clearedMs: number | null = null) {
    this.#settings = settings;
    this.#clearedMs = clearedMs;
  }

  /** Goes on with a stored event, and the part that its peak belongs to; null: forgets the one that is open. */
  resume(event: ResumedEvent | null): void {
    this.#open = event && goOn(event);
  }

  get isOpen(): boolean {
    return this.#open !== null;
  }

  get part(): Part | null {
    return this.#open?.part ?? null;
  }

  look(look: Look): Change | null {
    return this.#open ? this.#follow(this.#open, look) : this.#start(look);
  }

  /** @returns an update that says so; null when nothing is open or it was acknowledged before */
  acknowledge(atMs: number): Change | null {
    if (!this.#open || this.#open.acknowledgedMs !== null) return null;
    this.#open.acknowledgedMs = Math.max(atMs, this.#open.raisedMs);
    return this.#tell(this.#open, 'updated', atMs);
  }

  #start({ atMs, raise, reading, silenced }: Look): Change | null {
    if (!raise || silenced || !reading || this.#cooling(atMs)) return null;
    const { value: peak, ...rest } = reading;
    const told = { toldMs: atMs, toldPeak: peak };
    this.#open = { raisedMs: atMs, acknowledgedMs: null, peak, peakMs: atMs, ...rest, ...told };
    return this.#tell(this.#open, 'raised', atMs);
  }

  /** A clock that was set back ends the cooldown rather than stretch it. */
  #cooling(atMs: number): boolean {
    return this.#clearedMs !== null && atMs >= this.#clearedMs && atMs - this.#clearedMs < this.#settings.cooldownMs;
  }

  #follow(open: Open, { atMs, clear, reading, silenced }: Look): Change | null {
    if (reading && open.part === reading.part) this.#grow(open, reading, atMs);
    if (clear && (!this.#settings.latch || open.acknowledgedMs !== null)) {
      this.#open = null;
      this.#clearedMs = Math.max(atMs, open.raisedMs);
      return this.#tell(open, 'cleared', atMs);
    }
    const due = open.peak > open.toldPeak && atMs - open.toldMs >= this.#settings.updateEveryMs;
    return due && !silenced ? this.#tell(open, 'updated', atMs) : null;
  }

  #grow(open: Open, reading: Reading, atMs: number): void {
    if (reading.value <= open.peak) return;
    open.peak = reading.value;
    open.peakMs = Math.max(atMs, open.raisedMs);
    open.pValue = reading.pValue;
    open.message = reading.message ?? open.message;
  }

  #tell(open: Open, change: EventChange, atMs: number): Change {
    const { toldMs, toldPeak, ...event } = open;
    open.toldMs = Math.max(atMs, toldMs);
    open.toldPeak = Math.max(open.peak, toldPeak);
    const { kind, code } = this.#settings;
    return { kind, code, change, atMs: Math.max(atMs, open.raisedMs), ...event };
  }
}
