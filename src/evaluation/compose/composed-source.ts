/** Recordings → hours of labelled sound, made block by block while it is heard. */
import type { AudioObservation, Source } from '../../contracts.js';
import { openRandom, type Random } from '../../scorers/random.js';
import { ObservationMaker } from '../../sources/audio/observation-maker.js';
import type { ClipPool, PooledClip } from './clip-pool.js';
import { BlockReader, join, type Placed, type Sound } from './join.js';
import { type Piece, planBackground, planMachine } from './plan.js';

export interface Composition {
  readonly normals: ClipPool;
  /** null: none, for a stream to learn from. */
  readonly faults: ClipPool | null;
  readonly background: ClipPool | null;
  /** RMS of all normals together over that of every background sound, dB. */
  readonly snrDb: number;
  /** Share of time with background, 0…1: 1 is without pause, less is in episodes of one sound each. */
  readonly backgroundShare: number;
  /** `match`: every recording of the machine is scaled to the RMS of all normals together, faults too. */
  readonly level: 'keep' | 'match';
  readonly hours: number;
  readonly faultSeconds: number;
  readonly everySeconds: number;
  readonly seed: number;
  readonly sampleRateHz: number;
}

/** What was put where, in samples of the stream. */
export type Label = Pick<Placed, 'label' | 'start' | 'end'> & { readonly path: string };

export interface ComposedOptions {
  readonly feed: string;
  readonly machine: string;
  /** Time of the first sample, UTC milliseconds. Default 0. */
  readonly startMs?: number;
  /** Told of every piece before it is heard. */
  readonly onLabel?: (label: Label) => void;
  /** Every block as it is heard; not to be kept or written to. */
  readonly onBlock?: (samples: Float32Array) => void;
}

/** Cross-fade of two neighbours: long enough not to click, shorter than a frame of most features. */
const FADE_SECONDS = 0.05;

/** Samples by which neighbours overlap. */
export const fadeSamples = (sampleRateHz: number): number => Math.round(FADE_SECONDS * sampleRateHz);

/**
 * A composition as a source: one observation a second, 16-bit samples as a sound card would give them (so that the
 * stream, written as WAV and replayed, is the same to the bit). The same composition gives the same samples.
 */
export function composedSource(composition: Composition, options: ComposedOptions): Source {
  return { feed: options.feed, stream: (signal) => compose(composition, options, signal) };
}

async function* compose(
  composition: Composition,
  options: ComposedOptions,
  signal: AbortSignal,
): AsyncGenerator<AudioObservation> {
  const { sampleRateHz, hours } = composition;
  const maker = new ObservationMaker({ ...options, targetRateHz: sampleRateHz });
  const machine = new BlockReader(machineSound(composition, options.onLabel));
  const background = new BlockReader(backgroundSound(composition, options.onLabel));
  const total = Math.round(hours * 3600 * sampleRateHz);
  try {
    await maker.open({ origin: 'composed stream', rateHz: sampleRateHz, startMs: options.startMs ?? 0 });
    for (let at = 0; at < total && !signal.aborted; at += sampleRateHz) {
      const count = Math.min(sampleRateHz, total - at);
      const block = mix(await machine.read(count), await background.read(count));
      options.onBlock?.(block);
      const observation = maker.push(block);
      if (observation) yield observation;
    }
  } finally {
    maker.close();
  }
}

function machineSound(composition: Composition, onLabel?: (label: Label) => void): AsyncGenerator<Float32Array> {
  const { normals, faults, sampleRateHz, level } = composition;
  const fade = fadeSamples(sampleRateHz);
  const open = async ({ clip, label }: Piece): Promise<Sound> => {
    const pool = label === 'fault' && faults ? faults : normals;
    return { samples: await pool.samples(clip), gain: level === 'match' ? normals.rms / clip.rms : 1 };
  };
  const pieces = planMachine(normals.clips, faults?.clips ?? [], { ...composition, fade });
  return join(pieces, open, fade, (placed) => onLabel?.(labelOf(placed)));
}

/** Every sound at the same level; pauses are zeros. */
async function* backgroundSound(
  { background, normals, snrDb, backgroundShare, seed, sampleRateHz }: Composition,
  onLabel?: (label: Label) => void,
): AsyncGenerator<Float32Array> {
  if (!background || backgroundShare <= 0) return;
  const rms = normals.rms * 10 ** (-snrDb / 20);
  const fade = fadeSamples(sampleRateHz);
  const open = async ({ clip, to }: Piece): Promise<Sound> =>
    clip === pause
      ? { samples: new Float32Array(to), gain: 0 }
      : { samples: await background.samples(clip), gain: rms / clip.rms };
  const random = openRandom(seed, 'pauses');
  const pieces = withPauses(planBackground(background.clips, seed), backgroundShare, random, 2 * fade);
  yield* join(pieces, open, fade, (placed) => placed.clip !== pause && onLabel?.(labelOf(placed)));
}

const pause: PooledClip = { path: '', length: 0, rms: 1, digest: '' };

/** After each piece a pause of ½ to 1½ times what leaves `share` of the time to the pieces. */
function* withPauses(pieces: Iterable<Piece>, share: number, random: Random, shortest: number): Generator<Piece> {
  for (const piece of pieces) {
    yield piece;
    const length = (piece.to - piece.from) * (1 / share - 1) * (0.5 + random.uniform());
    if (share < 1) yield { ...piece, clip: pause, from: 0, to: Math.max(shortest, Math.round(length)) };
  }
}

function labelOf({ label, start, end, clip }: Placed): Label {
  return { label, start, end, path: clip.path };
}

/** Sum, as 16-bit samples. */
function mix(machine: Float32Array, background: Float32Array): Float32Array {
  for (let i = 0; i < machine.length; i++) {
    const x = Math.round(((machine[i] as number) + (background[i] as number)) * 32_768);
    machine[i] = Math.max(-32_768, Math.min(32_767, x)) / 32_768;
  }
  return machine;
}
