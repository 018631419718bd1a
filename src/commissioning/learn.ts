/** From what a feed hears now to a calibrated package: record normal running, look at it, train, say what it promises. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  ConfigError,
  LEARN_MINUTES,
  type LearnProgress,
  type LevelPolicy,
  type Manifest,
  type Modality,
  type Observation,
  type Source,
  SourceError,
} from '../contracts.js';
import { type Budget, describeBudget } from '../decision/threshold.js';
import type { SessionOptions } from '../engine/session.js';
import { checkPackagePlace } from '../scorers/package-places.js';
import { StorageError, storageError } from '../sources/storage-error.js';
import { type CommissionProgress, commission, partialOf } from './commission.js';
import { presetNamed, presetRequest } from './presets/index.js';
import { bytesOf, checkRoom, openRecording, type Recording, type RecordingOptions } from './recording.js';

/** What the feed says while it is recorded: what it hears, that its machine was switched, that no more will come. */
export type Heard = Observation | { readonly kind: 'machine'; readonly running: boolean } | { readonly kind: 'end' };
export type Listener = (heard: Heard) => void;

export interface LearnOptions {
  readonly feed: string;
  readonly machine: string;
  readonly modality: Modality;
  readonly minutes: number;
  /** True for devices, which deliver as time passes. */
  readonly live: boolean;
  /** Name of a preset of this modality. */
  readonly preset: string;
  readonly level: LevelPolicy['policy'];
  readonly picture: RecordingOptions['picture'];
  /** Folder of the package. */
  readonly out: string;
  /** What is recorded is kept in `<dataDir>/learned/<feed>/<time>`. */
  readonly dataDir: string;
  readonly engine: { readonly device: SessionOptions['device']; readonly threads: number };
  readonly budget: Budget;
  readonly signal: AbortSignal;
  /** Tells the listener everything from now on, until `stop` is called. */
  readonly listen: (listener: Listener) => void;
  readonly stop: () => void;
  readonly onProgress: (progress: LearnProgress) => void;
  readonly onNote: (line: string) => void;
}

export interface Learned {
  readonly manifest: Manifest;
  /** What can be promised, or how much more normal sound is needed for it. */
  readonly promise: string;
}

/** A live feed that delivers has covered the time wanted after twice that time, and this. */
const PATIENCE_MS = 60_000;
const TELL_EVERY_MS = 1_000;

/**
 * What can be known before a recording of minutes.
 * @throws {ConfigError} for minutes or a preset that make no sense
 * @throws {StorageError} where the package cannot be written or the recording has no room
 */
export function checkLearning(
  options: Pick<LearnOptions, 'minutes' | 'preset' | 'modality' | 'out' | 'dataDir'>,
): void {
  const { minutes, preset, modality, out, dataDir } = options;
  const { least, most } = LEARN_MINUTES;
  if (!(minutes >= least && minutes <= most))
    throw new ConfigError(`minutes: expected ${least} to ${most}, found ${minutes}`);
  checkPreset(preset, modality);
  checkPackagePlace(out);
  checkRoom(dataDir, bytesOf(modality, minutes));
}

/** @throws {ConfigError} for a preset that is not known or sees something else than the feed gives */
export function checkPreset(preset: string, modality: Modality): void {
  const sees = presetNamed(preset).modality;
  if (sees !== modality)
    throw new ConfigError(`preset: ${preset} is for ${sees}, expected one for the feed's ${modality}`);
}

/**
 * Records, checks, trains and writes the package; the one before it is kept.
 * @throws {SourceError} when what was heard is not fit to learn from, saying what was expected and found
 * @throws {ModelError} when nothing can be learnt from it   @throws {StorageError} when the disk refuses
 * @throws the signal's reason
 */
