import type {
  Calibration,
  MachineState,
  MeasuredFault,
  OperatingState,
  SignalStats,
  Trouble,
  TroubleCode,
  Verdict,
} from '../contracts.js';
import { type Change, EventCycle, type OpenEvent, type Part } from './event-cycle.js';
import { Judge, type PartNow } from './judge.js';
import { Operating } from './operating.js';
import { isDeaf, SensorFaults, signalFaults } from './sensor.js';
import { DEFAULTS, type DeciderSettings } from './settings.js';
import type { Threshold } from './threshold.js';

export type { Change, OpenEvent, Part } from './event-cycle.js';

/**
 * A step back is a gap even if nobody said so, and so are more hops than this between two windows, unless the step before was
 * as long: rows may come more slowly than those that were learnt.
 */
const GAP_HOPS = 3;

/** Ticks come once a second: a longer time between two is a clock that was set, or a machine that slept. */
const MOST_TICK_MS = 5_000;

/** Sources take this long, at most, to follow a clock that was set: until then their times are late by as much. */
const FOLLOW_MS = 90_000;

/** One scored window. */
export interface ScoredWindow {
  readonly score: number;
  readonly levelDb?: number;
  readonly newestDb?: number;
  readonly signal?: SignalStats;
  /** What is wrong with the columns of a table. */
  readonly faults?: readonly MeasuredFault[];
  readonly startMs: number;
  readonly endMs: number;
  readonly sequence: number;
  /** True when samples were lost before this window. */
  readonly gap?: boolean;
  /** Something is missing without which it cannot be judged. */
  readonly incomplete?: boolean;
}

export type DeciderInput =
  /** `nowMs`: the clock when it is decided, for lateness. */
  | { readonly kind: 'window'; readonly window: ScoredWindow; readonly nowMs?: number }
  | { readonly kind: 'trouble'; readonly trouble: Pick<Trouble, 'code' | 'down' | 'message' | 'atMs'> }
  /** `ended`: the source has ended well, no window is due. */
  | { readonly kind: 'tick'; readonly atMs: number; readonly ended?: boolean }
  /** From a topic; ignored unless the settings say `operating: 'topic'`. */
  | { readonly kind: 'operating'; readonly running: boolean; readonly atMs: number }
  /** Until a time that has passed: ends the mute. */
  | { readonly kind: 'mute'; readonly untilMs: number; readonly atMs: number }
  /** While learning, no anomaly is raised; sensor faults are. */
  | { readonly kind: 'learning'; readonly on: boolean; readonly atMs: number }
  /** `event`: 'anomaly', the code of a sensor fault, or null for all that is open. */
  | { readonly kind: 'acknowledge'; readonly event: 'anomaly' | TroubleCode | null; readonly atMs: number }
  /** This decider takes over: all that is open goes on, whoever raised it; what is open here alone is forgotten. */
  | {
      readonly kind: 'resume';
      readonly open: readonly OpenEvent[];
      /** When the last anomaly cleared; null: none has. */
      readonly clearedMs: number | null;
      readonly learning: boolean;
      readonly atMs: number;
    };

export interface Decision {
  /** null for inputs that are no window, and for a score that is no number. */
  readonly verdict: Verdict | null;
  readonly changes: readonly Change[];
  readonly state: MachineState;
  readonly operating: OperatingState;
  /** True for a window whose score counted: the machine ran and could be heard throughout. */
  readonly judged: boolean;
}

/** What the store remembers of a feed when it starts again. */
export interface Resume {
  /** All events of this feed that are still open: they go on rather than being raised again. */
  readonly open: readonly OpenEvent[];
  /** When this feed's last anomaly cleared, for the cooldown. */
  readonly clearedMs?: number | null;
  readonly mutedUntilMs?: number | null;
}

export interface Decider {
  /** Time is what the inputs say; nothing else is read. The same inputs give the same decisions. */
  step(input: DeciderInput): Decision;
  readonly thresholds: ReadonlyMap<Part, Threshold>;
  readonly settings: DeciderSettings;
}

/** The decisions on one feed. A machine of several feeds has one of these for each. */
export function createDecider(
  calibration: Calibration,
  settings: Pick<DeciderSettings, 'feed' | 'machine' | 'budget'> & Partial<DeciderSettings>,
  resume: Resume = { open: [] },
): Decider {
  const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
  const { feed, machine, budget } = settings;
  return new FeedDecider(calibration, { ...DEFAULTS, feed, machine, budget, ...given }, resume);
}

