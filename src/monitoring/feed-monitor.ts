/**
 * The loop of one feed: observation → windows → energies → verdict → event. The one owner of its source, scorer, sound
 * buffer and open events. Start reading here.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Listener } from '../commissioning/learn.js';
import {
  type AudioObservation,
  type Contribution,
  type Event,
  type EventChange,
  type MachineState,
  ModelError,
  type Observation,
  type Scorer,
  type Sink,
  type Source,
  type Trouble,
  type Verdict,
  type Window,
} from '../contracts.js';
import type { DeciderInput, Decision } from '../decision/decider.js';
import type { Change } from '../decision/event-cycle.js';
import { hopMs, isSound, windowMs } from '../features/spec-sizes.js';
import { describeEvent } from '../features/words.js';
import type { NewOutboxMessage, Store } from '../store/types.js';
import type { ClipRecorder } from './clip-recorder.js';
import { EventDesk, type Explanation } from './event-desk.js';
import { EventSound } from './event-sound.js';
import type { FeedModel, HeardWindow } from './feed-model.js';
import { LivePicture, type Spectrogram } from './live-picture.js';
import { rowsTogether } from './rows-together.js';
import { ShortStretches } from './short-stretches.js';
import { Suspects } from './suspects.js';
import { type Grid, Understudy } from './understudy.js';

export interface FeedMonitorOptions {
  readonly feed: string;
  readonly machine: string;
  readonly source: Source;
  readonly store: Pick<Store, 'recordEvent' | 'event' | 'addVerdict' | 'saveClip'>;
  readonly sinks: readonly Sink[];
  readonly messages: (event: Event, change: EventChange) => readonly NewOutboxMessage[];
  readonly onState: (feed: string, state: MachineState, atMs: number) => void;
  readonly spectrogram: Spectrogram | null;
  /** Sound around events; null for feeds without sound. */
  readonly clips: ClipRecorder | null;
  readonly configDigest: string;
  /** Events of this feed that were open when the service ended. */
  readonly open: readonly Event[];
  readonly log: (level: 'info' | 'warn' | 'error', message: string) => void;
  /** The clock for lateness; null in replay, where time is the recording's. */
  readonly clock: (() => number) | null;
}

type TimedInput = Extract<DeciderInput, { kind: 'operating' | 'mute' }>;

/** A model that takes over is waited for no longer than this, however seldom there is a window. */
const takeOverMs = 60_000;

export class FeedMonitor {
  readonly #options: FeedMonitorOptions;
  readonly #desk: EventDesk;
  readonly #sound: EventSound | null;
  readonly #picture: LivePicture;
  readonly #suspects = new Suspects();
  readonly #stretches = new ShortStretches();
  #model: FeedModel;
  #understudy: Understudy | null = null;
  /** Gets everything that the feed hears while it is learning. */
  #listener: Listener | null = null;
  #learning = false;
  #ended = false;
  #failure: string | null = null;
  #heardAt: number | null = null;
  #running: boolean | null = null;
  /** The last word on whether the machine runs, and on a mute: what a model that takes over must know. */
  readonly #said = new Map<DeciderInput['kind'], TimedInput>();
  #turn: Promise<unknown> = Promise.resolve();
  #state: MachineState = 'unknown';
  #lastWindowMs: number | null = null;
  #lastStartMs: number | null = null;

  constructor(options: FeedMonitorOptions, model: FeedModel) {
    this.#options = options;
    const { feed, clips: recorder, store, log } = options;
    this.#desk = new EventDesk(options);
    this.#picture = new LivePicture(feed, options.spectrogram);
    this.#sound =
      recorder &&
      new EventSound({
        ...{ recorder, store },
        onNotice: (message) => log('warn', `${feed}: ${message}`),
        onStored: (eventId, sha256) => this.#desk.attachClip(eventId, sha256),
      });
    this.#model = model;
    this.#desk.modelDigest = model.digest;
  }

  get feed(): string {
    return this.#options.feed;
  }

  get machine(): string {
    return this.#options.machine;
  }

  get state(): MachineState {
    return this.#state;
  }

  get openEvents(): readonly Event[] {
    return this.#desk.open;
  }

  /** How long ago the last window came, whatever its own times say; null before the first. */
  get quietMs(): number | null {
    return this.#heardAt === null ? null : performance.now() - this.#heardAt;
  }

  /** True once the source has ended, or has failed. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Why this feed came to an end before its source did; null if it did not. */
  get failure(): string | null {
    return this.#failure;
  }

  /** What a topic has said last: whether the machine runs; null before that. */
  get runningSaid(): boolean | null {
    return this.#running;
  }

