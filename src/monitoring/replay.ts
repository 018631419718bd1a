/** Recordings through the live path: the same features, scorer, decider and desk; memory in place of the disk, unless a store is given. */
import {
  type Event,
  type EventChange,
  type FeatureSpec,
  type MachineState,
  type Manifest,
  type Modality,
  ModelError,
  type Sink,
  type Source,
  type Verdict,
} from '../contracts.js';
import type { Budget } from '../decision/threshold.js';
import { describeCounts } from '../features/table-encoder.js';
import { TableFeatures } from '../features/table-features.js';
import type { NewOutboxMessage, Store } from '../store/types.js';
import { ClipRecorder } from './clip-recorder.js';
import { FeedModel } from './feed-model.js';
import { FeedMonitor, type FeedMonitorOptions } from './feed-monitor.js';
import { type Alarm, SideDecider, withSideDeciders } from './side-deciders.js';

export interface ReplayOptions {
  readonly model: string;
  readonly budget: Budget;
  /** Further budgets that are decided from the same scores. */
  readonly alsoBudgets?: readonly Budget[];
  readonly open: (model: { modality: Modality; features: FeatureSpec }) => Promise<Source>;
  readonly signal: AbortSignal;
  /** Each window's verdict, in order. */
  readonly onVerdict?: (verdict: Verdict) => void;
  /** Name of the feed and of the machine; `replay` by default. */
  readonly machine?: string;
  /** Where events, scores and clips are kept and told, as in the service. Default: in memory, untold. */
  readonly outlet?: ReplayOutlet;
}

/** What the service has behind a feed. Its owner closes what is in it. */
export interface ReplayOutlet {
  readonly store: Pick<Store, 'recordEvent' | 'event' | 'addVerdict' | 'saveClip' | 'setState'>;
  readonly sinks: readonly Sink[];
  readonly messages: (event: Event, change: EventChange) => readonly NewOutboxMessage[];
  /** Sound around an event. */
  readonly clips: { readonly beforeMs: number; readonly afterMs: number; readonly maxMs: number };
}

export interface Replayed {
  /** In the order in which they were raised; one that is open at the end has no clearedMs. */
  readonly events: readonly Event[];
  /** Anomalies by each of `alsoBudgets`. */
  readonly alsoAlarms: readonly (readonly Alarm[])[];
  readonly manifest: Manifest;
  readonly windows: number;
  /** End of the last window; 0 when there was none. */
  readonly endMs: number;
  /** Files and rows that could not be used, a line each. */
  readonly troubles: readonly string[];
  /** Tables: what was put in place of cells, a line each. */
  readonly notes: readonly string[];
}

/** @throws {ModelError} when the package is broken   @throws {SourceError} when nothing can be read */
export async function replay(options: ReplayOptions): Promise<Replayed> {
  const { model: folder, budget, open, signal, machine = 'replay' } = options;
  const model = await FeedModel.open(folder, { feed: machine, machine, budget, operating: 'level' }, { open: [] }, {});
  const { manifest, decider } = model;
  if (!manifest) throw new ModelError(`${folder}: expected a model package, found none`);
  const others = (options.alsoBudgets ?? []).map(
    (other) => new SideDecider(manifest.calibration, decider.settings, other),
  );
  const record = new ReplayRecord(options);
  const source = await open(manifest);
  const monitor = new FeedMonitor(
    { ...surroundings(manifest.features, machine, options), source, ...record.parts },
    model.decidedBy(withSideDeciders(decider, others)),
  );
  try {
    await monitor.run(signal);
    signal.throwIfAborted();
  } finally {
    await monitor.close();
  }
  const alsoAlarms = others.map(({ alarms }) => alarms);
  return { ...record.result, alsoAlarms, manifest, notes: notesOf(model) };
}

/** What a feed needs and a replay does not change. */
function surroundings(spec: FeatureSpec, machine: string, { outlet }: ReplayOptions) {
  const clips =
    outlet && 'mel' in spec ? new ClipRecorder({ sampleRateHz: spec.mel.sampleRateHz, ...outlet.clips }) : null;
  const onState = (_feed: string, state: MachineState, atMs: number): void => {
    outlet?.store.setState(machine, state, atMs);
    for (const sink of outlet?.sinks ?? []) sink.state(machine, state, atMs);
  };
  const constants = { feed: machine, machine, spectrogram: null, configDigest: '', open: [], clock: null };
  return { ...constants, sinks: outlet?.sinks ?? [], messages: outlet?.messages ?? (() => []), onState, clips };
}

/** Remembers what happens on its way to the outlet. */
class ReplayRecord {
  readonly #events = new Map<string, Event>();
  readonly #troubles: string[] = [];
  #windows = 0;
  #endMs = 0;

  constructor(private readonly options: Pick<ReplayOptions, 'outlet' | 'onVerdict'>) {}

  get parts(): Pick<FeedMonitorOptions, 'store' | 'log'> {
    const store = this.options.outlet?.store;
    return {
      store: {
        recordEvent: (event, change, messages) => {
          this.#events.set(event.id, event);
          return store?.recordEvent(event, change, messages) ?? 'stored';
        },
        event: (id) => store?.event(id) ?? this.#events.get(id) ?? null,
        addVerdict: (verdict) => {
          this.#windows++;
          this.#endMs = verdict.endMs;
          this.options.onVerdict?.(verdict);
          store?.addVerdict(verdict);
        },
        saveClip: (clip) => store?.saveClip(clip) ?? Promise.resolve(null),
      },
      log: (level, message) => {
        if (level !== 'info' && !message.includes('anomaly')) this.#troubles.push(message);
      },
    };
  }

  get result(): Pick<Replayed, 'events' | 'windows' | 'endMs' | 'troubles'> {
    const [windows, endMs] = [this.#windows, this.#endMs];
    return { events: [...this.#events.values()], windows, endMs, troubles: this.#troubles };
  }
}

function notesOf({ features }: FeedModel): string[] {
  return features instanceof TableFeatures ? describeCounts(features.counts) : [];
}