class FeedDecider implements Decider {
  readonly settings: DeciderSettings;
  readonly #gapMs: number;
  readonly #judge: Judge;
  readonly #operating: Operating;
  readonly #faults: SensorFaults;
  readonly #anomaly: EventCycle;
  /** What the clock on the wall says; what was recorded last until anybody has told. */
  #clockMs = Number.NEGATIVE_INFINITY;
  #clockIsTold = false;
  /** When the clock was found to be set, by itself. */
  #clockSetMs = Number.NEGATIVE_INFINITY;
  #lastStartMs: number | null = null;
  /** From the window before the last to the last. */
  #stepMs = 0;
  /** The machine could not be heard until then: windows that begin before are not judged. */
  #deafUntilMs = Number.NEGATIVE_INFINITY;
  #lastTickMs: number | null = null;
  /** Since the last window, by ticks. */
  #silentMs = 0;
  #mutedUntilMs: number;
  #learning = false;
  #calmWindows = 0;
  /** A window has been judged since the machine was last off or out of hearing. */
  #known = false;

  constructor(calibration: Calibration, settings: DeciderSettings, resume: Resume) {
    this.settings = settings;
    this.#gapMs = settings.steady ? GAP_HOPS * calibration.hopMs : Number.POSITIVE_INFINITY;
    this.#judge = new Judge(calibration, settings.budget, settings.judgeLevel);
    this.#operating = new Operating(settings, calibration.level);
    this.#faults = new SensorFaults(settings);
    this.#anomaly = new EventCycle({ ...settings, kind: 'anomaly', code: null });
    this.#resume(resume);
    this.#mutedUntilMs = resume.mutedUntilMs ?? Number.NEGATIVE_INFINITY;
  }

  get thresholds(): ReadonlyMap<Part, Threshold> {
    return this.#judge.thresholds;
  }

  step(input: DeciderInput): Decision {
    if (input.kind === 'window') return this.#window(input.window, input.nowMs);
    const atMs = input.kind === 'trouble' ? input.trouble.atMs : input.atMs;
    this.#look(atMs, input.kind === 'tick');
    return this.#decision(null, this.#other(input, atMs));
  }

