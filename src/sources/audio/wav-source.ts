import { setTimeout as sleep } from 'node:timers/promises';
import { type AudioObservation, AuscultError, type Source, SourceError, type Trouble } from '../../contracts.js';
import { ObservationMaker } from './observation-maker.js';
import { WavFile } from './wav-file.js';

export interface WavFileSourceOptions {
  readonly feed: string;
  readonly machine: string;
  /** Played one after the other; each starts with a gap. */
  readonly files: readonly string[];
  /** Counted from 0. Default 0. */
  readonly channel?: number;
  /** Rate of the observations. Default: each file's own. */
  readonly targetRateHz?: number;
  /** Samples an observation, at the rate of the observations. Default: 1 s as fast as possible, 0.1 s in real time. */
  readonly blockSamples?: number;
  /** `realtime`: an observation comes when it would have been recorded. Default `asFast`. */
  readonly pace?: 'asFast' | 'realtime';
  /** Starts over after the last file, until the signal aborts. Default false. */
  readonly loop?: boolean;
  /** Time of the first sample, UTC milliseconds. Default: now. */
  readonly startMs?: number;
  /** Reads wait for the disk: faster for many small files, for programs that do nothing else meanwhile. Default false. */
  readonly blockingReads?: boolean;
}

/**
 * WAV files as a source. A file that cannot be read is a `bad-file` trouble and is skipped; so is, after what is there
 * of it, a truncated one. Throws SourceError when a whole round gave no sound at all.
 */
export function wavFileSource(options: WavFileSourceOptions): Source {
  return { feed: options.feed, stream: (signal) => playFiles(options, signal) };
}

async function* playFiles(
  options: WavFileSourceOptions,
  signal: AbortSignal,
): AsyncGenerator<AudioObservation | Trouble> {
  const maker = new ObservationMaker({ ...options, targetRateHz: options.targetRateHz ?? null });
  const startMs = options.startMs ?? Date.now();
  const nowMs = (): number => maker.lastEndMs ?? startMs;
  const pacer = options.pace === 'realtime' ? new Pacer(startMs) : null;
  try {
    do {
      let heard = false;
      let lastTrouble = 'no files';
      for (const path of options.files) {
        if (signal.aborted) return;
        for await (const item of playFile(path, maker, { ...options, startMs: nowMs(), troubleMs: nowMs })) {
          if (item.kind === 'trouble') lastTrouble = item.message;
          else heard = true;
          if (pacer && item.kind === 'audio') await pacer.until(item.endMs, signal);
          if (signal.aborted) return;
          yield item;
        }
      }
      if (!heard)
        throw new SourceError(`feed ${options.feed}: no sound in ${options.files.length} files: ${lastTrouble}`);
    } while (options.loop);
  } finally {
    maker.close();
  }
}

export interface PlayOptions {
  readonly feed: string;
  readonly machine: string;
  readonly channel?: number;
  readonly blockSamples?: number;
  readonly pace?: 'asFast' | 'realtime';
  readonly blockingReads?: boolean;
  /** Time of the file's first sample, or, given the file's length in milliseconds, a function for it. */
  readonly startMs: number | ((durationMs: number) => number);
  /** Time of a trouble. Default: now. */
  readonly troubleMs?: () => number;
}

/** Observations of one file, and a `bad-file` trouble if it cannot be read, holds nothing or is truncated. Never throws SourceError. */
export async function* playFile(
  path: string,
  maker: ObservationMaker,
  options: PlayOptions,
): AsyncGenerator<AudioObservation | Trouble> {
  const trouble = (message: string): Trouble => {
    const { feed, machine } = options;
    const atMs = options.troubleMs?.() ?? Date.now();
    return { kind: 'trouble', feed, machine, code: 'bad-file', atMs, message, down: false };
  };
  const realTime = options.pace === 'realtime';
  let file: WavFile | null = null;
  try {
    file = await (options.blockingReads
      ? WavFile.openBlocking(path, 65_536)
      : WavFile.open(path, realTime ? 32_768 : undefined));
    const { sampleRateHz, frames, missingBytes } = file.header;
    const { startMs } = options;
    const durationMs = (frames * 1000) / sampleRateHz;
    const start = typeof startMs === 'number' ? startMs : startMs(durationMs);
    await maker.open({ origin: path, rateHz: sampleRateHz, startMs: start });
    const blockFrames = options.blockSamples
      ? maker.rawFrames(options.blockSamples)
      : Math.max(1, Math.round(realTime ? sampleRateHz / 10 : sampleRateHz));
    for await (const raw of file.blocks(options.channel ?? 0, blockFrames)) {
      const observation = maker.push(raw);
      if (observation) yield observation;
    }
    const rest = maker.finish();
    if (rest) yield rest;
    if (frames === 0) yield trouble(`${path}: holds no sound`);
    else if (missingBytes > 0)
      yield trouble(`${path}: truncated: ${missingBytes} bytes of sound are missing at its end`);
  } catch (error) {
    if (!(error instanceof AuscultError)) throw error;
    yield trouble(error.message);
  } finally {
    await file?.close();
  }
}

/** Holds observations back until they would have been recorded; a wall clock that is set does not disturb it. */
class Pacer {
  readonly #startMs: number;
  readonly #started = performance.now();

  constructor(startMs: number) {
    this.#startMs = startMs;
  }

  async until(timeMs: number, signal: AbortSignal): Promise<void> {
    const wait = timeMs - this.#startMs - (performance.now() - this.#started);
    if (wait > 0) await sleep(wait, undefined, { signal }).catch(() => {});
  }
}
