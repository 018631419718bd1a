/** The normal stretches of sound that a package keeps: `normals.json`, and a WAV file each in `normals/`. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type AudioFeatureSpec, type AudioObservation, ModelError, type Window } from '../contracts.js';
import { createAudioFeatures } from '../features/audio-features.js';
import { judgedBands } from '../features/changed-bands.js';
import { levelOffsetDb } from '../features/level.js';
import { measureSignal } from '../sources/audio/signal-stats.js';
import { wavHeaderBytes } from '../sources/wav-encode.js';
import { sha256 } from './package-files.js';

export const NORMALS_FILE = 'normals.json';
export const NORMALS_FOLDER = 'normals';

const clip = z.strictObject({
  file: z.string().regex(/^normals\/\d{2,4}\.wav$/),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  levelDb: z.number(),
  logMel: z.array(z.number()),
  origin: z.string(),
  startMs: z.number(),
});
const normals = z.strictObject({
  format: z.literal(1),
  sampleRateHz: z.number().positive(),
  clips: z.array(clip).min(1),
});

/** One stretch: its level, dBFS, and (bands) mean log-mel, dB, as recorded. */
export type NormalClip = Readonly<z.infer<typeof clip>>;
export type NormalsFile = Readonly<z.infer<typeof normals>>;

/** The normal sound that is most like a window. */
export interface NearestNormal {
  readonly clip: NormalClip;
  /** Mean over the bands of the distance of the mean levels, after the level policy, dB. */
  readonly distanceDb: number;
  /** The window of the clip that is most like it, as the scorer would see it; its mean log-mel after the level policy. */
  readonly window: Window;
  readonly bands: Float64Array;
}

export class NormalClips {
  readonly #opened = new Map<NormalClip, readonly Window[]>();

  private constructor(
    private readonly folder: string,
    private readonly spec: AudioFeatureSpec,
    readonly clips: readonly NormalClip[],
  ) {}

  /** Those of a package; null where it keeps none. @throws {ModelError} for a list that is none or of other features */
  static async open(folder: string, spec: AudioFeatureSpec): Promise<NormalClips | null> {
    const path = join(folder, NORMALS_FILE);
    const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') return null;
      throw new ModelError(`${path}: expected a list of normal clips, found none that can be read (${cause.code})`);
    });
    if (text === null) return null;
    const { clips } = parseNormals(text, path);
    const wrong = clips.find(({ logMel }) => logMel.length !== spec.mel.melBands);
    if (wrong)
      throw new ModelError(
        `${path}: expected ${spec.mel.melBands} bands of ${wrong.file}, found ${wrong.logMel.length}`,
      );
    return new NormalClips(folder, spec, clips);
  }

  /**
   * The clip that is most like a window; null for a window without a log-mel picture, and when the clip is not there any
   * more, as while another package takes the place of this one.
   */
  async nearest(window: Window): Promise<NearestNormal | null> {
    const bands = judgedBands(window, this.spec);
    const found = bands && nearestOf(this.clips, (candidate) => distance(bands, this.#judged(candidate)));
    if (!bands || !found) return null;
    const windows = await this.#windows(found.item).catch((): readonly Window[] => []);
    const normal = nearestOf(windows, (part) => distance(bands, judgedBands(part, this.spec)));
    if (!normal) return null;
    const normalBands = judgedBands(normal.item, this.spec) ?? bands;
    return { clip: found.item, distanceDb: found.distance, window: normal.item, bands: normalBands };
  }

  /** The WAV file of this digest. @throws {ModelError} when the package has none or another */
  async wav(digest: string): Promise<Uint8Array> {
    const known = this.clips.find((candidate) => candidate.sha256 === digest);
    if (!known) throw new ModelError(`normal clip ${digest}: expected one of the package, found none`);
    const path = join(this.folder, known.file);
    const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
      throw new ModelError(`${path}: expected a normal clip, found none that can be read (${cause.code})`);
    });
    const found = sha256(bytes);
    if (found !== digest) throw new ModelError(`${path}: expected SHA-256 ${digest}, found ${found}`);
    return bytes;
  }

  #judged({ logMel, levelDb }: NormalClip): number[] {
    const offset = levelOffsetDb(this.spec.level, levelDb);
    return logMel.map((dB) => dB + offset);
  }

  /** The last clip's windows are kept: events that go on are explained again. */
  async #windows(of: NormalClip): Promise<readonly Window[]> {
    const known = this.#opened.get(of);
    if (known) return known;
    const { sampleRateHz } = this.spec.mel;
    const samples = samplesOf(await this.wav(of.sha256));
    const features = await createAudioFeatures(this.spec, {});
    const windows = features.push(observationOf(samples, sampleRateHz, of)).map(({ samples: _, ...rest }) => rest);
    this.#opened.clear();
    this.#opened.set(of, windows);
    return windows;
  }
}

/** @throws {ModelError} naming what is not as expected */
function parseNormals(text: string, path: string): NormalsFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new ModelError(`${path}: expected JSON, found something else`);
  }
  const parsed = normals.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new ModelError(`${path}: ${issue?.path.join('.')}: ${issue?.message}`);
}

/** Mean over the bands of |a − b|: a fault that is loud in a few bands does not decide which normal is meant. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number> | null): number {
  if (b === null) return Number.POSITIVE_INFINITY;
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs((a[i] as number) - (b[i] as number));
  return sum / a.length;
}

function nearestOf<T>(items: readonly T[], distanceOf: (item: T) => number): { item: T; distance: number } | null {
  let best: { item: T; distance: number } | null = null;
  for (const item of items) {
    const found = distanceOf(item);
    if (best === null || found < best.distance) best = { item, distance: found };
  }
  return best;
}

/** Samples of a WAV file that `encodeWav` has written. */
function samplesOf(wav: Uint8Array): Float32Array {
  const bytes = new DataView(wav.buffer, wav.byteOffset + wavHeaderBytes, wav.byteLength - wavHeaderBytes);
  return Float32Array.from({ length: bytes.byteLength >> 1 }, (_, i) => bytes.getInt16(2 * i, true) / 32_768);
}

function observationOf(samples: Float32Array, sampleRateHz: number, { file, startMs }: NormalClip): AudioObservation {
  const endMs = startMs + (samples.length / sampleRateHz) * 1000;
  const origin = { feed: 'normal', machine: 'normal', sequence: 0, startMs, endMs, origin: file, gap: false };
  return { kind: 'audio', ...origin, samples, sampleRateHz, signal: measureSignal(samples) };
}
