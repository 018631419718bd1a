/** Recordings through the live path: the same features, scorer, decider and desk, with memory in place of the disk. */
import {
  type Event,
  type EventChange,
  type FeatureSpec,
  type Manifest,
  type Modality,
  ModelError,
  type Source,
  type Verdict,
} from '../contracts.js';
import type { Budget } from '../decision/threshold.js';
import { describeCounts } from '../features/table-encoder.js';
import { TableFeatures } from '../features/table-features.js';
import { FeedModel } from './feed-model.js';
import { FeedMonitor } from './feed-monitor.js';

export interface ReplayOptions {
  readonly model: string;
  readonly budget: Budget;
  readonly open: (model: { modality: Modality; features: FeatureSpec }) => Promise<Source>;
  readonly signal: AbortSignal;
  /** Each window's verdict, in order. */
  readonly onVerdict?: (verdict: Verdict) => void;
}

export interface Replayed {
  /** In the order in which they were raised; one that is open at the end has no clearedMs. */
  readonly events: readonly Event[];
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
export async function replay({ model: folder, budget, open, signal, onVerdict }: ReplayOptions): Promise<Replayed> {
  const model = await FeedModel.open(
    folder,
    { feed: 'replay', machine: 'replay', budget, operating: 'level' },
    { open: [] },
    {},
  );
  const { manifest } = model;
  if (!manifest) throw new ModelError(`${folder}: expected a model package, found none`);
  const events = new Map<string, Event>();
  const troubles: string[] = [];
  let windows = 0;
  let endMs = 0;
  const monitor = new FeedMonitor(
    {
      feed: 'replay',
      machine: 'replay',
      source: await open(manifest),
      store: {
        recordEvent: (event: Event, _change: EventChange) => {
          events.set(event.id, event);
          return 'stored';
        },
        addVerdict: (verdict) => {
          windows++;
          endMs = verdict.endMs;
          onVerdict?.(verdict);
        },
        saveClip: () => Promise.resolve(null),
      },
      sinks: [],
      messages: () => [],
      onState: () => {},
      spectrogram: null,
      clips: null,
      configDigest: '',
      open: [],
      log: (level, message) => {
        if (level !== 'info' && !message.includes('anomaly')) troubles.push(message);
      },
      clock: null,
    },
    model,
  );
  try {
    await monitor.run(signal);
    signal.throwIfAborted();
  } finally {
    await monitor.close();
  }
  return { events: [...events.values()], manifest, windows, endMs, troubles, notes: notesOf(model) };
}

function notesOf({ features }: FeedModel): string[] {
  return features instanceof TableFeatures ? describeCounts(features.counts) : [];
}
