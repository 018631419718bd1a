/**
 * The command `learn`: records a feed's normal running to files under the data folder, trains on them and switches the feed
 * over between two windows. The old package stays beside the new one as `<model>.previous`.
 */
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { commission } from '../commissioning/commission.js';
import { DEFAULT_PRESETS, presetRequest } from '../commissioning/presets/index.js';
import type { Config, FeedConfig } from '../config/load.js';
import { AuscultError, ConfigError, type Observation, type Source, SourceError } from '../contracts.js';
import { wavFileSource } from '../sources/audio/index.js';
import { ImageFilesSource } from '../sources/images/image-source.js';
import { TableSource } from '../sources/tables/table-source.js';
import { WavWriter } from '../sources/wav-writer.js';
import type { FeedModel } from './feed-model.js';
import type { FeedMonitor } from './feed-monitor.js';
import { modalityOf, pictureSize, specBeforeModel } from './open-source.js';
import { RowWriter } from './row-writer.js';

export interface LearnerOptions {
  readonly dataDir: string;
  readonly engine: Config['engine'];
  readonly log: { info(line: string): void; warn(line: string): void };
  /** Opens what learning has written. */
  readonly reopen: (feed: string) => Promise<FeedModel>;
}

const most = 120;
/** Share of the recording that may be clipped or silent. */
const badShare = 0.05;

export class Learner {
  readonly #options: LearnerOptions;
  readonly #stop = new AbortController();
  readonly #running = new Map<string, Promise<void>>();

  constructor(options: LearnerOptions) {
    this.#options = options;
  }

