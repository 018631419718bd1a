/** Clips as pictures and samples, from disk or made anew: what one thread reads with. */
import { type MelSpec, SourceError } from '../../contracts.js';
import { levelDb } from '../../features/level.js';
import { createLogMel } from '../../features/log-mel.js';
import { Scratch } from '../../features/scratch.js';
import type { ClipPicture, ClipStore } from './clip-store.js';
import type { Clip } from './dataset.js';
import { atRate, digestOfFile, FileBytes, type ReadSound, readSound, SampleBuffer } from './read-clip.js';
import type { KnownClip, ReadClip, ReadJob } from './sound-job.js';

export class ClipReader {
  readonly #files = new FileBytes();
  readonly #samples = new SampleBuffer();
  readonly #scratch = new Scratch();

  constructor(private readonly store: ClipStore) {}

  /** Looks at one clip: digest, level, length, and the pictures that are not on disk yet. A bad file is told, not thrown. */
  async look(clip: ReadJob['clips'][number], mels: readonly MelSpec[]): Promise<ReadClip> {
    try {
      const stored = clip.digest === null ? null : this.#stored(clip, clip.digest, mels);
      if (stored) return { known: stored, error: null, reused: true };
      const bytes = this.#files.read(clip.path);
      const digest = digestOfFile(clip.path, bytes);
      const again = this.#stored(clip, digest, mels);
      if (again) return { known: again, error: null, reused: true };
      return { known: await this.#make(clip, digest, bytes, mels), error: null, reused: false };
    } catch (error) {
      if (error instanceof SourceError) return { known: null, error: error.message, reused: false };
      throw error;
    }
  }

  /** Valid until the next picture. @throws {SourceError} when the file has changed or gone since it was looked at */
  async picture({ path, channel, digest }: KnownClip, mel: MelSpec): Promise<ClipPicture> {
    const stored = this.store.read(digest, channel, mel);
    if (stored) return stored;
    const bytes = this.#sameBytes(path, digest);
    const sound = await readSound(path, channel, bytes ?? undefined, this.#samples);
    const picture = await pictureOf(sound, mel, this.#scratch);
    this.store.write(digest, channel, mel, picture);
    return picture;
  }

  /** Samples at this rate, owned by the caller. @throws {SourceError} as above */
  async samples({ path, channel, digest }: KnownClip, rateHz: number): Promise<Float32Array> {
    const bytes = this.#sameBytes(path, digest);
    return atRate(await readSound(path, channel, bytes ?? undefined), rateHz);
  }

  #sameBytes(path: string, digest: string): Uint8Array | null {
    const bytes = this.#files.read(path);
    if (digestOfFile(path, bytes) === digest) return bytes;
    throw new SourceError(`${path}: was changed while the evaluation ran`);
  }

  #stored(clip: Clip, digest: string, mels: readonly MelSpec[]): KnownClip | null {
    const pictures = mels.map((mel) => this.store.read(digest, clip.channel, mel));
    const whole = pictures.filter((picture) => picture !== null);
    return whole.length < mels.length ? null : known(clip, digest, mels, whole);
  }

  async #make(clip: Clip, digest: string, bytes: Uint8Array | null, mels: readonly MelSpec[]): Promise<KnownClip> {
    const sound = await readSound(clip.path, clip.channel, bytes ?? undefined, this.#samples);
    const pictures: ClipPicture[] = [];
    for (const mel of mels) {
      const picture = await pictureOf(sound, mel, this.#scratch);
      this.store.write(digest, clip.channel, mel, picture);
      pictures.push(picture);
    }
    return known(clip, digest, mels, pictures);
  }
}

function known(
  { path, channel }: Clip,
  digest: string,
  mels: readonly MelSpec[],
  pictures: readonly ClipPicture[],
): KnownClip {
  const facts = pictures.map(({ samples, levelDb }, i) => [mels[i]?.sampleRateHz ?? 0, { samples, levelDb }] as const);
  return { path, channel, digest, at: Object.fromEntries(facts) };
}

/**
 * Every whole frame of the clip; the level is of what the frames cover, so that a clip of one level has no other in them.
 * @param scratch where it may lie until it lends again
 */
export async function pictureOf(sound: ReadSound, mel: MelSpec, scratch?: Scratch): Promise<ClipPicture> {
  const samples = await atRate(sound, mel.sampleRateHz);
  const { raw, frames } = await rawPicture(samples, mel, scratch);
  const covered = frames > 0 ? (frames - 1) * mel.hopSamples + mel.fftSize : samples.length;
  return { raw, frames, levelDb: levelDb(samples.subarray(0, covered)), samples: samples.length };
}

/** (frames, bands) dB without floor. @param scratch where it may lie until it lends again */
export async function rawPicture(
  samples: Float32Array,
  mel: MelSpec,
  scratch = new Scratch(),
): Promise<{ raw: Float32Array; frames: number }> {
  const logMel = await createLogMel(mel);
  const frames = logMel.framesIn(samples.length);
  const raw = scratch.lend(frames * mel.melBands);
  logMel.writeRaw(samples, 0, frames, raw, 0);
  return { raw, frames };
}
