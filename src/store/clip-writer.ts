import { freeBytes, hasRoom } from '../sources/free-space.js';
import { guarded, StorageError } from '../sources/storage-error.js';
import type { ClipFolder } from './clip-folder.js';
import type { EventTable } from './event-table.js';
import type { Pressure } from './pressure.js';
import type { NewClip } from './types.js';

export interface ClipWriterParts {
  readonly clipDir: string;
  readonly folder: ClipFolder;
  readonly events: EventTable;
  readonly pressure: Pressure;
  readonly quotaBytes: number;
  /** Free disk that must be left beside a new clip. */
  readonly floorBytes: number;
}

/** Writes clips one after the other, so that two of them cannot take the same room; the first thing given up on a full disk. */
export class ClipWriter {
  /** Clips that found no room. */
  dropped = 0;
  readonly #parts: ClipWriterParts;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(parts: ClipWriterParts) {
    this.#parts = parts;
  }

  /** The digest, or null when there is no room. */
  save(clip: NewClip): Promise<string | null> {
    const saved = this.#queue.then(() => this.#save(clip));
    this.#queue = saved.catch(() => undefined);
    return saved;
  }

  /** Resolves when everything asked for is written or given up. */
  async settled(): Promise<void> {
    await this.#queue;
  }

  async #save(clip: NewClip): Promise<string | null> {
    const { pressure } = this.#parts;
    try {
      const sha256 = await this.#write(clip);
      pressure.end('no-clips');
      return sha256;
    } catch (error) {
      if (!(error instanceof StorageError && error.passing)) throw error;
      this.dropped += 1;
      pressure.begin('no-clips', error.message);
      return null;
    }
  }

  async #write(clip: NewClip): Promise<string> {
    const { folder, events, clipDir } = this.#parts;
    this.#makeRoom(clip.data.byteLength);
    const sha256 = await folder.write(clip);
    const { eventId } = clip;
    if (eventId !== null) guarded(`clip folder ${clipDir}`, () => events.attachClip(eventId, sha256));
    return sha256;
  }

  #makeRoom(bytes: number): void {
    const { clipDir, folder, quotaBytes, floorBytes } = this.#parts;
    const thing = `clip folder ${clipDir}`;
    if (!guarded(thing, () => folder.makeRoom(bytes, quotaBytes))) {
      throw new StorageError(
        `${thing}: expected room for ${bytes} bytes within ${quotaBytes}, clips of open events fill it`,
        'full',
      );
    }
    if (!hasRoom(clipDir, bytes, floorBytes)) {
      const free = freeBytes(clipDir);
      throw new StorageError(
        `${thing}: expected ${floorBytes} bytes of free disk beside a clip of ${bytes}, ${free} are free`,
        'full',
      );
    }
  }

  /** Called now and then: there may be room again. */
  lookForRoom(): void {
    const { clipDir, floorBytes, pressure } = this.#parts;
    if (pressure.has('no-clips') && hasRoom(clipDir, 0, floorBytes)) pressure.end('no-clips');
  }
}