  /** Starts recording; resolves at once with a line for the sender. @throws {ConfigError} while the feed is learning already */
  async start(monitor: FeedMonitor, feed: FeedConfig, minutes: number): Promise<string> {
    if (this.#running.has(feed.name)) throw new ConfigError(`learn: ${feed.name} is learning already`);
    if (!(minutes > 0 && minutes <= most))
      throw new ConfigError(`minutes: expected more than 0 and at most ${most}, found ${minutes}`);
    const done = this.#learn(monitor, feed, minutes)
      .catch((error: Error) => this.#failed(feed.name, error))
      .finally(() => {
        this.#running.delete(feed.name);
        return monitor.listen(null, Date.now());
      });
    this.#running.set(feed.name, done);
    return `${feed.name}: learning for ${minutes} min; the machine must run normally`;
  }

  /** Ends what is under way; what was recorded stays. */
  async close(): Promise<void> {
    this.#stop.abort(new SourceError('the service is stopping'));
    await Promise.all(this.#running.values());
  }

  #failed(feed: string, error: Error): void {
    if (this.#stop.signal.aborted) return;
    const reason = error instanceof AuscultError ? error.message : (error.stack ?? String(error));
    this.#options.log.warn(`${feed}: learning failed, the feed goes on as before: ${reason}`);
  }

  async #learn(monitor: FeedMonitor, feed: FeedConfig, minutes: number): Promise<void> {
    const folder = join(this.#options.dataDir, 'learned', feed.name, new Date().toISOString().replaceAll(':', '-'));
    mkdirSync(folder, { recursive: true });
    const recording = openRecording(feed, folder);
    await record(monitor, recording, minutes * 60_000, this.#stop.signal);
    const source = recording.finish();
    this.#options.log.info(`${feed.name}: recorded ${minutes} min in ${folder}, training`);
    const manifest = await commission({
      open: () => source,
      ...presetRequest(DEFAULT_PRESETS[modalityOf(feed)]),
      ...this.#options.engine,
      out: feed.model,
      signal: this.#stop.signal,
      onNote: (line) => this.#options.log.warn(`${feed.name}: ${line}`),
    });
    await monitor.useModel(await this.#options.reopen(feed.name));
    this.#options.log.info(
      `${feed.name}: learned from ${manifest.training.rows} rows in ${manifest.training.seconds} s, now judged by ${feed.model}`,
    );
  }
}

/** Collects observations until enough time is covered. @throws {SourceError} when what came cannot be learnt from */
async function record(
  monitor: FeedMonitor,
  recording: Recording,
  wantedMs: number,
  signal: AbortSignal,
): Promise<void> {
  let coveredMs = 0;
  await new Promise<void>((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    const listener = (observation: Observation) => {
      try {
        recording.add(observation);
        coveredMs += observation.endMs - observation.startMs;
        if (coveredMs < wantedMs) return;
        signal.removeEventListener('abort', abort);
        resolve();
      } catch (error) {
        reject(error);
      }
    };
    void monitor.listen(listener, Date.now());
  });
  monitor.stopListening();
}

/** Observations → files → a source of the same. */
interface Recording {
  add(observation: Observation): void;
  /** @throws {SourceError} when what was recorded is not fit to learn from, saying why */
  finish(): Source;
}

function openRecording(feed: FeedConfig, folder: string): Recording {
  switch (modalityOf(feed)) {
    case 'audio':
      return new SoundRecording(feed, folder);
    case 'image':
      return new PictureRecording(feed, folder);
    case 'table':
      return new RowRecording(feed, folder);
  }
}

class SoundRecording implements Recording {
  readonly #files: string[] = [];
  #writer: WavWriter | null = null;
  #samples = 0;
  #badSamples = 0;
  #rateHz = 0;

  constructor(
    private readonly feed: FeedConfig,
    private readonly folder: string,
  ) {}

  add(observation: Observation): void {
    if (observation.kind !== 'audio') return;
    const { samples, sampleRateHz, gap, signal } = observation;
    if (gap || !this.#writer) this.#next(sampleRateHz);
    this.#writer?.write(samples);
    this.#rateHz = sampleRateHz;
    this.#samples += samples.length;
    if (signal.clippedShare > 0.01 || signal.stuckShare > 0.5 || signal.rms < 1e-5) this.#badSamples += samples.length;
  }

  finish(): Source {
    this.#writer?.close();
    if (this.#badSamples > badShare * this.#samples) {
      const share = Math.round((100 * this.#badSamples) / this.#samples);
      throw new SourceError(
        `recording ${this.folder}: expected at most ${100 * badShare} % silent, stuck or clipped sound, found ${share} %`,
      );
    }
    const { name, machine } = this.feed;
    return wavFileSource({ feed: name, machine, files: this.#files, targetRateHz: this.#rateHz });
  }

  #next(sampleRateHz: number): void {
    this.#writer?.close();
    const path = join(this.folder, `${String(this.#files.length).padStart(4, '0')}.wav`);
    this.#writer = WavWriter.open(path, sampleRateHz);
    this.#files.push(path);
  }
}

class PictureRecording implements Recording {
  constructor(
    private readonly feed: FeedConfig,
    private readonly folder: string,
  ) {}

  add({ origin, sequence }: Observation): void {
    if (existsSync(origin))
      copyFileSync(origin, join(this.folder, `${String(sequence).padStart(8, '0')}-${basename(origin)}`));
  }

  finish(): Source {
    return new ImageFilesSource({
      feed: this.feed.name,
      machine: this.feed.machine,
      files: [this.folder],
      ...pictureSize(specBeforeModel(this.feed)),
    });
  }
}

class RowRecording implements Recording {
  readonly #path: string;
  readonly #writer: RowWriter;
  readonly #startsMs: number[] = [];

  constructor(
    private readonly feed: FeedConfig,
    folder: string,
  ) {
    this.#path = join(folder, 'rows.jsonl');
    this.#writer = RowWriter.open(this.#path);
  }

  add(observation: Observation): void {
    if (observation.kind !== 'row') return;
    this.#writer.write(observation.cells);
    this.#startsMs.push(observation.startMs);
  }

  finish(): Source {
    this.#writer.close();
    const { name: feed, machine } = this.feed;
    return new TableSource({ feed, machine, path: this.#path, intervalMs: medianStep(this.#startsMs) });
  }
}

/** What rows without a time of their own are apart; undefined when they say nothing of it. */
function medianStep(startsMs: readonly number[]): number | undefined {
  const steps = startsMs.slice(1).map((start, i) => start - (startsMs[i] ?? start));
  const forward = steps.filter((step) => step > 0).sort((a, b) => a - b);
  return forward[forward.length >> 1];
}
