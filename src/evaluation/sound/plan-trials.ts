/** What is to be run: machines × methods × levels × seeds, each with everything that its result is a function of. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ConfigError } from '../../contracts.js';
import { rowWidth } from '../../features/spec-sizes.js';
import { codeDigest } from '../code-digest.js';
import type { ResultCache } from '../result-cache.js';
import { factsOf } from './clip-windows.js';
import type { KnownMachine } from './read-dataset.js';
import type { SoundTrialJob, SoundTrialResult } from './sound-job.js';
import type { SoundMethod } from './sound-methods.js';
import { planLearning } from './training-rows.js';

export interface TrialPlanOptions {
  readonly methods: readonly SoundMethod[];
  /** false: as recorded, true: level-matched. */
  readonly levels: readonly boolean[];
  /** Trials of each method, machine and level. */
  readonly seeds: number;
  readonly firstSeed?: number;
  /** Threads inside one operator: 1 by default, and figures are repeatable to the bit. */
  readonly threads?: number;
  /** Bytes of training rows of one trial, at most; 1 GiB by default. */
  readonly mostRowBytes?: number;
  readonly cache: ResultCache<SoundTrialResult>;
}

export interface SoundTrial {
  readonly id: string;
  /** Of the method. */
  readonly name: string;
  /** For people: machine and method. */
  readonly words: string;
  readonly job: SoundTrialJob;
  /** What it takes of memory, roughly. */
  readonly bytes: number;
}

/** 1 GiB: some 2,700 clips of ten seconds as stacks of frames. */
const MOST_ROW_BYTES = 2 ** 30;
const sound = (...names: string[]): string[] => names.map((name) => `evaluation/sound/${name}.js`);
/** Compiled code that pictures of clips come from, and that results come from besides. */
export const PICTURE_CODE = ['contracts.js', 'features', 'sources/audio', ...sound('read-clip', 'clip-reader')];
const RESULT_CODE = [
  ...PICTURE_CODE,
  ...['engine', 'scorers', 'commissioning/hold-out.js'],
  ...sound('sound-trial', 'training-rows', 'clip-windows', 'explain-clips'),
];

export const trialId = (machine: KnownMachine, { name }: SoundMethod, levelMatched: boolean, index: number): string =>
  JSON.stringify([machine.name, name, levelMatched, index]);

/** Machines outermost: what is finished is comparable. Machines that lack a kind of clip are left out. */
export function planTrials(machines: readonly KnownMachine[], options: TrialPlanOptions): SoundTrial[] {
  const code = codeDigest(RESULT_CODE);
  return machines.filter((machine) => lacking(machine) === null).flatMap((machine) => trialsOf(machine, code, options));
}

function trialsOf(machine: KnownMachine, code: string, options: TrialPlanOptions): SoundTrial[] {
  const { methods, levels, seeds, firstSeed = 0, threads = 1, mostRowBytes = MOST_ROW_BYTES, cache } = options;
  const clips = clipsOf(machine);
  const data = createHash('sha256')
    .update(JSON.stringify(contentsOf(clips)))
    .digest('hex');
  const explained = worthExplaining(methods);
  return methods.flatMap((method) =>
    levels.flatMap((levelMatched) =>
      Array.from({ length: seeds }, (_, index): SoundTrial => {
        const { spec, method: named, recipe, settings } = method;
        const referenceLevelDb = levelMatched ? trainLevelDb(machine, spec) : null;
        const seed = firstSeed + index;
        const how = { spec, referenceLevelDb, method: named, recipe, settings, seed, threads, mostRowBytes };
        const asked = { ...how, explain: index === 0 && explained.includes(method) };
        const key = JSON.stringify({ code, data, ...asked, files: fileDigests(settings) });
        const job = { ...clips, ...asked, checkpoint: cache.checkpoint(key) };
        const id = trialId(machine, method, levelMatched, index);
        return { id, name: method.name, words: `${machine.name}, ${method.name}`, job, bytes: bytesOf(job) };
      }),
    ),
  );
}

/** Our own; where none is asked for, all: explaining takes hundreds of scorings. */
function worthExplaining(methods: readonly SoundMethod[]): readonly SoundMethod[] {
  const own = methods.filter(({ group }) => group === 'dagmm');
  return own.length > 0 ? own : methods;
}

/** Shared by all trials of the machine. */
function clipsOf({ train, test }: KnownMachine): Pick<SoundTrialJob, 'train' | 'test'> {
  return {
    train: train.map(({ path, channel, digest, at }) => ({ path, channel, digest, at })),
    test: test.map(({ path, channel, digest, at, anomalous }) => ({ path, channel, digest, at, anomalous })),
  };
}

/** What the model hears, in order, and what is called anomalous; not where the files lie. */
const contentsOf = ({ train, test }: Pick<SoundTrialJob, 'train' | 'test'>) => [
  train.map(({ digest, channel }) => [digest, channel]),
  test.map(({ digest, channel, anomalous }) => [digest, channel, anomalous]),
];

/** Contents of the files that a setting names. @throws {ConfigError} when one cannot be read */
function fileDigests({ encoder }: SoundMethod['settings']): string[] {
  if (typeof encoder !== 'string' || encoder === '') return [];
  return encoder.split(',').map((path) => {
    try {
      return createHash('sha256').update(readFileSync(path)).digest('hex');
    } catch (cause) {
      throw new ConfigError(`encoder: ${path} cannot be read: ${(cause as Error).message}`, { cause });
    }
  });
}

/** Mean over the training clips of their RMS level, dBFS. */
export function trainLevelDb({ train }: KnownMachine, spec: SoundMethod['spec']): number {
  return train.reduce((sum, clip) => sum + factsOf(clip, spec).levelDb, 0) / train.length;
}

/** Copies of the rows that a fit may hold, and what a thread needs besides. */
const COPIES = 3;
const THREAD_BYTES = 400e6;

function bytesOf({ train, spec, mostRowBytes }: SoundTrialJob): number {
  return THREAD_BYTES + COPIES * Math.min(mostRowBytes, 4 * rowWidth(spec) * planLearning(train, spec).total);
}

/** Why a machine cannot be judged; null when it can. */
export function lacking({ train, test }: KnownMachine): string | null {
  const anomalies = test.filter(({ anomalous }) => anomalous).length;
  if (train.length === 0) return 'no training clip can be read';
  if (anomalies === 0) return 'no anomalous test clip can be read';
  return anomalies === test.length ? 'no normal test clip can be read' : null;
}
