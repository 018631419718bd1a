import type { LearnProgress, MachineState, Verdict } from '../../contracts.js';
import type { LiveFeed, LiveMachine, LiveVerdict } from './protocol.js';
import type { FeedInfo, HttpSinkOptions } from './types.js';

/** What a page that connects now must be told: every machine's state and every feed's newest verdict. */
export class LiveState {
  private readonly states = new Map<string, { readonly state: MachineState; readonly sinceMs: number }>();
  private readonly verdicts = new Map<string, LiveVerdict>();
  private readonly lessons = new Map<string, LearnProgress>();
  private readonly machines: ReadonlyMap<string, readonly FeedInfo[]>;
  private readonly indices: ReadonlyMap<string, number>;

  constructor(private readonly options: Pick<HttpSinkOptions, 'feeds'>) {
    this.indices = new Map(options.feeds.map((feed, index) => [feed.feed, index]));
    this.machines = groupByMachine(options.feeds);
  }

  hasMachine(machine: string): boolean {
    return this.machines.has(machine);
  }

  machineNames(): readonly string[] {
    return [...this.machines.keys()];
  }

  feedIndex(feed: string): number | null {
    return this.indices.get(feed) ?? null;
  }

  feedInfo(feed: string): FeedInfo | null {
    return this.options.feeds[this.indices.get(feed) ?? -1] ?? null;
  }

  setState(machine: string, state: MachineState, atMs: number): void {
    if (this.states.get(machine)?.state !== state) this.states.set(machine, { state, sinceMs: atMs });
  }

  setVerdict(verdict: Verdict): LiveVerdict {
    const live = toLive(verdict);
    this.verdicts.set(verdict.feed, live);
    return live;
  }

  setLearning(progress: LearnProgress): void {
    this.lessons.set(progress.feed, progress);
  }

  snapshot(): readonly LiveMachine[] {
    return [...this.machines].map(([machine, feeds]) => ({
      machine,
      state: this.states.get(machine)?.state ?? 'unknown',
      sinceMs: this.states.get(machine)?.sinceMs ?? null,
      feeds: feeds.map((feed) => this.liveFeed(feed)),
    }));
  }

  private liveFeed({ feed, modality, mel }: FeedInfo): LiveFeed {
    return {
      feed,
      modality,
      mel: mel && { sampleRateHz: mel.sampleRateHz, hopSamples: mel.hopSamples, melBands: mel.melBands },
      index: this.indices.get(feed) ?? 0,
      verdict: this.verdicts.get(feed) ?? null,
      learning: this.lessons.get(feed) ?? null,
    };
  }
}

/** null stands for a number that JSON cannot carry. */
export function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function toLive(verdict: Verdict): LiveVerdict {
  const { long } = verdict;
  return {
    feed: verdict.feed,
    machine: verdict.machine,
    atMs: verdict.endMs,
    toldMs: Date.now(),
    score: finite(verdict.score),
    statistic: finite(verdict.statistic),
    threshold: finite(verdict.threshold),
    pValue: finite(verdict.pValue),
    long: long && { statistic: finite(long.statistic), threshold: finite(long.threshold) },
    operating: verdict.operating,
  };
}

function groupByMachine(feeds: readonly FeedInfo[]): ReadonlyMap<string, readonly FeedInfo[]> {
  const machines = new Map<string, FeedInfo[]>();
  for (const feed of feeds) machines.set(feed.machine, [...(machines.get(feed.machine) ?? []), feed]);
  return machines;
}
