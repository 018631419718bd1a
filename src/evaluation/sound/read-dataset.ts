/** Every clip of a data set looked at once, by all threads: what it is, how loud, how long; and its picture on disk. */
import { resolve } from 'node:path';
import type { MelSpec } from '../../contracts.js';
import type { AskedThread } from '../asked-thread.js';
import type { ClipIndex } from './clip-index.js';
import type { Clip, SoundDataset, SoundMachine, TestClip } from './dataset.js';
import type { KnownClip, ReadClip, SoundAnswer, SoundRequest } from './sound-job.js';

export type SoundThread = AskedThread<SoundRequest, SoundAnswer>;

/** A machine of which every clip can be judged. */
export interface KnownMachine extends SoundMachine {
  readonly train: readonly KnownClip[];
  readonly test: readonly (KnownClip & TestClip)[];
}

export interface ReadDataset {
  readonly machines: readonly KnownMachine[];
  /** Files that cannot be judged, with the reason, each once. */
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
  /** Test clips that are also among their machine's training clips. */
  readonly leaks: readonly { readonly machine: string; readonly test: string; readonly train: string }[];
  readonly clips: number;
  /** Clips whose pictures were on disk already. */
  readonly reused: number;
  /** Once the threads had started. */
  readonly readSeconds: number;
}

export interface ReadDatasetOptions {
  readonly mels: readonly MelSpec[];
  readonly index: ClipIndex;
  readonly threads: readonly SoundThread[];
  readonly signal: AbortSignal;
  readonly onProgress?: (share: number, note: string) => void;
}

/** Clips of one request. */
const BATCH = 32;

/**
 * Every clip once, whoever of the threads is free. What cannot be read is skipped, by name.
 * @throws the signal's reason
 */
export async function readDataset(dataset: SoundDataset, options: ReadDatasetOptions): Promise<ReadDataset> {
  const clips = distinct(dataset.machines.flatMap(({ train, test }) => [...train, ...test]));
  const found = new Map<string, ReadClip>();
  const waiting = [...clips];
  const lane = async (thread: SoundThread): Promise<void> => {
    for (let batch = waiting.splice(0, BATCH); batch.length > 0; batch = waiting.splice(0, BATCH)) {
      options.signal.throwIfAborted();
      for (const [key, clip] of await readBatch(batch, thread, options)) found.set(key, clip);
      options.onProgress?.(found.size / clips.length, `${found.size} of ${clips.length} clips`);
    }
  };
  await Promise.all(options.threads.map((thread) => readBatch([], thread, options)));
  const started = performance.now();
  const ends = await Promise.allSettled(options.threads.map(lane));
  const readSeconds = (performance.now() - started) / 1000;
  options.signal.throwIfAborted();
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  const machines = dataset.machines.map((machine) => knownMachine(machine, found));
  return {
    machines,
    skipped: clips.flatMap((clip) => {
      const reason = found.get(keyOf(clip))?.error;
      return reason ? [{ path: clip.path, reason }] : [];
    }),
    leaks: machines.flatMap(leaksOf),
    clips: clips.length,
    readSeconds,
    reused: [...found.values()].filter(({ reused }) => reused).length,
  };
}

const keyOf = ({ path, channel }: Clip): string => `${channel} ${path}`;

const distinct = (clips: readonly Clip[]): Clip[] => [
  ...new Map(clips.map(({ path, channel }) => [keyOf({ path, channel }), { path, channel }])).values(),
];

async function readBatch(
  batch: readonly Clip[],
  thread: SoundThread,
  { index, mels }: ReadDatasetOptions,
): Promise<[string, ReadClip][]> {
  const clips = batch.map((clip) => ({ ...clip, digest: index.digestOf(resolve(clip.path)) }));
  const answer = await thread.ask({ kind: 'read', job: { clips, mels } });
  const read = answer.kind === 'read' ? answer.clips : [];
  index.add(read.flatMap(({ known }) => (known ? [{ path: resolve(known.path), digest: known.digest }] : [])));
  return read.map((clip, i) => [keyOf(batch[i] as Clip), clip]);
}

function knownMachine(machine: SoundMachine, found: ReadonlyMap<string, ReadClip>): KnownMachine {
  const knownOf = <T extends Clip>(clip: T): (T & KnownClip)[] => {
    const known = found.get(keyOf(clip))?.known;
    return known ? [{ ...clip, ...known }] : [];
  };
  return { ...machine, train: machine.train.flatMap(knownOf), test: machine.test.flatMap(knownOf) };
}

function leaksOf({ name, train, test }: KnownMachine): ReadDataset['leaks'][number][] {
  const learnt = new Map(train.map(({ digest, path }) => [digest, path]));
  return test.flatMap(({ digest, path }) => {
    const twin = learnt.get(digest);
    return twin === undefined ? [] : [{ machine: name, test: path, train: twin }];
  });
}
