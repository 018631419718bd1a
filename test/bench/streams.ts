import { setMaxListeners } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sink, Source, Verdict } from '../../src/contracts.js';
import { ClipRecorder } from '../../src/monitoring/clip-recorder.js';
import { FeedModel } from '../../src/monitoring/feed-model.js';
import { FeedMonitor } from '../../src/monitoring/feed-monitor.js';
import { ObservationMaker } from '../../src/sources/audio/observation-maker.js';
import { readWav } from '../../src/sources/audio/wav-file.js';
import { openStore, type Store } from '../../src/store/index.js';
import { repositoryPath } from './tree.js';

/** No window may be judged later than this after its end. */
const latestMs = 1_000;
const rateHz = 16_000;

export interface StreamsRun {
  readonly streams: number;
  readonly windows: number;
  /** Windows that should have been judged. */
  readonly expected: number;
  readonly worstMs: number;
  /** CPU seconds a second of wall time; 2 = two cores. */
  readonly cores: number;
  readonly rss: number;
  readonly sustained: boolean;
}

/**
 * Doubles the number of streams up to `limit` or until one is too many, then looks between. Yields every run. A number is
 * too many when two runs of it in a row are: one may have met a stall of the machine.
 */
export async function* findStreams(from: number, seconds: number, limit = 800): AsyncGenerator<StreamsRun> {
  let good = 0;
  let bad = Number.POSITIVE_INFINITY;
  for (let streams = from; ; ) {
    let run = await runStreams(streams, seconds);
    yield run;
    if (!run.sustained) {
      run = await runStreams(streams, seconds);
      yield run;
    }
    if (run.sustained) good = streams;
    else bad = streams;
    if (bad - good <= Math.max(50, good / 4) || good >= limit || bad <= 25) return;
    streams = bad === Number.POSITIVE_INFINITY ? good * 2 : Math.round((good + bad) / 2);
  }
}

/**
 * So many pumps at once, each at real time from memory in blocks of 0.1–0.5 s, through monitors of their own with the
 * demo's package, sound kept for clips, and one SQLite file.
 */
export async function runStreams(streams: number, seconds: number): Promise<StreamsRun> {
  const folder = mkdtempSync(join(tmpdir(), 'auscult-streams-'));
  const store = openStore({ path: join(folder, 'auscult.sqlite'), clipDir: join(folder, 'clips') });
  const lateness = new Lateness();
  const { samples } = await readWav(repositoryPath('models/demo-sound/pump-00-normal.wav'));
  const monitors: FeedMonitor[] = [];
  try {
    const start = { ms: 0 };
    for (let i = 0; i < streams; i++) {
      monitors.push(await openMonitor(realTime(`pump-${i}`, i, samples, start), store, lateness));
    }
    start.ms = Date.now();
    const cpu = process.cpuUsage();
    const started = performance.now();
    const stop = AbortSignal.timeout(seconds * 1_000);
    setMaxListeners(0, stop);
    const ticking = setInterval(() => {
      for (const monitor of monitors) void monitor.tick(Date.now());
    }, 1_000);
    await Promise.all(monitors.map((monitor) => monitor.run(stop)));
    clearInterval(ticking);
    const { user, system } = process.cpuUsage(cpu);
    const cores = (user + system) / 1e3 / (performance.now() - started);
    const { windows, worstMs } = lateness;
    // Windows of 1 s every 0.48 s, the first whole one after 1 s; a stream may end up to a block before the end.
    const expected = streams * (Math.floor((seconds - 1 - 0.5 - latestMs / 1_000) / 0.48) + 1);
    const sustained = worstMs <= latestMs && windows >= expected;
    return { streams, windows, expected, worstMs, cores, rss: process.memoryUsage.rss() / 1e6, sustained };
  } finally {
    await Promise.all(monitors.map((monitor) => monitor.close()));
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Hears every verdict and notes how late it came. */
class Lateness implements Sink {
  readonly name = 'lateness';
  windows = 0;
  worstMs = 0;

  verdict({ endMs }: Verdict): void {
    this.windows++;
    this.worstMs = Math.max(this.worstMs, Date.now() - endMs);
  }
  event(): void {}
  state(): void {}
  async close(): Promise<void> {}
}

async function openMonitor(source: Source, store: Store, lateness: Sink): Promise<FeedMonitor> {
  const { feed } = source;
  const budget = { falseAlarms: 1, perMs: 7 * 86_400_000 };
  const settings = { feed, machine: feed, budget, lateAfterMs: 5_000, staleAfterMs: 15_000 };
  const model = await FeedModel.open(repositoryPath('models/pump-00'), settings, { open: [] }, { threads: 1 });
  const options = {
    feed,
    machine: feed,
    source,
    store,
    sinks: [lateness],
    messages: () => [],
    onState: () => {},
    spectrogram: null,
    clips: new ClipRecorder({ sampleRateHz: rateHz, beforeMs: 5_000, afterMs: 5_000, maxMs: 60_000 }),
    configDigest: '',
    open: [],
    log: () => {},
    clock: Date.now,
  };
  return new FeedMonitor(options, model);
}

/** Recorded sound, over and over, in blocks of 0.1, 0.2 … 0.5 s: each comes when it would have been recorded. */
function realTime(feed: string, index: number, samples: Float32Array, start: { readonly ms: number }): Source {
  const blockSamples = 1_600 * (1 + (index % 5));
  return {
    feed,
    async *stream(signal) {
      const maker = new ObservationMaker({ feed, machine: feed, targetRateHz: rateHz });
      await maker.open({ origin: 'memory', rateHz, startMs: start.ms + ((index * 37) % 500) });
      try {
        for (
          let from = (index * 4_801) % samples.length;
          !signal.aborted;
          from = (from + blockSamples) % samples.length
        ) {
          const observation = maker.push(block(samples, from, blockSamples));
          if (!observation) continue;
          const wait = observation.endMs - Date.now();
          if (wait > 0) await sleep(wait, undefined, { signal }).catch(() => {});
          if (signal.aborted) return;
          yield observation;
        }
      } finally {
        maker.close();
      }
    },
  };
}

/** A copy, wrapped round the end. */
function block(samples: Float32Array, from: number, count: number): Float32Array {
  const out = new Float32Array(count);
  const first = samples.subarray(from, from + count);
  out.set(first);
  out.set(samples.subarray(0, count - first.length), first.length);
  return out;
}
