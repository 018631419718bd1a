import { stat } from 'node:fs/promises';
import { type ImageObservation, type Source, SourceError, type Trouble, type TroubleCode } from '../../contracts.js';
import { watchFolder } from '../watched-folder.js';
import { decodeImage, type ImageSize } from './decode-image.js';
import { IMAGE_EXTENSIONS, imageFiles } from './image-files.js';

interface ImageFeed extends ImageSize {
  readonly feed: string;
  readonly machine: string;
}

export interface ImageFilesOptions extends ImageFeed {
  /** Pictures, and folders of pictures with the folders below them. */
  readonly files: readonly string[];
}

export interface ImageFolderOptions extends ImageFeed {
  readonly folder: string;
  /** Deliver the pictures that are there already. Default false. */
  readonly existing?: boolean;
  /** A file is complete when its size has not changed for this long. Default 500. */
  readonly stableMs?: number;
}

/** Pictures that are decoded ahead of the one that is asked for, so that both cores work. */
const AHEAD = 4;

/** Pictures of files, by name, once each; a picture's time is when its file was last changed. */
export class ImageFilesSource implements Source {
  readonly feed: string;

  constructor(private readonly options: ImageFilesOptions) {
    this.feed = options.feed;
  }

  /** A broken picture is a trouble, and the next one follows. @throws {SourceError} when there is no file */
  async *stream(signal: AbortSignal): AsyncGenerator<ImageObservation | Trouble> {
    const files = (await Promise.all(this.options.files.map(imageFiles))).flat();
    const pictures = new Pictures(this.options);
    const started: Promise<Decoded>[] = [];
    let next = 0;
    while (!signal.aborted) {
      while (started.length < AHEAD && next < files.length) started.push(pictures.decode(files[next++] as string));
      const decoded = await started.shift();
      if (decoded === undefined) return;
      yield pictures.deliver(decoded);
    }
  }
}

/** Pictures that appear in a folder, for ever; a picture's time is when it arrived. */
export class ImageFolderSource implements Source {
  readonly feed: string;

  constructor(private readonly options: ImageFolderOptions) {
    this.feed = options.feed;
  }

  async *stream(signal: AbortSignal): AsyncGenerator<ImageObservation | Trouble> {
    const { folder, existing, stableMs = 500 } = this.options;
    const pictures = new Pictures(this.options);
    for await (const item of watchFolder({ folder, extensions: IMAGE_EXTENSIONS, existing, stableMs }, signal)) {
      if (item.kind === 'gone') yield pictures.trouble('no-data', item.message, true);
      else yield pictures.deliver({ ...(await pictures.decode(item.path)), timeMs: Date.now() });
    }
  }
}

interface Decoded {
  readonly path: string;
  readonly timeMs: number;
  readonly pixels: Float32Array | SourceError;
}

/** Files → the observations and troubles of one feed. */
class Pictures {
  private sequence = 0;
  private lastMs = 0;

  constructor(private readonly options: ImageFeed) {}

  /** Never rejects: what went wrong is part of the result. */
  async decode(path: string): Promise<Decoded> {
    try {
      const [{ mtimeMs }, pixels] = await Promise.all([stat(path), decodeImage(path, this.options)]);
      return { path, timeMs: mtimeMs, pixels };
    } catch (error) {
      return { path, timeMs: Date.now(), pixels: error instanceof SourceError ? error : unreadable(path, error) };
    }
  }

  deliver({ path, timeMs, pixels }: Decoded): ImageObservation | Trouble {
    if (pixels instanceof SourceError) return this.trouble('bad-image', pixels.message, false);
    const { feed, machine, width, height, channels } = this.options;
    // Files read by name need not be in the order of their times; time does not go back.
    const startMs = Math.max(this.lastMs, Math.round(timeMs));
    this.lastMs = startMs;
    const place = { feed, machine, sequence: this.sequence++, startMs, endMs: startMs, origin: path, gap: false };
    return { kind: 'image', ...place, pixels, width, height, channels };
  }

  trouble(code: TroubleCode, message: string, down: boolean): Trouble {
    const { feed, machine } = this.options;
    return { kind: 'trouble', feed, machine, code, atMs: Date.now(), message, down };
  }
}

function unreadable(path: string, error: unknown): SourceError {
  return new SourceError(`${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
}