  #other(input: Exclude<DeciderInput, { kind: 'window' }>, atMs: number): Change[] {
    switch (input.kind) {
      case 'trouble':
        return this.#heard(this.#faults.trouble(input.trouble, atMs, this.#muted));
      case 'tick':
        return this.#tick(atMs, input.ended ?? false);
      case 'operating':
        this.#operating.told(input.running, atMs);
        if (!input.running) this.#forget();
        return [];
      case 'mute':
        this.#mutedUntilMs = input.untilMs > atMs ? input.untilMs : Number.NEGATIVE_INFINITY;
        return [];
      case 'learning':
        this.#learning = input.on;
        return [];
      case 'acknowledge':
        return this.#acknowledge(input.event, atMs);
      case 'resume':
        this.#learning = input.learning;
        this.#resume(input);
        return [];
    }
  }

  #resume({ open, clearedMs = null }: Resume): void {
    this.#faults.resume(open);
    if (clearedMs !== null) this.#anomaly.clearedAt(clearedMs);
    const anomaly = open.find(({ kind }) => kind === 'anomaly') ?? null;
    if ((anomaly !== null) === this.#anomaly.isOpen) return;
    this.#anomaly.resume(anomaly && { ...anomaly, part: this.#judge.partOf(anomaly.threshold) });
    this.#judge.involve(anomaly !== null);
    this.#calmWindows = 0;
  }

  #tick(atMs: number, ended: boolean): Change[] {
    const { staleAfterMs, feed } = this.settings;
    const passedMs = atMs - (this.#lastTickMs ?? atMs);
    this.#lastTickMs = atMs;
    this.#silentMs += Math.min(MOST_TICK_MS, Math.max(0, passedMs));
    if (ended || staleAfterMs === null || this.#silentMs <= staleAfterMs) return this.#faults.tick(atMs, this.#muted);
    const message = `${feed}: expected a window every ${seconds(staleAfterMs)}, found none for ${seconds(this.#silentMs)}`;
    return this.#heard(this.#faults.trouble({ code: 'no-data', down: true, message }, atMs, this.#muted));
  }

  #acknowledge(event: 'anomaly' | TroubleCode | null, atMs: number): Change[] {
    const anomaly = event === null || event === 'anomaly' ? this.#anomaly.acknowledge(atMs) : null;
    const faults = event === 'anomaly' ? [] : this.#faults.acknowledge(event, atMs);
    return anomaly ? [anomaly, ...faults] : faults;
  }

  #window(window: ScoredWindow, nowMs: number | undefined): Decision {
    const { startMs, endMs } = window;
    this.#look(nowMs ?? endMs, nowMs !== undefined);
    if (this.#isGap(window)) {
      this.#judge.restart();
      this.#deafUntilMs = Number.NEGATIVE_INFINITY;
    }
    this.#stepMs = startMs - (this.#lastStartMs ?? startMs);
    this.#lastStartMs = startMs;
    this.#silentMs = 0;
    const measured = this.#measure(window, nowMs);
    if (measured.some(isDeaf)) this.#deafUntilMs = endMs;
    const changes = this.#heard(this.#faults.window(measured, endMs, this.#muted));
    if (this.#faults.blocked) return this.#decision(this.#unjudged(window), changes);
    const before = this.#operating.state;
    const { judge, hold } = this.#operating.window(window);
    if (this.#operating.state !== before && this.#operating.state !== 'starting') this.#forget();
    if (!judge || window.incomplete || startMs < this.#deafUntilMs)
      return this.#decision(this.#unjudged(window), changes);
    return this.#judged(window, hold, changes);
  }

  #judged(window: ScoredWindow, hold: boolean, changes: Change[]): Decision {
    const now = this.#judge.push(window.score, window.levelDb);
    this.#known ||= now.readings.length > 0;
    this.#calmWindows = now.calm ? this.#calmWindows + 1 : 0;
    const own = now.readings.find(({ part }) => part === this.#anomaly.part) ?? null;
    const change = this.#anomaly.look({
      atMs: window.endMs,
      raise: now.above !== null && !hold,
      clear: this.#calmWindows >= this.settings.clearAfterWindows,
      reading: this.#anomaly.isOpen ? own : now.above,
      silenced: this.#muted || this.#learning,
    });
    if (change) changes.push(change);
    if (change?.change === 'cleared' || !this.#anomaly.isOpen) this.#judge.involve(false);
    if (change?.change === 'raised') this.#calmWindows = 0;
    return { ...this.#decision({ window, now: now.short, long: now.long }, changes), judged: true };
  }

  #isGap({ gap, startMs }: ScoredWindow): boolean {
    const stepMs = startMs - (this.#lastStartMs ?? startMs);
    return gap === true || stepMs < 0 || stepMs > Math.max(this.#gapMs, GAP_HOPS * this.#stepMs);
  }

  /** Times of what was recorded may be ahead of the clock or far behind it: once that is told, they say nothing of now. */
  #look(atMs: number, isNow: boolean): void {
    if (isNow && this.#clockIsTold && Math.abs(atMs - this.#clockMs) > MOST_TICK_MS) this.#clockSetMs = atMs;
    if (isNow) this.#clockMs = atMs;
    else if (!this.#clockIsTold) this.#clockMs = Math.max(this.#clockMs, atMs);
    this.#clockIsTold ||= isNow;
  }

  #measure({ signal, faults, score, endMs }: ScoredWindow, nowMs: number | undefined): MeasuredFault[] {
    const found = signal ? signalFaults(signal, this.settings.sensor) : [];
    // What stands still on a machine that stands still is no fault.
    const off = this.#operating.state === 'off';
    found.push(...(faults ?? []).filter(({ code }) => code !== 'column-stuck' || !off));
    if (!Number.isFinite(score) && !found.some(({ code }) => code === 'not-finite')) {
      found.push({ code: 'not-finite', value: 1, limit: 0, message: `score: expected a number, found ${score}` });
    }
    const { lateAfterMs } = this.settings;
    const lateMs = (nowMs ?? endMs) - endMs;
    if (lateAfterMs !== null && lateMs > lateAfterMs && this.#clockMs - this.#clockSetMs > FOLLOW_MS) {
      const message = `window: expected within ${seconds(lateAfterMs)} of its end, found ${seconds(lateMs)} after it`;
      found.push({ code: 'late', value: lateMs, limit: lateAfterMs, message });
    }
    return found;
  }

  /** After faults were looked at: what cannot be heard is not known. */
  #heard(changes: Change[]): Change[] {
    if (this.#faults.blocked) this.#forget();
    return changes;
  }

  #forget(): void {
    this.#judge.restart();
    this.#known = false;
    this.#calmWindows = 0;
  }

  #unjudged(window: ScoredWindow) {
    return { window, now: this.#judge.glance(window.score), long: null };
  }

  get #muted(): boolean {
    return this.#clockMs < this.#mutedUntilMs;
  }

  get #state(): MachineState {
    if (this.#muted) return 'muted';
    if (this.#learning) return 'learning';
    if (this.#faults.blocked) return 'sensor-fault';
    if (this.#anomaly.isOpen) return 'anomalous';
    if (this.#faults.anyOpen) return 'sensor-fault';
    if (this.#operating.state === 'off') return 'off';
    return this.#known ? 'normal' : 'unknown';
  }

  #decision(seen: { window: ScoredWindow; now: PartNow; long: PartNow | null } | null, changes: Change[]): Decision {
    const state = this.#state;
    const operating = this.#operating.state;
    const nothing = { verdict: null, changes, state, operating, judged: false };
    if (!seen || !Number.isFinite(seen.window.score)) return nothing;
    const { feed, machine } = this.settings;
    const { sequence, startMs, endMs, score } = seen.window;
    const { statistic, threshold, clearBelow, pValue } = seen.now;
    const long = seen.long && {
      statistic: seen.long.statistic,
      threshold: seen.long.threshold,
      pValue: seen.long.pValue,
    };
    const short = { statistic, threshold, clearBelow, pValue };
    const verdict = { feed, machine, sequence, startMs, endMs, score, ...short, long, operating, state };
    return { ...nothing, verdict };
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