export async function learn(options: LearnOptions): Promise<Learned> {
  checkLearning(options);
  const folder = join(options.dataDir, 'learned', options.feed, new Date().toISOString().replaceAll(':', '-'));
  try {
    return await learnIn(folder, options);
  } catch (error) {
    const known = storageError(`recording ${folder}`, error);
    // A full disk would stay full; a training goes on only with the same recording.
    if (known instanceof StorageError && known.failure === 'full')
      for (const left of [folder, partialOf(options.out)]) rmSync(left, { recursive: true, force: true });
    throw known;
  }
}

async function learnIn(folder: string, options: LearnOptions): Promise<Learned> {
  const { preset, level, engine, out, signal } = options;
  mkdirSync(folder, { recursive: true });
  const source = await record(options, folder);
  options.onNote(`recorded ${options.minutes} min of normal running in ${folder}`);
  const manifest = await commission({
    open: () => source,
    ...presetRequest(preset, { level }),
    ...engine,
    out,
    signal,
    onProgress: trainingTeller(options),
    onNote: options.onNote,
  });
  return { manifest, promise: describeBudget(manifest.calibration, options.budget) };
}

// ---------------------------------------------------------------- recording

async function record(options: LearnOptions, folder: string): Promise<Source> {
  const wantedMs = options.minutes * 60_000;
  const recording = await openRecording({ ...options, folder, wantedMs });
  try {
    await heardEnough(options, recording, wantedMs);
  } catch (error) {
    recording.abandon();
    throw error;
  } finally {
    options.stop();
  }
  return recording.finish();
}

function heardEnough(options: LearnOptions, recording: Recording, wantedMs: number): Promise<void> {
  const { signal, feed, live, minutes } = options;
  return new Promise<void>((resolve, reject) => {
    let toldMs = 0;
    const end = (error?: unknown) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      if (error) reject(error);
      else resolve();
    };
    const abort = () => end(signal.reason);
    const tooLittle = (why: string) => {
      const found = (recording.coveredMs / 60_000).toFixed(1);
      end(new SourceError(`${feed}: expected ${minutes} min of normal running, found ${found} min ${why}`));
    };
    const late = () => tooLittle('in twice that time');
    const timer = live ? setTimeout(late, 2 * wantedMs + PATIENCE_MS) : undefined;
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    options.listen((heard) => {
      try {
        if (heard.kind === 'end') return tooLittle('before the source ended');
        if (heard.kind === 'machine') {
          if (!heard.running)
            throw new SourceError(`${feed}: expected the machine to run throughout, it was switched off`);
          return;
        }
        recording.add(heard);
        checkRoom(options.dataDir);
      } catch (error) {
        return end(error);
      }
      const { coveredMs } = recording;
      if (coveredMs >= wantedMs) return end();
      if (Date.now() - toldMs < TELL_EVERY_MS) return;
      toldMs = Date.now();
      const left = Math.max(1, Math.ceil((wantedMs - coveredMs) / 60_000));
      tell(options, 'recording', coveredMs / wantedMs, `recording normal running, ${left} min left`);
    });
  });
}

// ---------------------------------------------------------------- training

function trainingTeller(options: LearnOptions): (progress: CommissionProgress) => void {
  let toldMs = 0;
  return (progress) => {
    if (Date.now() - toldMs < TELL_EVERY_MS) return;
    toldMs = Date.now();
    tell(options, 'training', shareDone(progress), progress.stage === 'scoring' ? 'calibrating' : 'training');
  };
}

/** Of the whole of `commission`: reading 0–10 %, training 10–95 %, the rest after it. */
export function shareDone({ stage, done, total }: CommissionProgress): number {
  const share = total > 0 ? done / total : 0;
  switch (stage) {
    case 'reading':
      return 0.05;
    case 'pretrain':
      return 0.1 + 0.4 * share;
    case 'joint':
      return 0.5 + 0.4 * share;
    case 'mixture':
      return 0.9 + 0.05 * share;
    case 'scoring':
      return 0.95 + 0.05 * share;
  }
}

function tell(
  { feed, machine, onProgress }: LearnOptions,
  stage: LearnProgress['stage'],
  share: number,
  message: string,
): void {
  onProgress({ feed, machine, stage, share, atMs: Date.now(), message });
}