  /** Runs until the source ends or the signal aborts; then stores what there is of unfinished clips. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      for await (const item of rowsTogether(this.#options.source.stream(signal))) {
        await this.#inTurn(() => {
          if ('length' in item) return this.#observe(item);
          return item.kind === 'trouble' ? this.#trouble(item) : this.#observe([item]);
        });
      }
    } finally {
      this.#ended = true;
      this.#listener?.({ kind: 'end' });
      await this.#sound?.finish();
    }
  }

  /** The feed has failed: nothing will come any more. */
  fail(message: string, atMs: number): Promise<void> {
    this.#failure = message;
    const { feed, machine } = this;
    const trouble = { kind: 'trouble', feed, machine, code: 'device-gone', atMs, message, down: true } as const;
    return this.#inTurn(() => this.#step({ kind: 'trouble', trouble }));
  }

  /** Lets the decider see that time passes without windows; of a feed that has ended well none are due, but its mute runs out. */
  tick(nowMs: number): Promise<void> {
    return this.#inTurn(() => this.#step({ kind: 'tick', atMs: nowMs, ended: this.#ended && this.#failure === null }));
  }

  /** The machine was switched on or off, says a topic. */
  operating(running: boolean, atMs: number): Promise<void> {
    return this.#inTurn(() => {
      this.#running = running;
      this.#listener?.({ kind: 'machine', running });
      this.#say({ kind: 'operating', running, atMs });
    });
  }

  mute(untilMs: number, atMs: number): Promise<void> {
    return this.#inTurn(() => this.#say({ kind: 'mute', untilMs, atMs }));
  }

  /** Acknowledges one open event of this feed, or all of them. Resolves with how many that were. */
  acknowledge(eventId: string | null, atMs: number): Promise<number> {
    return this.#inTurn(() => {
      const events = this.#desk.open.filter(({ id }) => eventId === null || id === eventId);
      for (const { code } of events) this.#step({ kind: 'acknowledge', event: code ?? 'anomaly', atMs });
      return events.length;
    });
  }

  testAlert(atMs: number): Promise<Event> {
    return this.#inTurn(() => this.#desk.test(atMs));
  }

  /** While a listener is set, the feed learns: no anomaly is raised. */
  listen(listener: Listener | null, atMs: number): Promise<void> {
    this.#listener = listener;
    if (listener && this.#ended) listener({ kind: 'end' });
    return this.#inTurn(() => {
      this.#learning = listener !== null;
      this.#step({ kind: 'learning', on: this.#learning, atMs });
    });
  }

  /** The recording is complete, the feed is still learning: it trains. */
  stopListening(): void {
    this.#listener = null;
  }

  /**
   * Switches to another model between two windows, once that has heard enough to judge at once; after a minute in any case.
   * The old one is closed.
   */
  async useModel(model: FeedModel, signal: AbortSignal): Promise<void> {
    const understudy = await this.#inTurn(() => {
      const begun = new Understudy(model, this.#grid(), this.#lastWindowMs ?? Number.NEGATIVE_INFINITY);
      for (const input of this.#said.values()) begun.step(input);
      this.#understudy = begun;
      return begun;
    });
    const late = new AbortController();
    const wait = AbortSignal.any([signal, late.signal]);
    const patience = sleep(takeOverMs, undefined, { signal: wait, ref: false }).catch(() => {});
    if (!this.#ended) await Promise.race([understudy.ready, patience]);
    late.abort();
    await this.#inTurn(() => this.#takeOver(understudy));
  }

  async #takeOver(understudy: Understudy): Promise<void> {
    const { model } = understudy;
    const old = this.#model;
    this.#model = model;
    if (this.#understudy === understudy) this.#understudy = null;
    this.#desk.modelDigest = model.digest;
    const atMs = this.#lastWindowMs ?? Number.NEGATIVE_INFINITY;
    const { open, clearedMs } = this.#desk;
    this.#step({ kind: 'resume', open, clearedMs, learning: this.#learning, atMs });
    await old.close();
  }

  #say(input: TimedInput): void {
    this.#said.set(input.kind, input);
    this.#step(input);
  }

  #grid(): Grid | null {
    const { spec } = this.#model.features;
    return this.#lastStartMs === null || !isSound(spec) ? null : { startMs: this.#lastStartMs, hopMs: hopMs(spec) };
  }

  /** What judges this feed now. */
  get model(): FeedModel {
    return this.#model;
  }

  /** Closes the scorer. Call after `run` has ended. */
  async close(): Promise<void> {
    await this.#understudy?.model.close();
    await this.#model.close();
  }

  #trouble(trouble: Trouble): void {
    this.#options.log(trouble.down ? 'error' : 'warn', `${this.feed}: ${trouble.message}`);
    this.#step({ kind: 'trouble', trouble });
  }

  /** Heard together, judged one after the other. */
  async #observe(observations: readonly Observation[]): Promise<void> {
    const model = this.#model;
    const found = observations.map((observation) => windowsOf(model, observation));
    const heard = await model.hear(found.flatMap(({ windows }) => windows));
    let at = 0;
    for (const [i, observation] of observations.entries()) {
      if (observation.kind === 'audio') {
        this.#sound?.push(observation);
        this.#watchLength(model, observation, found[i]?.windows.length ?? 0);
      }
      this.#listener?.(observation);
      const { windows, trouble } = found[i] ?? nothing;
      if (trouble) this.#trouble(trouble);
      for (const window of windows) {
        this.#picture.show(window);
        await this.#judge(model, window, heard[at++] ?? { energy: Number.NaN, latents: null });
      }
      await this.#understudy?.observe(observation);
    }
  }

  /** Files that no window fits into are told as such; of a device, what is lost is told by its source. */
  #watchLength({ features: { spec }, scorer }: FeedModel, observation: AudioObservation, windows: number): void {
    if (this.#options.clock !== null || !scorer || !isSound(spec)) return;
    const message = this.#stretches.add(observation, windows, windowMs(spec));
    if (message === null) return;
    const { feed, machine, startMs: atMs } = observation;
    this.#trouble({ kind: 'trouble', feed, machine, code: 'bad-file', atMs, message, down: false });
  }

  async #judge(model: FeedModel, window: Window, heard: HeardWindow): Promise<void> {
    const { startMs, endMs, sequence, gap, levelDb, newestDb, signal, faults, incomplete } = window;
    this.#heardAt = performance.now();
    this.#lastWindowMs = endMs;
    this.#lastStartMs = startMs;
    const nowMs = this.#options.clock?.();
    const time = { startMs, endMs, sequence, gap };
    const scored = { score: model.scoreOf(heard), ...time, levelDb, newestDb, signal, faults, incomplete };
    const decision = model.decider.step({ kind: 'window', window: scored, nowMs });
    if (decision.judged && decision.verdict && model.scorer) this.#suspects.add(window, decision.verdict, model.scorer);
    await this.#follow(decision, endMs, model.scorer, window);
    if (decision.verdict && model.scorer) this.#tell(model.follow(decision.verdict, heard));
  }

  /** One thing at a time: an event must be on the desk before somebody can acknowledge it. */
  #inTurn<T>(work: () => T | Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  #step(input: Exclude<DeciderInput, { kind: 'window' }>): void {
    const decision = this.#model.decider.step(input);
    if (input.kind !== 'learning') this.#understudy?.step(input);
    for (const change of this.#known(decision.changes)) this.#record(this.#desk.apply(change, null), change.change);
    this.#setState(decision.state, input.kind === 'trouble' ? input.trouble.atMs : input.atMs);
  }

  /** Without the ends of events that the model before has ended. */
  #known(changes: readonly Change[]): readonly Change[] {
    return changes.filter((change) => change.change === 'raised' || this.#desk.has(change));
  }

  async #follow(decision: Decision, atMs: number, scorer: Scorer | null, window: Window): Promise<void> {
    for (const change of this.#known(decision.changes)) {
      const isNews = change.kind === 'anomaly' && change.change !== 'cleared' && scorer !== null;
      const explanation = isNews ? await this.#explain(scorer, this.#suspects.take(change.change, window)) : null;
      this.#record(this.#desk.apply(change, explanation), change.change);
    }
    this.#setState(decision.state, atMs);
  }

  async #explain(scorer: Scorer, window: Window): Promise<Explanation> {
    let contribution: Contribution | null = null;
    try {
      contribution = await scorer.explain(window);
    } catch (error) {
      this.#options.log(
        'warn',
        `${this.feed}: window ${window.sequence} could not be explained: ${(error as Error).message}`,
      );
    }
    const normal = contribution?.nearestNormal;
    if (normal) this.#sound?.saveNormal(scorer, normal.clip, this.#lastWindowMs ?? 0);
    return { words: describeEvent(window, scorer.manifest, contribution), contribution };
  }

  #record(event: Event, change: EventChange): void {
    const what = event.kind === 'anomaly' ? 'anomaly' : `${event.kind} ${event.code ?? ''}`;
    this.#options.log(change === 'raised' ? 'warn' : 'info', `${this.feed}: ${what} ${change}: ${event.words}`);
    if (event.kind === 'anomaly') this.#sound?.follow(event, change);
  }

  #tell(verdict: Verdict): void {
    this.#options.store.addVerdict(verdict);
    for (const sink of this.#options.sinks) sink.verdict(verdict);
  }

  #setState(state: MachineState, atMs: number): void {
    const known = this.#model.scorer || state !== 'normal' ? state : 'unknown';
    if (known === this.#state) return;
    this.#state = known;
    this.#options.onState(this.feed, known, atMs);
  }
}

interface Found {
  readonly windows: readonly Window[];
  readonly trouble: Trouble | null;
}

const nothing: Found = { windows: [], trouble: null };

/** A row that is none of the model's is skipped, said; sound and pictures of the wrong kind end the feed. */
function windowsOf(model: FeedModel, observation: Observation): Found {
  try {
    return { windows: model.features.push(observation), trouble: null };
  } catch (error) {
    if (!(error instanceof ModelError) || observation.kind !== 'row') throw error;
    const { feed, machine, endMs: atMs } = observation;
    const { message } = error;
    return { windows: [], trouble: { kind: 'trouble', feed, machine, code: 'bad-row', atMs, message, down: false } };
  }
}
