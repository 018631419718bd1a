import type { AudioObservation, Source, Trouble } from '../../contracts.js';
import { watchFolder } from '../watched-folder.js';
import { ObservationMaker } from './observation-maker.js';
import { WAV_EXTENSIONS } from './wav-file.js';
import { playFile } from './wav-source.js';

export interface WatchedAudioFolderOptions {
  readonly feed: string;
  readonly machine: string;
  readonly folder: string;
  /** Whether WAV files that are there at the start are played. Default false. */
  readonly existing?: boolean;
  readonly channel?: number;
  readonly targetRateHz?: number;
  readonly blockSamples?: number;
  /** A file is complete when its size has not changed for this long. Default 2,000. */
  readonly stableMs?: number;
}

/**
 * Every new WAV file of a folder, once, as fast as possible. A file is taken to have ended when it was last written,
 * and starts with a gap. Files that cannot be read are `bad-file` troubles; a missing folder is `device-gone`, and is waited for.
 */
export function watchedAudioFolder(options: WatchedAudioFolderOptions): Source {
  return { feed: options.feed, stream: (signal) => playFolder(options, signal) };
}

async function* playFolder(
  options: WatchedAudioFolderOptions,
  signal: AbortSignal,
): AsyncGenerator<AudioObservation | Trouble> {
  const { feed, machine } = options;
  const maker = new ObservationMaker({ ...options, targetRateHz: options.targetRateHz ?? null });
  try {
    for await (const item of watchFolder({ ...options, extensions: WAV_EXTENSIONS }, signal)) {
      if (item.kind === 'gone') {
        const { message } = item;
        yield { kind: 'trouble', feed, machine, code: 'device-gone', atMs: Date.now(), message, down: true };
      } else {
        const startMs = (durationMs: number) => item.modifiedMs - durationMs;
        for await (const played of playFile(item.path, maker, { ...options, startMs })) {
          if (signal.aborted) return;
          yield played;
        }
      }
    }
  } finally {
    maker.close();
  }
}
